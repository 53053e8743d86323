"""Golden values of the optimisers over 20 steps with given gradients, in float64.

AdamW is torch.optim.AdamW with torch.nn.utils.clip_grad_norm_; vectors (gains, biases) do not decay. Muon is written from
Jordan et al. (2024) and Liu et al. (2025, arXiv 2502.16982): momentum buf = mu buf + g, look-ahead g + mu buf, five
Newton-Schulz steps with (3.4445, -4.775, 2.0315) on look-ahead / (|look-ahead| + 1e-7), step 0.2 sqrt(max(rows, columns)),
decoupled decay; embeddings, the output matrix and vectors stay with AdamW. One step of it is checked against
torch.optim.Muon, which iterates in bfloat16.

The learning rate falls from step to step, and the gradients' norm lies above and below the limit.

Writes fixtures/optimizers.json { config, rates, cases } and fixtures/optimizers.safetensors: `start.NAME`, `g.T.NAME` for
T = 0..19, and `CASE.T.NAME` = the parameters after step T, for some T.

    python test/golden/optimizers.py
"""
import json
import math

import torch
from safetensors.torch import save_file

from model import BASE, FIXTURES, draw

CONFIG = {**BASE, "architecture": "qwen2", "qkvBias": True, "vocabSize": 12, "hiddenSize": 8, "layers": 2, "heads": 2, "kvHeads": 1, "headDim": 4, "intermediateSize": 14, "tieEmbeddings": False}
STEPS, KEPT = 20, [0, 1, 19]
RATES = [0.01 * (1 - t / 40) for t in range(STEPS)]
CASES = {
    "adamw": dict(name="adamw", betas=[0.9, 0.95], eps=1e-8, weightDecay=0.1, maxGradNorm=1.0),
    "adamw-plain": dict(name="adamw", betas=[0.8, 0.999], eps=1e-2, weightDecay=0.0, maxGradNorm=0.0),
    "muon": dict(name="muon", betas=[0.9, 0.95], eps=1e-8, weightDecay=0.1, maxGradNorm=1.0, momentum=0.95, matrixRate=1.0),
    "muon-fast": dict(name="muon", betas=[0.9, 0.95], eps=1e-8, weightDecay=0.2, maxGradNorm=0.0, momentum=0.8, matrixRate=3.0),
}


def is_matrix(name):
    return "_proj.weight" in name


def orthogonal(x):
    if x.shape[0] > x.shape[1]:
        return orthogonal(x.T).T
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
    return x


class Muon:
    def __init__(self, parameters, momentum, decay):
        self.parameters, self.momentum, self.decay = parameters, momentum, decay
        self.buffers = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self, rate):
        for p, buffer in zip(self.parameters, self.buffers):
            buffer.mul_(self.momentum).add_(p.grad)
            update = orthogonal(p.grad + self.momentum * buffer)
            p.mul_(1 - rate * self.decay).sub_(rate * 0.2 * math.sqrt(max(p.shape)) * update)


def check_muon(start, gradients):
    """Two steps of torch.optim.Muon, within bfloat16."""
    for name in ["model.layers.0.mlp.up_proj.weight", "model.layers.1.mlp.down_proj.weight", "model.layers.1.self_attn.q_proj.weight"]:
        ours, theirs = start[name].clone().requires_grad_(), start[name].clone().requires_grad_()
        own = Muon([ours], 0.95, 0.1)
        torchs = torch.optim.Muon([theirs], lr=0.1, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw")
        for t in range(2):
            ours.grad, theirs.grad = gradients[t][name].clone(), gradients[t][name].clone()
            own.step(0.1)
            torchs.step()
        change = (theirs - start[name]).abs().max()
        assert (ours - theirs).abs().max() < 0.05 * change, ((ours - theirs).abs().max(), change)


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(21)
    start = {name: value.detach() for name, value in draw(CONFIG, generator).items()}
    gradients = []
    for t in range(STEPS):
        scale = [0.2, 3.0, 1.0, 0.01, 0.02][t % 5]
        gradients.append({name: (scale * torch.randn(value.shape, generator=generator)).float().double() for name, value in start.items()})
    check_muon(start, gradients)
    tensors = {f"start.{name}": value for name, value in start.items()}
    for t, step in enumerate(gradients):
        tensors |= {f"g.{t}.{name}": value for name, value in step.items()}
    norms = {}
    for case, settings in CASES.items():
        params = {name: value.clone().requires_grad_() for name, value in start.items()}
        muon = Muon([p for name, p in params.items() if is_matrix(name)], settings["momentum"], settings["weightDecay"]) if settings["name"] == "muon" else None
        rest = {name: p for name, p in params.items() if not (muon and is_matrix(name))}
        groups = [dict(params=[p for p in rest.values() if p.dim() == 2], weight_decay=settings["weightDecay"]), dict(params=[p for p in rest.values() if p.dim() == 1], weight_decay=0.0)]
        adamw = torch.optim.AdamW(groups, betas=settings["betas"], eps=settings["eps"])
        norms[case] = []
        for t in range(STEPS):
            for name, p in params.items():
                p.grad = gradients[t][name].clone()
            limit = settings["maxGradNorm"] or float("inf")
            norms[case].append(torch.nn.utils.clip_grad_norm_(list(params.values()), limit).item())
            for group in adamw.param_groups:
                group["lr"] = RATES[t]
            adamw.step()
            if muon:
                muon.step(RATES[t] * settings["matrixRate"])
            if t in KEPT:
                tensors |= {f"{case}.{t}.{name}": p.detach().clone() for name, p in params.items()}
    assert min(norms["adamw"]) < 0.8 and max(norms["adamw"]) > 5
    save_file({name: value.float().contiguous() for name, value in tensors.items()}, FIXTURES / "optimizers.safetensors")
    (FIXTURES / "optimizers.safetensors").chmod(0o644)
    golden = dict(config=CONFIG, rates=RATES, kept=KEPT, norms=norms["adamw"], cases=[dict(id=case, settings=settings) for case, settings in CASES.items()])
    (FIXTURES / "optimizers.json").write_text(json.dumps(golden) + "\n")
