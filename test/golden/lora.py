"""Golden values of LoRA (Hu et al. 2021): loss and the gradient of every adapter, in float64.

Each adapted weight W [out, in] is replaced by W + alpha / rank * B A with A [rank, in] and B [out, rank]; the loss is the sum
over documents of weight * sum over learnt tokens of -log p. Adapters are drawn at random, B too: of a B of zeros A has no gradient.

Writes fixtures/lora.json { config, documents, cases: [{ name, lora, loss }] } and fixtures/lora.safetensors with the
parameters, and for each case `CASE.` + adapters and `CASE.grad.` + their gradients under PEFT's names.

    python test/golden/lora.py
"""
import json

import torch
from safetensors.torch import save_file

from model import BASE, FIXTURES, draw, forward

CONFIG = {**BASE, "architecture": "qwen2", "qkvBias": True, "vocabSize": 18, "hiddenSize": 8, "layers": 2, "heads": 2, "kvHeads": 1, "headDim": 4, "intermediateSize": 12}
MODULES = {"q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj", "o": "self_attn.o_proj", "gate": "mlp.gate_proj", "up": "mlp.up_proj", "down": "mlp.down_proj"}
CASES = {
    "all": dict(rank=3, alpha=6, targets=list(MODULES)),
    "attention": dict(rank=2, alpha=1, targets=["v", "q"]),
    "down": dict(rank=1, alpha=2.5, targets=["down"]),
}

if __name__ == "__main__":
    generator = torch.Generator().manual_seed(23)
    params = draw(CONFIG, generator)
    documents = []
    for start, length, weight in [(2, 7, 0.1), (3, 1, 0.3), (1, 5, 0.07), (4, 4, 0.2)]:
        tokens = torch.randint(18, (start + length,), generator=generator).tolist()
        documents.append({"tokens": tokens, "from": start, "weight": weight})
    tensors = {name: value.detach() for name, value in params.items()}
    cases = []
    for name, lora in CASES.items():
        adapters, adapted = {}, dict(params)
        for layer in range(CONFIG["layers"]):
            for target in lora["targets"]:
                key = f"model.layers.{layer}.{MODULES[target]}"
                out, inner = params[f"{key}.weight"].shape
                a = (0.5 * torch.randn((lora["rank"], inner), generator=generator)).float().double().requires_grad_()
                b = (0.5 * torch.randn((out, lora["rank"]), generator=generator)).float().double().requires_grad_()
                adapters |= {f"{key}.lora_A.weight": a, f"{key}.lora_B.weight": b}
                adapted[f"{key}.weight"] = params[f"{key}.weight"].detach() + lora["alpha"] / lora["rank"] * (b @ a)
        loss = 0.0
        for document in documents:
            start, tokens = document["from"], document["tokens"]
            table = torch.log_softmax(forward(CONFIG, adapted, tokens)[start - 1 : -1], -1)
            loss = loss - document["weight"] * sum(table[i, token] for i, token in enumerate(tokens[start:]))
        loss.backward()
        tensors |= {f"{name}.{key}": value.detach() for key, value in adapters.items()}
        tensors |= {f"{name}.grad.{key}": value.grad for key, value in adapters.items()}
        cases.append(dict(name=name, lora=lora, loss=loss.item()))
    save_file({name: value.float().contiguous() for name, value in tensors.items()}, FIXTURES / "lora.safetensors")
    (FIXTURES / "lora.safetensors").chmod(0o644)
    (FIXTURES / "lora.json").write_text(json.dumps(dict(config=CONFIG, documents=documents, cases=cases)) + "\n")
