"""Golden values of group-relative advantages: (r - mean) / (std + 1e-4) with Bessel's correction, as TRL has it, and r - mean.

Writes fixtures/advantages.json: a list of { rewards, group, none }.

    python test/golden/advantages.py
"""
import json

import torch

from model import FIXTURES

if __name__ == "__main__":
    generator = torch.Generator().manual_seed(3)
    groups = [[1.0] + [0.0] * 7, [0.1] + [0.0] * 7, [0.0, 1.0], [1.1, 0.1, 0.1, 0.0], [0.3] * 5, [1e-6, 0.0, 0.0], [-1.0, 1.0, 1.0]]
    for size in [2, 3, 4, 8, 16, 64]:
        groups.append(torch.rand(size, generator=generator, dtype=torch.float64).tolist())
        groups.append((torch.randn(size, generator=generator, dtype=torch.float64) * 20 - 7).tolist())
        groups.append(torch.randint(2, (size,), generator=generator).double().tolist())
    golden = []
    for rewards in groups:
        r = torch.tensor(rewards, dtype=torch.float64)
        golden.append(dict(rewards=rewards, group=((r - r.mean()) / (r.std(correction=1) + 1e-4)).tolist(), none=(r - r.mean()).tolist()))
    (FIXTURES / "advantages.json").write_text(json.dumps(golden) + "\n")
