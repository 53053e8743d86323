import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Random } from "../util/random.ts";
import { SPECIAL_TOKENS, trainBpe } from "./bpe-train.ts";
import { Tokenizer } from "./tokenizer.ts";

interface Reference {
  readonly tokenizer: {
    readonly model: { readonly vocab: Record<string, number>; readonly merges: [string, string][] };
  };
  readonly ids: number[][];
  readonly plain: number[][];
  readonly kept: string[];
  readonly skipped: string[];
  readonly broken: string[];
}
const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/fixtures/tokenizer-trained.json", import.meta.url), "utf8"),
) as { texts: string[]; hard: string[]; single: Reference; pairs: Reference };

for (const digits of ["single", "pairs"] as const) {
  test(`the merges and ids of the reference trainer are learnt, digits ${digits}`, () => {
    const ours = trainBpe(golden.texts, { vocabSize: 400, digits });
    const reference = golden[digits].tokenizer;
    assert.deepEqual(ours.model.merges, reference.model.merges);
    assert.deepEqual(ours.model.vocab, reference.model.vocab);
  });

  test(`hard texts are encoded and decoded as by the reference, digits ${digits}`, () => {
    const reference = golden[digits];
    for (const file of [trainBpe(golden.texts, { vocabSize: 400, digits }), reference.tokenizer]) {
      const tokenizer = Tokenizer.fromJson(file);
      for (const [i, text] of golden.hard.entries()) {
        const ids = reference.ids[i]!;
        const what = JSON.stringify(text);
        assert.deepEqual(tokenizer.encode(text), ids, what);
        assert.deepEqual(tokenizer.encodePlain(text), reference.plain[i], what);
        assert.equal(tokenizer.decode(ids, { keepSpecial: true }), reference.kept[i], what);
        assert.equal(tokenizer.decode(ids), reference.skipped[i], what);
        assert.equal(tokenizer.decode(ids.slice(1, -1), { keepSpecial: true }), reference.broken[i], what);
      }
    }
  });
}

test("digits in pairs line up with the units", () => {
  const tokenizer = Tokenizer.fromJson(trainBpe(["12 34 1212 3434 56 7 89"], { vocabSize: 280, digits: "pairs" }));
  const cut = (text: string) => tokenizer.encodePlain(text).map((id) => tokenizer.decode([id]));
  assert.deepEqual(cut("1212"), ["12", "12"]);
  assert.deepEqual(cut("51234"), ["5", "12", "34"]);
  assert.deepEqual(cut("x 3412,7"), ["x", " ", "34", "12", ",", "7"]);
});

test("the same texts give the same file, and special tokens in them teach nothing", () => {
  const random = Random.of(5, "bpe");
  const texts = Array.from(
    { length: 200 },
    () => `sum ${random.int(0, 99)} and ${random.pick(["so", "then", "wait"])}\n`,
  );
  const one = trainBpe(texts, { vocabSize: 320 });
  assert.deepEqual(trainBpe(texts, { vocabSize: 320 }), one);
  const wrapped = texts.map((text) => `<|user|>${text}<|assistant|><think></think><|end|>`);
  assert.deepEqual(trainBpe(wrapped, { vocabSize: 320 }), one);
  assert.ok(!one.model.merges.some(([left, right]) => (left + right).includes("think")));
});

test("a text with few pairs gives a smaller vocabulary", () => {
  const file = trainBpe(["ab"], { vocabSize: 512 });
  assert.deepEqual(file.model.merges, [["a", "b"]]);
  assert.equal(Tokenizer.fromJson(file).vocabSize, SPECIAL_TOKENS.length + 256 + 1);
});

test("a vocabulary without room for the bytes is refused", () => {
  assert.throws(() => trainBpe([], { vocabSize: 200 }), { code: "TOKENIZER_VOCAB_SIZE" });
});
