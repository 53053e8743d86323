"""In which order ways of compiling are tried; without PyTorch, so that the order can be tested where there is none."""

AUTOTUNE = "max-autotune-no-cudagraphs"


def step_candidates(rows, micro, attention, fastest):
    """Ways of compiling a training step, from the choices of eager PyTorch on.

    `fastest` gives the fastest way that has compiled so far, None as long as there is none. What was found builds on
    itself, since the best attention depends on the compiler and the best micro-batch on the attention. Automatic tuning is
    last because it takes longest by far, and tunes only what has proved best.
    """
    first = {"mode": "default", "micro": micro, "attention": attention}
    yield first
    yield {**first, "attention": "manual" if attention == "sdpa" else "sdpa"}
    best = fastest() or first
    for other in (rows, rows // 2, rows // 4, rows // 8):
        if other >= 1 and other != micro:
            yield {**first, "attention": best["attention"], "micro": other}
    best = fastest() or first
    yield {"mode": AUTOTUNE, "micro": best["micro"], "attention": best["attention"]}
