"""Loads a folder that Reckon wrote with transformers and says what it sees, as one JSON object on standard output.

    python test/golden/checkpoint_load.py FOLDER REQUEST.json

The request holds `ids` [batch, sequence], `texts`, and `messages`. The model is saved again to FOLDER/again, so that the
weights can be compared bit for bit.
"""
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, request = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
model, info = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True, dtype="auto")
tokenizer = AutoTokenizer.from_pretrained(folder)
dtype = model.dtype
problems = {key: sorted(map(str, info[key])) for key in ["missing_keys", "unexpected_keys", "mismatched_keys"] if info.get(key)}
with torch.no_grad():
    logits = model.to(torch.float32)(torch.tensor(request["ids"])).logits
model.to(dtype).save_pretrained(folder / "again")
json.dump({
    "class": type(model).__name__,
    "dtype": str(dtype).removeprefix("torch."),
    "problems": problems,
    "logits": logits.flatten().tolist(),
    "encoded": [tokenizer(text, add_special_tokens=False)["input_ids"] for text in request["texts"]],
    "defaultEncoded": [tokenizer(text)["input_ids"] for text in request["texts"]],
    "chat": tokenizer.apply_chat_template(request["messages"], add_generation_prompt=True, tokenize=False),
    "eos": tokenizer.eos_token_id,
    "pad": tokenizer.pad_token_id,
    "generation": {"eos": model.generation_config.eos_token_id, "pad": model.generation_config.pad_token_id},
}, sys.stdout)
