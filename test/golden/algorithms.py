"""Golden values of the algorithms of the GRPO family, from rewards to gradients: each written from its paper's formula, answer
by answer and token by token, in float64, and differentiated by PyTorch.

Three groups of three answers make a step; the loss is that of its first update, which holds the first two groups. The last
answer of the second group was cut at the length limit. Old log-probabilities lie on both sides of both ends of each clip
that is there, none so near an end that float32 could take the other side.

Writes fixtures/algorithms.json { config, maxLength, groups: [[{ tokens, from, reward, cut, reference }]], cases: [{ name,
algorithm, settings, old, loss, advantages }] } and fixtures/algorithms.safetensors with the parameters and `CASE.NAME` gradients.

    python test/golden/algorithms.py
"""
import json
import math

import torch
from safetensors.torch import save_file

from model import BASE, FIXTURES, draw, forward

CONFIG = {**BASE, "vocabSize": 18, "hiddenSize": 8, "layers": 1, "heads": 2, "kvHeads": 1, "headDim": 4, "intermediateSize": 12}
MAX_LENGTH = 9
UPDATE = 2  # groups
EPS = 1e-4


def logprobs(params, answer):
    start, tokens = answer["from"], answer["tokens"]
    table = torch.log_softmax(forward(CONFIG, params, tokens)[start - 1 : -1], -1)
    return torch.stack([table[i, token] for i, token in enumerate(tokens[start:])])


def group_advantages(groups):
    """(r - mean) / (std + 1e-4), Bessel's correction."""
    out = []
    for group in groups:
        r = torch.tensor([a["reward"] for a in group], dtype=torch.float64)
        out.append(((r - r.mean()) / (r.std(correction=1) + EPS)).tolist())
    return out


def centred(groups):
    out = []
    for group in groups:
        r = torch.tensor([a["reward"] for a in group], dtype=torch.float64)
        out.append((r - r.mean()).tolist())
    return out


def clipped(ratio, advantage, low, high):
    return torch.minimum(ratio * advantage, torch.clamp(ratio, 1 - low, 1 + high) * advantage)


def k3(reference, logp):
    d = reference - logp
    return d.exp() - d - 1


def grpo(groups, logp, old, ref, divergence=k3, advantages=group_advantages, low=0.2, high=0.2, beta=0.04):
    A = advantages(groups)
    total, answers = 0.0, 0
    for g in range(UPDATE):
        for i in range(len(groups[g])):
            value = clipped((logp[g][i] - old[g][i]).exp(), A[g][i], low, high) - beta * divergence(ref[g][i], logp[g][i])
            total = total - value.mean()
            answers += 1
    return total / answers, A


def batch_scaled(groups):
    """Group mean, deviation of all rewards of the step."""
    r = torch.tensor([a["reward"] for group in groups for a in group], dtype=torch.float64)
    return [[x / (r.std(correction=1).item() + EPS) for x in row] for row in centred(groups)]


def token_mean(groups, logp, old, A, low, high, tokens, keep=lambda answer: True):
    total = 0.0
    for g in range(UPDATE):
        for i, answer in enumerate(groups[g]):
            if keep(answer):
                total = total - clipped((logp[g][i] - old[g][i]).exp(), A[g][i], low, high).sum()
    return total / tokens


def tokens_of(groups, keep=lambda answer: True):
    return sum(len(a["tokens"]) - a["from"] for group in groups for a in group if keep(a))


def dapo(groups, logp, old, ref):
    """Every token of the step counts the same; an update is its share of the step, so it is scaled up to a whole."""
    A = group_advantages(groups)
    return token_mean(groups, logp, old, A, 0.2, 0.28, tokens_of(groups) * UPDATE / len(groups)), A


def dapo_masked(groups, logp, old, ref):
    A, keep = group_advantages(groups), lambda answer: not answer["cut"]
    return token_mean(groups, logp, old, A, 0.2, 0.28, tokens_of(groups, keep) * UPDATE / len(groups), keep), A


def dr_grpo(groups, logp, old, ref):
    A = centred(groups)
    return token_mean(groups, logp, old, A, 0.2, 0.2, MAX_LENGTH * sum(map(len, groups[:UPDATE]))), A


def bnpo(groups, logp, old, ref):
    A = group_advantages(groups)
    return token_mean(groups, logp, old, A, 0.2, 0.2, tokens_of(groups[:UPDATE])), A


def gspo(groups, logp, old, ref, low=3e-4, high=4e-4):
    A = group_advantages(groups)
    total, answers = 0.0, 0
    for g in range(UPDATE):
        for i in range(len(groups[g])):
            s = torch.exp((logp[g][i].sum() - old[g][i].sum()) / len(logp[g][i]))
            total = total - clipped(s, A[g][i], low, high)
            answers += 1
    return total / answers, A


def cispo(groups, logp, old, ref):
    A = group_advantages(groups)
    total = 0.0
    for g in range(UPDATE):
        for i in range(len(groups[g])):
            weight = torch.clamp((logp[g][i] - old[g][i]).exp(), max=5.0).detach()
            total = total - (weight * A[g][i] * logp[g][i]).sum()
    return total / (tokens_of(groups) * UPDATE / len(groups)), A


def rloo(groups, logp, old, ref):
    A = []
    for g, group in enumerate(groups):
        r = [a["reward"] - 0.03 * (old[g][i] - ref[g][i]).sum().item() for i, a in enumerate(group)]
        A.append([x - sum(y for j, y in enumerate(r) if j != i) / (len(r) - 1) for i, x in enumerate(r)])
    total, answers = 0.0, 0
    for g in range(UPDATE):
        for i in range(len(groups[g])):
            total = total - A[g][i] * logp[g][i].sum()
            answers += 1
    return total / (answers * MAX_LENGTH), A


def reinforce_plus_plus(groups, logp, old, ref):
    returns = []
    for g, group in enumerate(groups):
        returns.append([])
        for i, a in enumerate(group):
            kl = old[g][i] - ref[g][i]
            returns[g].append(torch.stack([a["reward"] - 0.01 * kl[t:].sum() for t in range(len(kl))]))
    every = torch.cat([x for row in returns for x in row])
    std = ((every - every.mean()) ** 2).mean().sqrt()
    A = [[(x - every.mean()) / std for x in row] for row in returns]
    total = 0.0
    for g in range(UPDATE):
        for i in range(len(groups[g])):
            total = total - clipped((logp[g][i] - old[g][i]).exp(), A[g][i], 0.2, 0.2).sum()
    return total / (tokens_of(groups) * UPDATE / len(groups)), [[x.tolist() for x in row] for row in A]


TOKEN_ENDS = [0.8, 1.2, 1.28]
CASES = {
    "grpo": ("grpo", {}, grpo),
    "grpo, k1": ("grpo", dict(klEstimator="k1"), lambda *x: grpo(*x, divergence=lambda ref, logp: logp - ref)),
    "grpo, k2": ("grpo", dict(klEstimator="k2"), lambda *x: grpo(*x, divergence=lambda ref, logp: (ref - logp) ** 2 / 2)),
    "grpo, scale of the batch": ("grpo", dict(rewardScale="batch"), lambda *x: grpo(*x, advantages=batch_scaled)),
    "dapo": ("dapo", {}, dapo),
    "dapo, truncated answers masked": ("dapo", dict(maskTruncated=True), dapo_masked),
    "dr_grpo": ("dr_grpo", {}, dr_grpo),
    "bnpo": ("bnpo", {}, bnpo),
    "gspo": ("gspo", {}, gspo),
    "gspo, wide": ("gspo", dict(clipLow=0.2, clipHigh=0.28), lambda *x: gspo(*x, low=0.2, high=0.28)),
    "cispo": ("cispo", {}, cispo),
    "rloo": ("rloo", {}, rloo),
    "reinforce++": ("reinforce++", {}, reinforce_plus_plus),
}


def single(x):
    """The nearest float32, as a list of Python's numbers."""
    return x.detach().float().tolist()


def far(values, ends, least):
    return all(abs(value - end) > least for value in values for end in ends)


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(91)
    noise = lambda n: torch.randn(n, generator=generator, dtype=torch.float64)
    params = draw(CONFIG, generator)
    groups = []
    for prompt, answers in [(3, [(1.1, 6), (0.1, 2), (0.0, 4)]), (2, [(0.0, 1), (1.1, 5), (-0.4, 9)]), (4, [(1.1, 3), (1.0, 7), (0.1, 2)])]:
        start = torch.randint(CONFIG["vocabSize"], (prompt,), generator=generator).tolist()
        groups.append([])
        for reward, length in answers:
            rest = torch.randint(CONFIG["vocabSize"], (length,), generator=generator).tolist()
            groups[-1].append({"tokens": start + rest, "from": prompt, "reward": reward, "cut": length == MAX_LENGTH})
    now = lambda: [[logprobs(params, a) for a in group] for group in groups]
    double = lambda rows: [[torch.tensor(x, dtype=torch.float64) for x in row] for row in rows]
    logp = now()
    for group, row in zip(groups, logp):
        for answer, x in zip(group, row):
            answer["reference"] = single(x + 0.5 * noise(len(x)))
    ref = double([[a["reference"] for a in group] for group in groups])

    # Token by token: ratios on both sides of all ends, one of 6 for CISPO's.
    while True:
        spread = [[single(x - 0.35 * noise(len(x))) for x in row] for row in logp]
        spread[0][0][2] = single(logp[0][0][2] - math.log(6))
        ratios = [math.exp(a - b) for row, olds in zip(logp, spread) for x, old in zip(row, olds) for a, b in zip(x.tolist(), old)]
        if far(ratios, TOKEN_ENDS + [5.0], 1e-3):
            break
    # Answer by answer: the mean of the differences as wanted.
    def shifted(means):
        out = []
        for row, wanted in zip(logp, means):
            out.append([])
            for x, mean in zip(row, wanted):
                d = 0.3 * noise(len(x))
                out[-1].append(single(x - (d - d.mean() + mean)))
        return out
    near = shifted([[8e-4, 1e-4, -8e-4], [-1e-4, -8e-4, 8e-4], [0, 0, 0]])
    wide = shifted([[0.4, 0.1, -0.4], [-0.1, -0.4, 0.4], [0, 0, 0]])

    tensors = {name: value.detach() for name, value in params.items()}
    cases = []
    for name, (algorithm, settings, loss_of) in CASES.items():
        for value in params.values():
            value.grad = None
        old = near if name == "gspo" else wide if name == "gspo, wide" else spread
        loss, advantages = loss_of(groups, now(), double(old), ref)
        loss.backward()
        tensors |= {f"{name}.{key}": value.grad.clone() for key, value in params.items()}
        cases.append(dict(name=name, algorithm=algorithm, settings=settings, old=old, loss=loss.item(), advantages=advantages))
    save_file({name: value.float().contiguous() for name, value in tensors.items()}, FIXTURES / "algorithms.safetensors")
    (FIXTURES / "algorithms.safetensors").chmod(0o644)
    (FIXTURES / "algorithms.json").write_text(json.dumps(dict(config=CONFIG, maxLength=MAX_LENGTH, groups=groups, cases=cases)) + "\n")
