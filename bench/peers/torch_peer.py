"""PyTorch eager on the CPU as the peer of Reckon's benchmarks: the same model, weights and batches.

A child process that reads one JSON command a line and answers with one JSON line; tensors travel through files of the
folder given at start. Written to be fast rather than short: wherever eager PyTorch offers several ways to write a step
(attention, norm, rotation, micro-batch, sampling), `tune` measures them and keeps the fastest.
"""

import json
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

TRAIN_CHOICES = {
    "micro": None,  # filled in by tune: rows of one micro-batch
    "attention": ["sdpa", "manual"],
    "norm": ["rsqrt", "rms_norm"],
    "rope": ["halves", "rotate"],
    "linear": ["matmul", "linear"],
}
DECODE_CHOICES = {
    "attention": ["manual", "sdpa"],
    "norm": ["rsqrt", "rms_norm"],
    "rope": ["rotate", "halves"],
    "linear": ["matmul", "linear"],
    "draw": ["multinomial", "cumsum"],
}
OPTIMIZERS = ["fused", "foreach"]


class Peer:
    def __init__(self, command):
        torch.set_num_threads(command["threads"])
        self.c = command["config"]
        self.folder = command["folder"]
        self.P = {}
        for entry in command["parameters"]:
            data = np.fromfile(f"{self.folder}/weights.bin", np.float32, entry["size"], offset=4 * entry["offset"])
            self.P[entry["name"]] = torch.tensor(data.reshape(entry["shape"]), requires_grad=True)
        self.order = [entry["name"] for entry in command["parameters"]]
        self.train = {"micro": None, "attention": "sdpa", "norm": "rsqrt", "rope": "halves", "linear": "matmul"}
        self.decoding = {"attention": "manual", "norm": "rsqrt", "rope": "rotate", "linear": "matmul", "draw": "multinomial"}
        self.optimizer = None
        self.weights_out_in = None
        self.matrices = {}

    # The model

    def norm(self, x, gain, how):
        eps = self.c["rmsNormEps"]
        if how == "rms_norm":
            return F.rms_norm(x, (x.shape[-1],), gain, eps)
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * gain

    def tables(self, positions):
        half = self.c["headDim"] // 2
        rates = self.c["ropeTheta"] ** (-torch.arange(half, dtype=torch.float64) / half)
        angles = torch.arange(positions, dtype=torch.float64)[:, None] * rates
        return angles.cos().float(), angles.sin().float()

    def turn(self, x, cos, sin, how):
        half = x.shape[-1] // 2
        a, b = x[..., :half], x[..., half:]
        if how == "halves":
            return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)
        return x * torch.cat((cos, cos), -1) + torch.cat((-b, a), -1) * torch.cat((sin, sin), -1)

    def project(self, x, name, how):
        if how == "linear":
            return F.linear(x, self.weights_out_in[name])
        return x @ self.P[name]

    def use(self, how):
        """`linear` keeps weights as nn.Linear does, [out, in]; they are leaves of their own then."""
        if how["linear"] == "linear" and self.weights_out_in is None:
            self.weights_out_in = {
                name: p.detach().t().contiguous().requires_grad_()
                for name, p in self.P.items()
                if p.dim() == 2 and name != "embedding"
            }
        return how

    def leaves(self, how):
        if how["linear"] == "linear":
            return {name: self.weights_out_in.get(name, p) for name, p in self.P.items()}
        return self.P

    def hidden(self, ids, how, attend):
        c, P = self.c, self.P
        rows, length = ids.shape
        x = F.embedding(ids, P["embedding"])
        for layer in range(c["layers"]):
            name = f"layers.{layer}."
            h = self.norm(x, P[name + "norm1"], how["norm"])
            q, k, v = (self.project(h, name + w, how["linear"]) for w in ("wq", "wk", "wv"))
            shape = (rows, length, -1, c["headDim"])
            attended = attend(layer, q.view(shape).transpose(1, 2), k.view(shape).transpose(1, 2), v.view(shape).transpose(1, 2))
            joined = attended.transpose(1, 2).reshape(rows, length, -1)
            x = x + self.project(joined, name + "wo", how["linear"])
            h = self.norm(x, P[name + "norm2"], how["norm"])
            gate = F.silu(self.project(h, name + "wg", how["linear"]))
            x = x + self.project(gate * self.project(h, name + "wu", how["linear"]), name + "wd", how["linear"])
        return self.norm(x, P["finalNorm"], how["norm"])

    def logits(self, hidden, how):
        if self.c["tieEmbeddings"]:
            return F.linear(hidden, self.P["embedding"])
        return self.project(hidden, "lmHead", how["linear"])

    # Training

    def load_batch(self, command):
        rows, length = command["rows"], command["length"]
        read = lambda name, dtype: torch.from_numpy(np.fromfile(f"{self.folder}/{name}.bin", dtype))
        self.ids = read("ids", np.int32).long().view(rows, length)
        self.targets = read("targets", np.int32).long().view(rows, length)
        self.weights = read("weights_of_tokens", np.float32).view(rows, length)
        cos, sin = self.tables(length)
        mask = torch.full((length, length), -1e9).triu(1)
        self.batch_tables = (cos, sin, mask)

    def loss(self, ids, targets, weights, how):
        c = self.c
        cos, sin, mask = self.batch_tables
        scale = c["headDim"] ** -0.5
        groups = c["heads"] // c["kvHeads"]

        def attend(_layer, q, k, v):
            q, k = self.turn(q, cos, sin, how["rope"]), self.turn(k, cos, sin, how["rope"])
            if how["attention"] == "sdpa":
                return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=groups > 1)
            if groups > 1:
                k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
            return ((q @ k.transpose(-1, -2)) * scale + mask).softmax(-1) @ v

        logits = self.logits(self.hidden(ids, how, attend), how)
        losses = F.cross_entropy(logits.view(-1, c["vocabSize"]), targets.reshape(-1), reduction="none")
        return (losses * weights.reshape(-1)).sum()

    def gradients(self, how):
        for p in self.leaves(self.use(how)).values():
            p.grad = None
        total = 0.0
        micro = how["micro"] or self.ids.shape[0]
        for at in range(0, self.ids.shape[0], micro):
            part = slice(at, at + micro)
            loss = self.loss(self.ids[part], self.targets[part], self.weights[part], how)
            loss.backward()
            total += loss.item()
        return total

    def optimizer_step(self):
        leaves = list(self.leaves(self.train).values())
        torch.nn.utils.clip_grad_norm_(leaves, 1.0, foreach=True)
        self.optimizer.step()

    def make_optimizer(self, kind):
        decayed = [p for p in self.leaves(self.train).values() if p.dim() == 2]
        others = [p for p in self.leaves(self.train).values() if p.dim() != 2]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
            lr=1e-15,  # Changes no weight, as ours: all rounds do the same, and what is compared is of the same weights.
            betas=(0.9, 0.95),
            eps=1e-8,
            **{kind: True},
        )

    # Decoding

    def load_prompts(self, command):
        data = np.fromfile(f"{self.folder}/prompts.bin", np.int32)
        self.prompts = torch.from_numpy(data).long().view(command["rows"], command["length"])
        self.new = command["new"]

    @torch.inference_mode()
    def decode(self, how, greedy=False):
        """Tokens [rows, new] and their log-probabilities: prefill, then one token a step into a preallocated cache."""
        self.use(how)
        c, prompts = self.c, self.prompts
        rows, length = prompts.shape
        heads, kv, width = c["heads"], c["kvHeads"], c["headDim"]
        groups = heads // kv
        scale = width**-0.5
        end = length + self.new
        cos, sin = self.tables(end)
        keys = [torch.empty(rows, kv, end, width) for _ in range(c["layers"])]
        values = [torch.empty(rows, kv, end, width) for _ in range(c["layers"])]
        mask = torch.full((length, length), -1e9).triu(1)

        def prefill(layer, q, k, v):
            part = (cos[:length], sin[:length])
            q, k = self.turn(q, *part, how["rope"]), self.turn(k, *part, how["rope"])
            keys[layer][:, :, :length] = k
            values[layer][:, :, :length] = v
            return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=groups > 1)

        def step(layer, q, k, v):
            part = (cos[at : at + 1], sin[at : at + 1])
            q = self.turn(q, *part, how["rope"])
            keys[layer][:, :, at : at + 1] = self.turn(k, *part, how["rope"])
            values[layer][:, :, at : at + 1] = v
            k, v = keys[layer][:, :, : at + 1], values[layer][:, :, : at + 1]
            if how["attention"] == "sdpa":
                return F.scaled_dot_product_attention(q, k, v, enable_gqa=groups > 1)
            weights = ((q.reshape(rows, kv, groups, width) * scale) @ k.transpose(-1, -2)).softmax(-1)
            return (weights @ v).view(rows, heads, 1, width)

        tokens = torch.empty(rows, self.new, dtype=torch.long)
        logprobs = torch.empty(rows, self.new)
        at = 0
        hidden = self.hidden(prompts, how, prefill)[:, -1]
        for i in range(self.new):
            logits = self.logits(hidden, how)
            p = logits.softmax(-1)
            token = self.draw(p, how, greedy)
            tokens[:, i : i + 1] = token
            logprobs[:, i : i + 1] = p.gather(1, token).log()
            if i + 1 < self.new:
                at = length + i
                hidden = self.hidden(token, how, step)[:, -1]
        return tokens, logprobs

    def draw(self, p, how, greedy):
        if greedy:
            return p.argmax(-1, keepdim=True)
        if how["draw"] == "multinomial":
            return torch.multinomial(p, 1)
        below = p.cumsum(-1)
        return torch.searchsorted(below, torch.rand(p.shape[0], 1) * below[:, -1:]).clamp_(max=p.shape[1] - 1)

    # Measuring

    def matmul(self, shape, repeats):
        """The same product over and over, into memory that is there."""
        if shape not in self.matrices:
            m, k, n = shape
            self.matrices[shape] = (torch.randn(m, k), torch.randn(k, n), torch.empty(m, n))
        a, b, out = self.matrices[shape]
        for _ in range(repeats):
            torch.mm(a, b, out=out)

    def tune(self, choices, current, run):
        """One choice after another, the option with the least time of three runs in turns."""
        for name, options in choices.items():
            times = {option: float("inf") for option in options}
            for _ in range(3 if len(options) > 1 else 0):
                for option in options:
                    how = {**current, name: option}
                    times[option] = min(times[option], timed(lambda: run(how))[0])
            current[name] = min(times, key=times.get)
        return current

    def answer(self, command):
        match command["do"]:
            case "batch":
                self.load_batch(command)
                return {}
            case "tune-step":
                rows = self.ids.shape[0]
                self.gradients(self.train)
                micros = [n for n in (rows, rows // 2, rows // 4, rows // 8) if n >= 1]
                self.tune({**TRAIN_CHOICES, "micro": micros}, self.train, self.gradients)
                times = {}
                for kind in OPTIMIZERS:
                    self.make_optimizer(kind)
                    self.optimizer_step()
                    times[kind] = min(timed(self.optimizer_step)[0] for _ in range(3))
                best = min(times, key=times.get)
                self.make_optimizer(best)
                return {"choices": {**self.train, "optimizer": best}}
            case "check-step":
                loss = self.gradients(self.train)
                leaves = self.leaves(self.train)
                turned = self.train["linear"] == "linear" and self.weights_out_in or {}
                flat = [
                    (leaves[name].grad.t() if name in turned else leaves[name].grad).reshape(-1) for name in self.order
                ]
                torch.cat(flat).numpy().tofile(f"{self.folder}/peer-gradient.bin")
                return {"loss": loss}
            case "gradients":
                wall, cpu = timed(lambda: self.gradients(self.train))
                return {"wall": wall, "cpu": cpu}
            case "matmul":
                wall, cpu = timed(lambda: self.matmul(tuple(command["shape"]), command["repeats"]))
                return {"wall": wall, "cpu": cpu}
            case "optimizer":
                wall, cpu = timed(self.optimizer_step)
                return {"wall": wall, "cpu": cpu}
            case "prompts":
                self.load_prompts(command)
                return {}
            case "tune-decode":
                whole, self.new = self.new, self.new // 2
                self.decode(self.decoding)
                self.tune(DECODE_CHOICES, self.decoding, self.decode)
                self.new = whole
                return {"choices": self.decoding}
            case "check-decode":
                tokens, logprobs = self.decode(self.decoding, greedy=True)
                tokens.to(torch.int32).numpy().tofile(f"{self.folder}/peer-tokens.bin")
                logprobs.numpy().tofile(f"{self.folder}/peer-logprobs.bin")
                return {}
            case "decode":
                wall, cpu = timed(lambda: self.decode(self.decoding))
                return {"wall": wall, "cpu": cpu}
        raise ValueError(f"unknown command {command['do']}")


def timed(work):
    """Milliseconds of wall-clock and of processor time."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3


def serve(kind):
    # Answers are lines on standard output; whatever a library prints goes beside them.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    versions = {"python": sys.version.split()[0], "torch": torch.__version__, "numpy": np.__version__}
    print(json.dumps({"versions": versions, "pid": os.getpid()}), file=answers, flush=True)
    peer = None
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if command["do"] == "start":
                peer = kind(command)
                reply = {}
            else:
                reply = peer.answer(command)
        except Exception as error:  # The parent names it; a traceback on this pipe would only hang it.
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=answers, flush=True)


if __name__ == "__main__":
    serve(Peer)
