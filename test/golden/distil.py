"""Golden values of distillation on a teacher's distribution (Hinton et al. 2015), in float64, differentiated by PyTorch.

loss = sum over documents of weight * sum over learnt tokens of (1 - h) T^2 KL(p || q) - h log q_1(token), p and q the
teacher's and the student's distributions at temperature T, q_1 the student's at 1. The teacher is another model of the same
vocabulary. With `top` below its size, KL is that of top + 1 events: the teacher's likeliest tokens, and all others.

Writes fixtures/distil.json { config, teacherConfig, documents: [{ tokens, from, weight }], cases: [{ name, top, temperature,
hardWeight, loss, teacher: [{ ids, logprobs }] }] } and fixtures/distil.safetensors with the student's parameters, the teacher's
as `teacher.NAME` and `CASE.NAME` gradients.

    python test/golden/distil.py
"""
import json

import torch
from safetensors.torch import save_file

from model import BASE, FIXTURES, draw, forward

STUDENT = {**BASE, "vocabSize": 18, "hiddenSize": 8, "layers": 1, "heads": 2, "kvHeads": 1, "headDim": 4, "intermediateSize": 12}
TEACHER = {**BASE, "vocabSize": 18, "hiddenSize": 12, "layers": 2, "heads": 3, "kvHeads": 3, "headDim": 4, "intermediateSize": 10}
CASES = {
    "whole": dict(top=18, temperature=1.0, hardWeight=0.0),
    "warm": dict(top=18, temperature=2.5, hardWeight=0.0),
    "mixed": dict(top=18, temperature=1.5, hardWeight=0.3),
    "top": dict(top=4, temperature=1.0, hardWeight=0.0),
    "top-warm-mixed": dict(top=5, temperature=2.0, hardWeight=0.25),
}


def single(x):
    return x.detach().float().tolist()


def rows(config, params, document):
    return forward(config, params, document["tokens"])[document["from"] - 1 : -1]


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(5)
    student, teacher = draw(STUDENT, generator), draw(TEACHER, generator)
    documents = []
    for start, length, weight in [(2, 7, 0.1), (3, 1, 0.3), (1, 5, 0.07), (4, 4, 0.2)]:
        tokens = torch.randint(18, (start + length,), generator=generator).tolist()
        documents.append({"tokens": tokens, "from": start, "weight": weight})
    tensors = {name: value.detach() for name, value in student.items()} | {f"teacher.{name}": value.detach() for name, value in teacher.items()}
    cases = []
    for name, case in CASES.items():
        for value in student.values():
            value.grad = None
        top, T, h = case["top"], case["temperature"], case["hardWeight"]
        loss, given = 0.0, []
        for document in documents:
            logits = rows(STUDENT, student, document)
            p = torch.softmax(rows(TEACHER, teacher, document).detach() / T, -1)
            q = torch.softmax(logits / T, -1)
            ids = p.argsort(-1, descending=True)[:, :top]
            given.append({"ids": ids.tolist(), "logprobs": single(p.gather(1, ids).log())})
            for t, token in enumerate(document["tokens"][document["from"] :]):
                chosen = ids[t]
                kl = sum(p[t, k] * torch.log(p[t, k] / q[t, k]) for k in chosen)
                if top < 18:
                    others = [k for k in range(18) if k not in chosen.tolist()]
                    rest_p, rest_q = p[t, others].sum(), q[t, others].sum()
                    kl = kl + rest_p * torch.log(rest_p / rest_q)
                hard = -torch.log_softmax(logits[t], -1)[token]
                loss = loss + document["weight"] * ((1 - h) * T * T * kl + h * hard)
        loss.backward()
        tensors |= {f"{name}.{key}": value.grad.clone() for key, value in student.items()}
        cases.append(dict(name=name, **case, loss=loss.item(), teacher=given))
    save_file({name: value.float().contiguous() for name, value in tensors.items()}, FIXTURES / "distil.safetensors")
    (FIXTURES / "distil.safetensors").chmod(0o644)
    (FIXTURES / "distil.json").write_text(json.dumps(dict(config=STUDENT, teacherConfig=TEACHER, documents=documents, cases=cases)) + "\n")
