"""Golden values of every loss on a head of scores: from the papers' formulas, text by text, in float64, differentiated by PyTorch.

- pairs (Bradley-Terry; arXiv 2203.02155, eq. 1): sum over pairs of weight * -log sigmoid(s_better - s_worse), at the texts' ends
- binary: sum over places and outputs of weight * -(y log sigmoid(s) + (1 - y) log sigmoid(-s))
- squared: sum of weight * (s - y)^2 / 2; squared-clip: weight * max((s - y)^2, (clip(s, old - c, old + c) - y)^2) / 2

Scores are `score.weight` times the hidden state after the final norm, as in transformers' LlamaForSequenceClassification;
that those are the same at a text's last token is checked here, where transformers is installed.

Writes fixtures/scores.json { config, texts: [{ tokens, at, targets, weights, old }], pairs, cases: [{ name, clip, scores, loss }] }
and fixtures/scores.safetensors with the parameters and `CASE.NAME` gradients. `pairs` is of a config with one output.

    python test/golden/scores.py
"""
import json
import math

import torch
from safetensors.torch import save_file

from model import BASE, FIXTURES, draw, forward

CONFIG = {**BASE, "vocabSize": 18, "hiddenSize": 8, "layers": 1, "heads": 2, "kvHeads": 1, "headDim": 4, "intermediateSize": 12, "tieEmbeddings": False, "scores": ["a", "b", "c"]}
TEXTS = [(7, [6]), (3, [0, 2]), (12, [3, 7, 11]), (17, [16]), (5, [4]), (2, [1])]
ITEMS = [[0, 1, 2], [3, 4], [5]]
PAIRS = [dict(item=0, better=2, worse=0, weight=0.3), dict(item=0, better=0, worse=1, weight=0.2), dict(item=0, better=2, worse=1, weight=0.1), dict(item=1, better=1, worse=0, weight=0.4)]
CLIP = 0.2


def scores(params, head, text):
    """[places, outputs]: `forward` with the head in the output matrix's place."""
    return forward(CONFIG, {**params, "lm_head.weight": head}, text["tokens"])[torch.tensor(text["at"])]


def check(params, head, text):
    try:
        from transformers import LlamaConfig, LlamaForSequenceClassification
    except ImportError:
        return print("transformers is not installed: not compared with it")
    c = CONFIG
    model = LlamaForSequenceClassification(LlamaConfig(vocab_size=c["vocabSize"], hidden_size=c["hiddenSize"], intermediate_size=c["intermediateSize"], num_hidden_layers=c["layers"], num_attention_heads=c["heads"], num_key_value_heads=c["kvHeads"], head_dim=c["headDim"], max_position_embeddings=c["maxPositions"], rms_norm_eps=c["rmsNormEps"], rope_parameters={"rope_type": "default", "rope_theta": c["ropeTheta"]}, num_labels=len(head), pad_token_id=0)).eval()
    weights = {name: value.detach().float() for name, value in params.items()} | {"score.weight": head.detach().float()}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not missing and not unexpected, (missing, unexpected)
    with torch.no_grad():
        gap = (model(torch.tensor([text["tokens"]])).logits[0] - scores(params, head, text)[-1]).abs().max().item()
    assert gap < 1e-5, gap


def single(x):
    """The nearest float32, as a list of Python's numbers."""
    return x.detach().float().tolist()


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(5)
    params = draw(CONFIG, generator)
    del params["lm_head.weight"]
    leaf = lambda rows: (torch.randn((rows, CONFIG["hiddenSize"]), generator=generator) / math.sqrt(CONFIG["hiddenSize"])).float().double().requires_grad_()
    heads = {1: leaf(1), 3: leaf(3)}
    texts = [dict(tokens=torch.randint(1, CONFIG["vocabSize"], (n,), generator=generator).tolist(), at=at) for n, at in TEXTS]
    for text in texts:
        size = (len(text["at"]), 3)
        text["targets"] = single(torch.rand(size, generator=generator))
        weights = torch.rand(size, generator=generator) * (torch.rand(size, generator=generator) > 0.25)
        text["weights"] = single(weights)
        text["old"] = single(scores(params, heads[3], text) + 0.35 * torch.randn(size, generator=generator))
    check(params, heads[3], texts[2])

    tensors = {name: value.detach() for name, value in params.items()}
    tensors |= {"score.weight": heads[3].detach(), "one.score.weight": heads[1].detach()}
    golden = []
    for name in ["pairs", "binary", "squared", "squared-clip"]:
        head = heads[1 if name == "pairs" else 3]
        for value in [*params.values(), *heads.values()]:
            value.grad = None
        made = [scores(params, head, text) for text in texts]
        loss = 0.0
        if name == "pairs":
            for pair in PAIRS:
                end = lambda side: made[ITEMS[pair["item"]][pair[side]]][-1, 0]
                loss = loss - pair["weight"] * torch.log(torch.sigmoid(end("better") - end("worse")))
        else:
            seen = set()
            for text, s in zip(texts, made):
                y, w, old = (torch.tensor(text[key]).double() for key in ["targets", "weights", "old"])
                if name == "binary":
                    each = -(y * torch.log(torch.sigmoid(s)) + (1 - y) * torch.log(torch.sigmoid(-s)))
                else:
                    each = (s - y) ** 2 / 2
                    if name == "squared-clip":
                        near = torch.clamp(s, old - CLIP, old + CLIP)
                        assert ((s - old).abs() - CLIP).abs().min() > 1e-4
                        seen |= {(bool(a), bool(b)) for a, b in zip(((s - old).abs() > CLIP).flatten(), ((near - y) ** 2 > (s - y) ** 2).flatten())}
                        each = torch.maximum(each, (near - y) ** 2 / 2)
                loss = loss + (w * each).sum()
            assert name != "squared-clip" or len(seen) == 3, seen
        loss.backward()
        golden.append(dict(name=name, scores=[single(s) for s in made], loss=loss.item()))
        tensors |= {f"{name}.{key}": value.grad for key, value in params.items()} | {f"{name}.score.weight": head.grad}
    save_file({name: value.float().contiguous() for name, value in tensors.items()}, FIXTURES / "scores.safetensors")
    (FIXTURES / "scores.safetensors").chmod(0o644)
    (FIXTURES / "scores.json").write_text(json.dumps(dict(config=CONFIG, texts=texts, items=ITEMS, pairs=PAIRS, clip=CLIP, cases=golden)) + "\n")
