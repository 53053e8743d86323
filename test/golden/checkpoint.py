"""Tiny random models made and saved by transformers, with their logits: what others publish must load in Reckon.

Writes fixtures/checkpoint-{llama,qwen2,qwen3}/: config.json, weights, generation_config.json, and golden.json with ids
[batch, sequence] and logits [batch, sequence, vocab] in float32. The Llama is saved in shards, the Qwen2 in bfloat16 (its
logits are those of the rounded weights, computed in float32).

    python test/golden/checkpoint.py
"""
import json
import shutil
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

FIXTURES = Path(__file__).parent / "fixtures"
SIZES = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128, bos_token_id=None, eos_token_id=1, pad_token_id=0)
MODELS = {
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**SIZES, rms_norm_eps=1e-5, tie_word_embeddings=False)),
    "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**SIZES, rope_parameters={"rope_type": "default", "rope_theta": 1e6}, tie_word_embeddings=True)),
    "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**SIZES, head_dim=16, rope_parameters={"rope_type": "default", "rope_theta": 5e4}, tie_word_embeddings=False)),
}


def randomise(model):
    """Weights large enough that every part matters: norms away from one, biases away from zero."""
    for name, parameter in model.named_parameters():
        with torch.no_grad():
            if parameter.dim() == 1:
                parameter.normal_(1.0 if "norm" in name else 0.0, 0.3)
            else:
                parameter.normal_(0, 0.25)


if __name__ == "__main__":
    for name, make in MODELS.items():
        torch.manual_seed(11)
        model = make().eval()
        randomise(model)
        if name == "qwen2":
            model = model.to(torch.bfloat16)
        path = FIXTURES / f"checkpoint-{name}"
        shutil.rmtree(path, ignore_errors=True)
        model.save_pretrained(path, max_shard_size="40KB" if name == "llama" else "1GB")
        ids = torch.randint(0, 64, (2, 11), generator=torch.Generator().manual_seed(12))
        # Loaded anew: bfloat16 would have rounded the rotation's frequencies too.
        model = make().from_pretrained(path, dtype=torch.float32).eval()
        with torch.no_grad():
            logits = model(ids).logits
        golden = {"ids": ids.tolist(), "shape": list(logits.shape), "logits": [float(f"{x:.9g}") for x in logits.flatten().tolist()]}
        (path / "golden.json").write_text(json.dumps(golden) + "\n")
