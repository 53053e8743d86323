"""TRL's GRPOTrainer on the CPU as the peer of `reckon bench grpo`: one whole step at a time, when it is told to.

The same checkpoint, prompts, group size, number of new tokens, reward, loss and optimiser as ours, single precision. One
way of running it (micro-batch, generation path, compiler) is one process: {"do": "start", …} makes the trainer, and each
{"do": "step"} lets it take one step and answers with its seconds. It follows TRL's documentation on speed: no gradient
checkpointing, no reference model, one generation for the whole batch, SDPA, the fused optimiser.
"""

import json
import os
import resource
import sys
import time
import traceback
import warnings

STARTED = time.time()
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", os.path.join(os.environ.get("RECKON_BENCH_FOLDER", "/tmp"), "inductor"))
warnings.filterwarnings("ignore")

# Answers are lines on standard output; whatever a library prints goes beside them.
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import accelerate
import torch
import transformers
import trl
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

IMPORTED = time.time()


def say(reply):
    print(json.dumps(reply), file=ANSWERS, flush=True)


def commands():
    for line in sys.stdin:
        yield json.loads(line)


def characters(completions, **_):
    """From the characters of an answer: cheap, and hardly ever the same twice in a group."""
    return [sum(ord(c) for c in text) % 1009 / 1009 for text in completions]


class Turns(TrainerCallback):
    """Reports after each step, and waits until the next one is asked for."""

    def __init__(self, trainer):
        self.trainer = trainer

    def on_step_end(self, args, state, control, **_):
        now, cpu = time.perf_counter(), time.process_time()
        t = self.trainer
        say(
            {
                "wall": (now - t.began[0]) * 1e3,
                "cpu": (cpu - t.began[1]) * 1e3,
                "generate": t.generating * 1e3,
                "train": (now - t.began[0] - t.generating) * 1e3,
                "tokens": t.tokens,
                "rssMiB": peak(),
                "since": time.time() - STARTED,
            }
        )
        if state.global_step < args.max_steps:
            t.wait()


class Trainer(GRPOTrainer):
    def wait(self):
        command = next(self.asked, None)
        if command is None:
            os._exit(0)
        self.began = (time.perf_counter(), time.process_time())
        self.generating = 0.0
        self.tokens = 0

    def _generate_single_turn(self, *args, **kwargs):
        before = time.perf_counter()
        out = super()._generate_single_turn(*args, **kwargs)
        self.generating += time.perf_counter() - before
        self.tokens += sum(len(ids) for ids in out[0])
        return out


def peak():
    """Largest resident memory of this process so far (it has no others but compilers, which do not count), MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def start(command, asked):
    torch.set_num_threads(command["threads"])
    way = command["way"]
    tokenizer = AutoTokenizer.from_pretrained(command["model"])
    model = AutoModelForCausalLM.from_pretrained(command["model"], dtype=torch.float32, attn_implementation="sdpa")
    groups = command["prompts"]
    samples = command["samples"]
    total = len(groups) * samples
    micro = way["micro"]
    new = command["newTokens"]
    generation = {"min_new_tokens": new, "max_new_tokens": new}
    if way.get("continuous"):
        # Knows no least number of tokens: nothing may end an answer.
        generation = {"max_new_tokens": new, "eos_token_id": -1}
    config = GRPOConfig(
        output_dir=os.path.join(os.environ.get("RECKON_BENCH_FOLDER", "/tmp"), "trl"),
        use_cpu=True,
        bf16=False,
        fp16=False,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=total // micro,
        steps_per_generation=total // micro,
        num_generations=samples,
        max_completion_length=new,
        generation_kwargs=generation,
        temperature=1.0,
        top_p=1.0,
        top_k=0,
        beta=0.0,
        num_iterations=1,
        loss_type="grpo",
        learning_rate=command["learningRate"],
        lr_scheduler_type="constant",
        optim=way.get("optimizer", "adamw_torch_fused"),
        max_grad_norm=1.0,
        gradient_checkpointing=False,
        disable_dropout=True,
        max_steps=command["steps"],
        logging_steps=1,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
        shuffle_dataset=False,
        seed=1,
        torch_compile=way.get("compile", False),
        cache_implementation=way.get("cache"),
        use_transformers_continuous_batching=way.get("continuous", False),
    )
    rows = [{"prompt": prompt} for prompt in groups] * command["steps"]
    trainer = Trainer(
        model=model,
        args=config,
        reward_funcs=characters,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )
    trainer.asked = asked
    trainer.add_callback(Turns(trainer))
    lengths = [len(tokenizer(text=prompt)["input_ids"]) for prompt in groups]
    say({"seconds": {"import": IMPORTED - STARTED, "load": time.time() - IMPORTED}, "promptTokens": sum(lengths)})
    trainer.wait()
    trainer.train()


def main():
    say(
        {
            "versions": {
                "python": sys.version.split()[0],
                "torch": torch.__version__,
                "transformers": transformers.__version__,
                "trl": trl.__version__,
                "accelerate": accelerate.__version__,
            }
        }
    )
    asked = commands()
    try:
        start(next(asked), asked)
    except Exception as error:
        traceback.print_exc()
        say({"error": f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"})
        os._exit(1)


main()
