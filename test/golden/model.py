"""Golden values of whole models: logits, loss and the gradient of every parameter, in float64.

`Llama` below is written from the papers alone (RMSNorm, rotary positions, grouped queries, SwiGLU; biases as in Qwen2,
norms on q and k as in Qwen3), because the classes of transformers round parts of their work to float32. That it is the same
model is checked against those classes here, within their precision.

Writes fixtures/model-NAME.json { config, documents: [{ tokens, from, weight }], loss } and fixtures/model-NAME.safetensors
with every parameter under its Hugging Face name, its gradient as `grad.…`, and `logits.I` [tokens, vocab] of document I.
Each document is computed by itself: that rows which hold several of them, or padding, give the same is for the test to see.
The loss is the sum over documents of weight * sum over t >= from of -log p(token t | tokens before it).

    python test/golden/model.py
"""
import json
import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

FIXTURES = Path(__file__).parent / "fixtures"
BASE = dict(architecture="llama", vocabSize=40, hiddenSize=24, layers=2, heads=4, kvHeads=2, headDim=6, intermediateSize=28, ropeTheta=1e4, rmsNormEps=1e-5, tieEmbeddings=True, qkvBias=False, qkNorm=False, maxPositions=64)
CONFIGS = {
    "llama-tied": BASE,
    "llama-untied": {**BASE, "kvHeads": 1, "headDim": 8, "tieEmbeddings": False, "rmsNormEps": 1e-6, "layers": 1},
    "qwen2": {**BASE, "architecture": "qwen2", "qkvBias": True, "ropeTheta": 1e6},
    "qwen3": {**BASE, "architecture": "qwen3", "qkNorm": True, "headDim": 10, "kvHeads": 4, "tieEmbeddings": False},
}


def shapes(c):
    """Names and shapes as in Hugging Face's checkpoints: linear weights are [out, in]."""
    h, q, kv, m = c["hiddenSize"], c["heads"] * c["headDim"], c["kvHeads"] * c["headDim"], c["intermediateSize"]
    out = {"model.embed_tokens.weight": (c["vocabSize"], h), "model.norm.weight": (h,)}
    for i in range(c["layers"]):
        layer = {"input_layernorm": (h,), "post_attention_layernorm": (h,), "self_attn.q_proj": (q, h), "self_attn.k_proj": (kv, h), "self_attn.v_proj": (kv, h), "self_attn.o_proj": (h, q), "mlp.gate_proj": (m, h), "mlp.up_proj": (m, h), "mlp.down_proj": (h, m)}
        if c["qkNorm"]:
            layer |= {"self_attn.q_norm": (c["headDim"],), "self_attn.k_norm": (c["headDim"],)}
        out |= {f"model.layers.{i}.{name}.weight": shape for name, shape in layer.items()}
        if c["qkvBias"]:
            out |= {f"model.layers.{i}.self_attn.{x}_proj.bias": (n,) for x, n in [("q", q), ("k", kv), ("v", kv)]}
    if not c["tieEmbeddings"]:
        out["lm_head.weight"] = (c["vocabSize"], h)
    return out


def draw(c, generator):
    """Random parameters in which every part matters, exact in float32, as float64 leaves."""
    params = {}
    for name, shape in shapes(c).items():
        noise = torch.randn(shape, generator=generator)
        if len(shape) == 1:
            value = (0.3 if name.endswith("bias") else 0.2) * noise + (0 if name.endswith("bias") else 1)
        else:
            value = noise * (0.5 if "embed" in name else 1 / math.sqrt(shape[1]))
        params[name] = value.float().double().requires_grad_()
    return params


def rms(x, gain, eps):
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + eps) * gain


def rotate(x, theta):
    """x [heads, tokens, width]: the pair (i, i + width/2) is turned by position * theta^(-2i/width)."""
    width, half = x.shape[-1], x.shape[-1] // 2
    angle = torch.arange(x.shape[1]).double()[:, None] * theta ** (-2 * torch.arange(half).double() / width)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1)


def forward(c, p, tokens):
    """Logits [tokens, vocab] of one document."""
    n, d, eps = len(tokens), c["headDim"], c["rmsNormEps"]
    x = p["model.embed_tokens.weight"][torch.tensor(tokens)]
    hidden = torch.full((n, n), float("-inf"), dtype=torch.float64).triu(1)
    for i in range(c["layers"]):
        w = lambda name: p[f"model.layers.{i}.{name}"]
        h = rms(x, w("input_layernorm.weight"), eps)

        def heads(name, count):
            y = h @ w(f"self_attn.{name}_proj.weight").T
            if c["qkvBias"]:
                y = y + w(f"self_attn.{name}_proj.bias")
            y = y.view(n, count, d).transpose(0, 1)
            return rms(y, w(f"self_attn.{name}_norm.weight"), eps) if c["qkNorm"] and name != "v" else y

        share = c["heads"] // c["kvHeads"]
        q = rotate(heads("q", c["heads"]), c["ropeTheta"])
        k = rotate(heads("k", c["kvHeads"]), c["ropeTheta"]).repeat_interleave(share, 0)
        v = heads("v", c["kvHeads"]).repeat_interleave(share, 0)
        weights = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(d) + hidden, -1)
        x = x + (weights @ v).transpose(0, 1).reshape(n, -1) @ w("self_attn.o_proj.weight").T
        h = rms(x, w("post_attention_layernorm.weight"), eps)
        gate = h @ w("mlp.gate_proj.weight").T
        x = x + (gate * torch.sigmoid(gate) * (h @ w("mlp.up_proj.weight").T)) @ w("mlp.down_proj.weight").T
    x = rms(x, p["model.norm.weight"], eps)
    return x @ (p["model.embed_tokens.weight"] if c["tieEmbeddings"] else p["lm_head.weight"]).T


def logprobs(c, p, tokens, start):
    """log p of tokens[start:], and the entropies of their distributions."""
    table = torch.log_softmax(forward(c, p, tokens)[start - 1 : -1], -1)
    chosen = table[torch.arange(len(table)), torch.tensor(tokens[start:])]
    return chosen, -(table.exp() * table).sum(-1)


def check(c, p, tokens):
    """The same logits from transformers, within float32."""
    kinds = {"llama": (LlamaConfig, LlamaForCausalLM), "qwen2": (Qwen2Config, Qwen2ForCausalLM), "qwen3": (Qwen3Config, Qwen3ForCausalLM)}
    make, model = kinds[c["architecture"]]
    theirs = model(make(vocab_size=c["vocabSize"], hidden_size=c["hiddenSize"], intermediate_size=c["intermediateSize"], num_hidden_layers=c["layers"], num_attention_heads=c["heads"], num_key_value_heads=c["kvHeads"], head_dim=c["headDim"], max_position_embeddings=c["maxPositions"], rms_norm_eps=c["rmsNormEps"], rope_parameters={"rope_type": "default", "rope_theta": c["ropeTheta"]}, tie_word_embeddings=c["tieEmbeddings"])).eval()
    missing, unexpected = theirs.load_state_dict({name: value.detach().float() for name, value in p.items()}, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    with torch.no_grad():
        gap = (theirs(torch.tensor([tokens])).logits[0] - forward(c, p, tokens)).abs().max().item()
    assert gap < 1e-5, gap


if __name__ == "__main__":
    for seed, (name, config) in enumerate(CONFIGS.items()):
        generator = torch.Generator().manual_seed(100 + seed)
        params = draw(config, generator)
        documents = []
        for length, start, weight in [(13, 1, 0.05), (5, 3, 0.2), (22, 9, 0.04), (2, 1, 0.3), (9, 8, 0.11)]:
            documents.append(dict(tokens=torch.randint(config["vocabSize"], (length,), generator=generator).tolist(), weight=weight))
            documents[-1]["from"] = start
        check(config, params, documents[2]["tokens"])
        loss = sum(-d["weight"] * logprobs(config, params, d["tokens"], d["from"])[0].sum() for d in documents)
        loss.backward()
        tensors = {name: value.detach() for name, value in params.items()}
        tensors |= {f"grad.{name}": value.grad for name, value in params.items()}
        tensors |= {f"logits.{i}": forward(config, params, d["tokens"]).detach() for i, d in enumerate(documents)}
        save_file({name: value.float().contiguous() for name, value in tensors.items()}, FIXTURES / f"model-{name}.safetensors")
        (FIXTURES / f"model-{name}.safetensors").chmod(0o644)
        golden = dict(config=config, documents=documents, loss=loss.item())
        (FIXTURES / f"model-{name}.json").write_text(json.dumps(golden) + "\n")
