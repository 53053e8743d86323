"""Golden values of one whole PPO step, from rewards to the gradients of policy and critic, in float64: written from the papers'
formulas (PPO, arXiv 1707.06347; GAE, arXiv 1506.02438; InstructGPT, arXiv 2203.02155), answer by answer and token by token, and
differentiated by PyTorch.

With s_t the text before token t of an answer of n tokens:

- r_t = -KL (log pi_old - log pi_ref) + (the answer's reward if t = n - 1); every pi is softmax(logits / TEMPERATURE)
- V_t = the critic's score of s_t, so at the token before t; of what follows the last token it is 0
- A_t = sum over l of (GAMMA LAMBDA)^l delta_(t+l), delta_t = r_t + GAMMA V_(t+1) - V_t; R_t = A_t + V_t, with A not whitened
- policy: -min(rho A', clip(rho, 1 - CLIP, 1 + CLIP) A') with rho = pi / pi_old and A' = (A - mean) / std (n - 1) over all tokens of the
  step; every token of the step counts the same, and an update's share of the answers is scaled up to a whole
- critic: max((V - R)^2, (clip(V, V_old - VALUE_CLIP, V_old + VALUE_CLIP) - R)^2) / 2, mean over the update's tokens

The step has two passes over two updates of two groups each. At each update policy and critic have other parameters, drawn here in
place of an optimiser's: at the first they are those that the answers were drawn and valued with. Old log-probabilities, values and
the reference stay those of the beginning. No ratio or value is so near an end that float32 could take the other side.

Writes fixtures/ppo-update.json { config, settings, groups: [[{ tokens, from, reward, old, advantage }]], updates: [{ policy, critic }],
kl, explained } (`advantage` is the mean of A; the updates' numbers are losses) and fixtures/ppo-update.safetensors with the parameters
`policy.U.NAME`, `critic.U.NAME` (U an update) and `reference.NAME`, and gradients with `grad.` in front.

    python test/golden/ppo_update.py
"""
import json
import math

import torch
from safetensors.torch import save_file

from model import BASE, FIXTURES, draw, forward

CONFIG = {**BASE, "vocabSize": 18, "hiddenSize": 8, "layers": 1, "heads": 2, "kvHeads": 1, "headDim": 4, "intermediateSize": 12}
KL, GAMMA, LAMBDA, CLIP, VALUE_CLIP, TEMPERATURE = 0.15, 0.99, 0.9, 0.2, 0.2, 1.25
GROUPS = [(3, [(1.0, 1), (0.0, 6)]), (2, [(-0.4, 9), (1.1, 3)]), (4, [(0.1, 4), (1.0, 2)]), (2, [(0.0, 7), (1.1, 5)])]
PARTS = [(0, 1), (2, 3)]
PASSES = 2


def logprobs(params, answer):
    logits = forward(CONFIG, params, answer["tokens"]) / TEMPERATURE
    out = []
    for t in range(answer["from"], len(answer["tokens"])):
        row = logits[t - 1]
        out.append(row[answer["tokens"][t]] - torch.logsumexp(row, 0))
    return torch.stack(out)


def values(params, answer):
    """The head stands in the output matrix's place."""
    body = {**params, "lm_head.weight": params["score.weight"]}
    scores = forward({**CONFIG, "tieEmbeddings": False}, body, answer["tokens"])
    return torch.stack([scores[t - 1, 0] for t in range(answer["from"], len(answer["tokens"]))])


def advantages_of(answer):
    n = len(answer["old"])
    reward = [-KL * (answer["old"][t] - answer["reference"][t]) + (answer["reward"] if t == n - 1 else 0.0) for t in range(n)]
    value = [*answer["values"], 0.0]
    delta = [reward[t] + GAMMA * value[t + 1] - value[t] for t in range(n)]
    return [sum((GAMMA * LAMBDA) ** (u - t) * delta[u] for u in range(t, n)) for t in range(n)]


def mean(xs):
    return sum(xs) / len(xs)


def variance(xs, less=0):
    return sum((x - mean(xs)) ** 2 for x in xs) / (len(xs) - less)


def policy_loss(params, part, step):
    total = 0.0
    for answer in part:
        for t, logp in enumerate(logprobs(params, answer)):
            ratio, advantage = torch.exp(logp - answer["old"][t]), answer["whitened"][t]
            total = total - torch.minimum(ratio * advantage, torch.clamp(ratio, 1 - CLIP, 1 + CLIP) * advantage)
    return total / sum(len(a["old"]) for a in step) * len(step) / len(part)


def value_loss(params, part):
    total = 0.0
    for answer in part:
        for t, value in enumerate(values(params, answer)):
            old, wanted = answer["values"][t], answer["returns"][t]
            near = torch.clamp(value, old - VALUE_CLIP, old + VALUE_CLIP)
            total = total + torch.maximum((value - wanted) ** 2, (near - wanted) ** 2) / 2
    return total / sum(len(a["old"]) for a in part)


def moved(params, size, generator):
    """Other parameters, nearby, exact in float32."""
    noise = lambda x: torch.randn(x.shape, generator=generator, dtype=torch.float64) * size
    return {name: (x.detach() + noise(x)).float().double().requires_grad_() for name, x in params.items()}


def sides(policies, critics, parts):
    """Which cases of both clips the updates see after the first; None where one is too near to an end."""
    ratios, squares = set(), set()
    for policy, critic, part in list(zip(policies, critics, parts))[1:]:
        for answer in part:
            for t, (p, v) in enumerate(zip(logprobs(policy, answer).tolist(), values(critic, answer).tolist())):
                ratio, advantage = math.exp(p - answer["old"][t]), answer["whitened"][t]
                old, wanted = answer["values"][t], answer["returns"][t]
                near = min(max(v, old - VALUE_CLIP), old + VALUE_CLIP)
                if min(abs(ratio - 1 + CLIP), abs(ratio - 1 - CLIP), abs(abs(v - old) - VALUE_CLIP), abs(advantage)) < 1e-3:
                    return None
                if near != v and abs((near - wanted) ** 2 - (v - wanted) ** 2) < 1e-3:
                    return None
                ratios.add((advantage > 0, (ratio > 1 - CLIP) + (ratio > 1 + CLIP)))
                squares.add(near != v and (near > v, (near - wanted) ** 2 > (v - wanted) ** 2))
    return len(ratios), len(squares)


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(29)
    policy, reference, critic = (draw(CONFIG, generator) for _ in range(3))
    critic["score.weight"] = (torch.randn((1, CONFIG["hiddenSize"]), generator=generator) * 0.3).float().double().requires_grad_()
    ids = lambda n: torch.randint(CONFIG["vocabSize"], (n,), generator=generator).tolist()
    groups = []
    for prompt, answers in GROUPS:
        start = ids(prompt)
        groups.append([{"tokens": start + ids(length), "from": prompt, "reward": reward} for reward, length in answers])
    step = [answer for group in groups for answer in group]
    for answer in step:
        answer["old"] = logprobs(policy, answer).detach().float().tolist()
        answer["reference"] = logprobs(reference, answer).tolist()
        answer["values"] = values(critic, answer).tolist()
        answer["advantages"] = advantages_of(answer)
        answer["returns"] = [a + v for a, v in zip(answer["advantages"], answer["values"])]
    every = [a for answer in step for a in answer["advantages"]]
    for answer in step:
        answer["whitened"] = [(a - mean(every)) / math.sqrt(variance(every, 1)) for a in answer["advantages"]]

    parts = [[answer for g in part for answer in groups[g]] for part in PARTS] * PASSES
    while True:
        policies = [policy, *(moved(policy, 0.05, generator) for _ in parts[1:])]
        critics = [critic, *(moved(critic, 0.08, generator) for _ in parts[1:])]
        # Six of ratios; of values unmoved, and below or above with the clipped or the other square the greater.
        if sides(policies, critics, parts) == (6, 5):
            break
    updates, tensors = [], {f"reference.{name}": x.detach() for name, x in reference.items()}
    for u, part in enumerate(parts):
        losses = {"policy": policy_loss(policies[u], part, step), "critic": value_loss(critics[u], part)}
        for kind, params in [("policy", policies[u]), ("critic", critics[u])]:
            for name, grad in zip(params, torch.autograd.grad(losses[kind], list(params.values()))):
                tensors |= {f"{kind}.{u}.{name}": params[name].detach(), f"grad.{kind}.{u}.{name}": grad}
        updates.append({kind: loss.item() for kind, loss in losses.items()})

    returns = [r for answer in step for r in answer["returns"]]
    explained = 1 - variance(every) / variance(returns)
    kl = mean([o - r for answer in step for o, r in zip(answer["old"], answer["reference"])])
    settings = {"temperature": TEMPERATURE, "iterations": PASSES, "miniBatches": len(PARTS), "clipLow": CLIP, "clipHigh": CLIP, "normalisation": "dapo"}
    settings["ppo"] = {"gamma": GAMMA, "lambda": LAMBDA, "valueClip": VALUE_CLIP, "klReward": KL, "whiten": True}
    kept = [[{key: a[key] for key in ["tokens", "from", "reward", "old"]} | {"advantage": mean(a["advantages"])} for a in group] for group in groups]
    golden = dict(config=CONFIG, settings=settings, groups=kept, updates=updates, kl=kl, explained=explained)
    (FIXTURES / "ppo-update.json").write_text(json.dumps(golden) + "\n")
    save_file({name: value.float().contiguous() for name, value in tensors.items()}, FIXTURES / "ppo-update.safetensors")
    (FIXTURES / "ppo-update.safetensors").chmod(0o644)
