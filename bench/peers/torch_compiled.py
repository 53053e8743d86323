"""torch.compile (inductor) on the CPU as a second peer: the model of torch_peer.py, compiled.

Compilation is tried in several ways, as long as time is left; each try and what it took is reported, and the fastest is
kept. It needs a C++ compiler. Its cache is the caller's folder, so that compile times are those of a first run.
"""

import os
import sys
import time

# Before torch reads them: a cache of this process' own, compiled in this process.
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.path.join(os.environ.get("RECKON_BENCH_FOLDER", "/tmp"), "inductor"))

import torch
import torch._dynamo
import torch.nn.functional as F
from plans import AUTOTUNE, step_candidates
from torch_peer import Peer, serve, timed

# Several lengths of the cache and several weights layouts are compiled one after the other.
torch._dynamo.config.recompile_limit = 64

BUCKET = 32


class CompiledPeer(Peer):
    def __init__(self, command):
        super().__init__(command)
        self.compiled_loss = None
        self.compiled_step = None

    def tries(self, candidates, build, run, seconds):
        """Builds and times candidates until time is up; keeps the fastest: its work, its report, and all reports.

        `candidates` is given a function that says which report is the fastest so far, None while nothing has compiled.
        """
        end = time.monotonic() + seconds
        reports, best = [], None
        for candidate in candidates(lambda: best and best[2]):
            if best and time.monotonic() > end:
                reports.append({**candidate, "skipped": "out of time"})
                continue
            try:
                torch._dynamo.reset()
                work = build(candidate)
                started = time.perf_counter()
                run(work)
                first = time.perf_counter() - started
                run(work)
                took = min(timed(lambda: run(work))[0] for _ in range(2))
                report = {**candidate, "compileSeconds": round(first - took / 1e3, 2), "ms": round(took, 2)}
                if best is None or took < best[1]:
                    best = (work, took, report)
            except Exception as error:  # A mode that this machine cannot compile is a result as well.
                report = {**candidate, "failed": f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}"}
            reports.append(report)
        if best is None:
            raise RuntimeError(f"nothing compiled: {reports}")
        return best[0], best[2], reports

    # Training

    def compile_step(self, command):
        how = {**self.train, **{k: v for k, v in command["choices"].items() if k in self.train}}
        rows = self.ids.shape[0]

        def candidates(fastest):
            return step_candidates(rows, how["micro"] or rows, how["attention"], fastest)

        self.use(how)

        def build(candidate):
            chosen = {**how, "micro": candidate["micro"], "attention": candidate["attention"]}
            loss = torch.compile(super(CompiledPeer, self).loss, mode=candidate["mode"], dynamic=False)
            return chosen, loss

        def run(work):
            self.train, self.compiled_loss = work
            self.gradients(self.train)

        work, kept, reports = self.tries(candidates, build, run, command["seconds"])
        self.train, self.compiled_loss = work
        if "compileSeconds" not in reports[-1] or reports[-1] is not kept:
            torch._dynamo.reset()  # What was tried last has taken its place: once more, from the cache.
            self.compiled_loss = build(kept)[1]
            self.gradients(self.train)
        return {"kept": kept, "tries": reports, "choices": self.train}

    def loss(self, ids, targets, weights, how):
        compiled = self.compiled_loss or super().loss
        return compiled(ids, targets, weights, how)

    # Decoding

    def step_of(self, how, choice):
        """One token for all rows: softmax of the logits, keys and values written to their places."""
        c = self.c
        heads, kv, width = c["heads"], c["kvHeads"], c["headDim"]
        groups = heads // kv
        scale = width**-0.5

        def step(token, at, place, keys, values, cos, sin):
            rows = token.shape[0]
            length = keys[0].shape[2]
            if choice["cache"] == "exact":
                allowed = None
            else:
                allowed = torch.arange(length) <= place

            def attend(layer, q, k, v):
                q = self.turn(q, cos, sin, how["rope"])
                k = self.turn(k, cos, sin, how["rope"])
                if choice["cache"] == "exact":
                    keys[layer][:, :, at : at + 1] = k
                    values[layer][:, :, at : at + 1] = v
                    all_k, all_v = keys[layer][:, :, : at + 1], values[layer][:, :, : at + 1]
                else:
                    keys[layer].index_copy_(2, place, k)
                    values[layer].index_copy_(2, place, v)
                    all_k, all_v = keys[layer], values[layer]
                if how["attention"] == "sdpa":
                    return F.scaled_dot_product_attention(q, all_k, all_v, attn_mask=allowed, enable_gqa=groups > 1)
                scores = (q.reshape(rows, kv, groups, width) * scale) @ all_k.transpose(-1, -2)
                if allowed is not None:
                    scores = scores.masked_fill(~allowed, -1e9)
                return (scores.softmax(-1) @ all_v).reshape(rows, heads, 1, width)

            return self.logits(self.hidden(token, how, attend)[:, -1], how).softmax(-1)

        return step

    def compile_decode(self, command):
        how = {**self.decoding, **{k: v for k, v in command["choices"].items() if k in self.decoding}}
        self.use(how)
        self.decoding = how

        def candidates(_fastest):
            return [
                {"mode": "default", "cache": "buckets of 32"},
                {"mode": "default", "cache": "whole"},
                {"mode": "default", "cache": "exact"},
                {"mode": AUTOTUNE, "cache": "buckets of 32"},
            ]

        def build(candidate):
            dynamic = True if candidate["cache"] == "exact" else False
            step = torch.compile(self.step_of(how, candidate), mode=candidate["mode"], dynamic=dynamic)
            return candidate, step

        def run(work):
            self.compiled_step = work
            self.decode(how)

        work, kept, reports = self.tries(candidates, build, run, command["seconds"])
        torch._dynamo.reset()
        self.compiled_step = build(kept)
        self.decode(how)
        return {"kept": kept, "tries": reports, "choices": how}

    @torch.no_grad()
    def decode(self, how, greedy=False):
        if self.compiled_step is None:
            return super().decode(how, greedy)
        choice, compiled = self.compiled_step
        c, prompts = self.c, self.prompts
        rows, length = prompts.shape
        kv, width = c["kvHeads"], c["headDim"]
        groups = c["heads"] // kv
        end = -(-(length + self.new) // BUCKET) * BUCKET
        cos, sin = self.tables(end)
        shape = (rows, kv, end, width)
        whole = [(torch.zeros(shape), torch.zeros(shape)) for _ in range(c["layers"])]

        def prefill(layer, q, k, v):
            part = (cos[:length], sin[:length])
            q, k = self.turn(q, *part, how["rope"]), self.turn(k, *part, how["rope"])
            whole[layer][0][:, :, :length] = k
            whole[layer][1][:, :, :length] = v
            return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=groups > 1)

        tokens = torch.empty(rows, self.new, dtype=torch.long)
        logprobs = torch.empty(rows, self.new)
        p = self.logits(self.hidden(prompts, how, prefill)[:, -1], how).softmax(-1)
        for i in range(self.new):
            token = self.draw(p, how, greedy)
            tokens[:, i : i + 1] = token
            logprobs[:, i : i + 1] = p.gather(1, token).log()
            if i + 1 == self.new:
                break
            at = length + i
            bucket = -(-(at + 1) // BUCKET) * BUCKET if choice["cache"] == "buckets of 32" else end
            keys = [k[:, :, :bucket] for k, _ in whole]
            values = [v[:, :, :bucket] for _, v in whole]
            p = compiled(token, at, torch.tensor([at]), keys, values, cos[at : at + 1], sin[at : at + 1])
        return tokens, logprobs

    def answer(self, command):
        match command["do"]:
            case "compile-step":
                return self.compile_step(command)
            case "compile-decode":
                return self.compile_decode(command)
        return super().answer(command)


if __name__ == "__main__":
    if sys.version_info < (3, 10):
        sys.exit("Python 3.10 or newer is needed")
    serve(CompiledPeer)
