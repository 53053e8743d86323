"""Golden values of every loss: written from the papers' formulas, token by token, in float64, and differentiated by PyTorch.

- cross entropy: sum over documents of weight * sum over learnt tokens of -log p
- GRPO (arXiv 2402.03300, eq. 3): 1/N sum over answers of 1/|o| sum over tokens of -(min(r A, clip(r, 1-low, 1+high) A) - beta k3)
- Dr. GRPO (arXiv 2503.20783): the same sum divided by N * L_max
- DAPO (arXiv 2503.14476): the same sum divided by the number of all tokens, high above low
- r = p / p_old; k3 = p_ref/p - 1 - log(p_ref/p); with a temperature T, p is that of softmax(logits / T)

Advantages come with both signs; old log-probabilities lie on both sides of both ends of the clip, and a share inside, none so
near an end that float32 could take the other side. In the case `first` they are the policy's own: every ratio is 1.

Writes fixtures/losses.json { config, answers: [{ tokens, from, advantage, reference }], maxLength, cases: [...] } and
fixtures/losses.safetensors with the parameters and `CASE.NAME` gradients.

    python test/golden/losses.py
"""
import json

import torch
from safetensors.torch import save_file

from model import BASE, FIXTURES, draw, forward

CONFIG = {**BASE, "vocabSize": 18, "hiddenSize": 8, "layers": 1, "heads": 2, "kvHeads": 1, "headDim": 4, "intermediateSize": 12}
MAX_LENGTH = 9
POLICY = dict(normalisation="grpo", clipLow=0.2, clipHigh=0.2, klWeight=0.0, temperature=1.0)
CASES = {
    "crossEntropy": None,
    "first": dict(POLICY),
    "grpo": dict(POLICY),
    "grpo-kl": dict(POLICY, klWeight=0.04),
    "dr_grpo": dict(POLICY, normalisation="dr_grpo"),
    "dr_grpo-kl": dict(POLICY, normalisation="dr_grpo", clipLow=0.3, klWeight=0.5),
    "dapo": dict(POLICY, normalisation="dapo", clipHigh=0.28),
    "dapo-kl-warm": dict(POLICY, normalisation="dapo", clipHigh=0.28, klWeight=0.1, temperature=1.4),
    "grpo-cool": dict(POLICY, temperature=0.7),
}


def scores(params, answer, temperature=1.0):
    """Log-probabilities and entropies of the learnt tokens."""
    start, tokens = answer["from"], answer["tokens"]
    table = torch.log_softmax(forward(CONFIG, params, tokens)[start - 1 : -1] / temperature, -1)
    chosen = torch.stack([table[i, token] for i, token in enumerate(tokens[start:])])
    return chosen, torch.stack([-(row.exp() * row).sum() for row in table])


def policy_loss(params, answers, olds, case):
    answer_sums, lengths = [], []
    for answer, old in zip(answers, olds):
        logp, _ = scores(params, answer, case["temperature"])
        advantage, total = answer["advantage"], 0.0
        for t in range(len(logp)):
            ratio = torch.exp(logp[t] - old[t])
            clipped = torch.clamp(ratio, 1 - case["clipLow"], 1 + case["clipHigh"])
            surrogate = torch.minimum(ratio * advantage, clipped * advantage)
            over = torch.exp(torch.tensor(answer["reference"][t], dtype=torch.float64) - logp[t])
            k3 = over - 1 - torch.log(over)
            total = total - (surrogate - case["klWeight"] * k3)
        answer_sums.append(total)
        lengths.append(len(logp))
    match case["normalisation"]:
        case "grpo":
            return torch.stack([s / n for s, n in zip(answer_sums, lengths)]).mean()
        case "dr_grpo":
            return torch.stack(answer_sums).sum() / (len(answers) * MAX_LENGTH)
        case "dapo":
            return torch.stack(answer_sums).sum() / sum(lengths)


def single(x):
    """The nearest float32, as a list of Python's numbers."""
    return x.detach().float().tolist()


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(77)
    params = draw(CONFIG, generator)
    answers = []
    for prompt, length, advantage in [(2, 7, 1.2), (2, 1, -0.7), (2, 4, -0.5), (4, 9, 0.9), (4, 5, -1.4), (4, 2, 0.5), (3, 6, 0.0)]:
        tokens = torch.randint(CONFIG["vocabSize"], (prompt + length,), generator=generator).tolist()
        answers.append({"tokens": tokens, "from": prompt, "advantage": advantage})
    for answer in answers:
        logp, _ = scores(params, answer)
        answer["reference"] = single(logp + 0.5 * torch.randn(len(logp), generator=generator))

    tensors = {name: value.detach() for name, value in params.items()}
    golden = []
    for name, case in CASES.items():
        for value in params.values():
            value.grad = None
        temperature = case["temperature"] if case else 1.0
        logp, entropy = zip(*[scores(params, answer, temperature) for answer in answers])
        record = dict(name=name, policy=case, logprobs=[single(x) for x in logp], entropy=[single(x) for x in entropy])
        if case is None:
            weights = [0.03, 0.5, 0.1, 0.05, 0.02, 0.2, 0.07]
            record["weights"] = weights
            loss = sum(-w * x.sum() for w, x in zip(weights, logp))
        else:
            noise = 0.0 if name == "first" else 0.35
            olds = [single(x + noise * torch.randn(len(x), generator=generator)) for x in logp]
            record["old"] = olds
            if name != "first":
                counts = {}
                for answer, x, old in zip(answers, logp, olds):
                    if answer["advantage"] == 0:
                        continue
                    for a, b in zip(single(x), old):
                        ratio = torch.tensor(a - b, dtype=torch.float64).exp().item()
                        low, high = 1 - case["clipLow"], 1 + case["clipHigh"]
                        assert min(abs(ratio - low), abs(ratio - high)) > 1e-4
                        key = (answer["advantage"] > 0, "below" if ratio < low else "above" if ratio > high else "inside")
                        counts[key] = counts.get(key, 0) + 1
                assert len(counts) == 6, counts
            loss = policy_loss(params, answers, olds, case)
        record["loss"] = loss.item()
        loss.backward()
        tensors |= {f"{name}.{key}": value.grad for key, value in params.items()}
        golden.append(record)
    save_file({name: value.float().contiguous() for name, value in tensors.items()}, FIXTURES / "losses.safetensors")
    (FIXTURES / "losses.safetensors").chmod(0o644)
    (FIXTURES / "losses.json").write_text(json.dumps(dict(config=CONFIG, maxLength=MAX_LENGTH, answers=answers, cases=golden)) + "\n")
