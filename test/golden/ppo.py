"""Golden values of PPO's bookkeeping, from the papers' definitions, in float64.

- advantages (arXiv 1506.02438, eq. 16): the sum over l of (gamma lambda)^l delta_(t+l), written out, with delta_t = r_t + gamma V_(t+1) - V_t
- returns: A + V; whitened: (A - mean) / std with n - 1 over all tokens; explained variance: 1 - Var(R - V) / Var(R)

Writes fixtures/ppo.json: a list of { gamma, lambda, answers: [{ rewards, values, advantages, returns, whitened }], explained }.

    python test/golden/ppo.py
"""
import json

import torch

from model import FIXTURES

if __name__ == "__main__":
    generator = torch.Generator().manual_seed(9)
    golden = []
    for gamma, lam in [(1.0, 1.0), (1.0, 0.95), (0.99, 0.9), (0.9, 0.0)]:
        answers = []
        for length in [1, 2, 7, 30]:
            rewards = torch.zeros(length, dtype=torch.float64) - 0.05 * torch.rand(length, generator=generator, dtype=torch.float64)
            rewards[-1] += torch.randint(2, (1,), generator=generator).item()
            values = torch.rand(length, generator=generator, dtype=torch.float64)
            after = torch.cat([values[1:], torch.zeros(1, dtype=torch.float64)])
            delta = rewards + gamma * after - values
            advantages = torch.stack([sum((gamma * lam) ** l * delta[t + l] for l in range(length - t)) for t in range(length)])
            answers.append(dict(rewards=rewards, values=values, advantages=advantages, returns=advantages + values))
        every = torch.cat([a["advantages"] for a in answers])
        returns, values = (torch.cat([a[key] for a in answers]) for key in ["returns", "values"])
        for a in answers:
            a["whitened"] = (a["advantages"] - every.mean()) / every.std(correction=1)
        explained = 1 - (returns - values).var(correction=0) / returns.var(correction=0)
        golden.append({"gamma": gamma, "lambda": lam, "answers": [{key: value.tolist() for key, value in a.items()} for a in answers], "explained": explained.item()})
    (FIXTURES / "ppo.json").write_text(json.dumps(golden) + "\n")
