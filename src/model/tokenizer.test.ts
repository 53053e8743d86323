import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ReckonError } from "../util/errors.ts";
import { SPECIAL_TOKENS, trainBpe } from "./bpe-train.ts";
import { Tokenizer } from "./tokenizer.ts";

const file = trainBpe(["the answer is 12, so 3 + 4 = 7\n", "Die Antwort ist größer als 5.\n", "the the the answer"], {
  vocabSize: 300,
});
const tokenizer = Tokenizer.fromJson(file);

/** A copy of the file with changes at the top level and in its model. */
function variant(model: Record<string, unknown>, top: Record<string, unknown> = {}): unknown {
  return { ...file, ...top, model: { ...file.model, ...model } };
}
const refused = (code: string) => (error: unknown) => error instanceof ReckonError && error.code === code;

test("special tokens have the first ids and are recognised in composed text", () => {
  assert.deepEqual(
    SPECIAL_TOKENS.map((name) => tokenizer.specialId(name)),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  const ids = tokenizer.encode("<|user|>3 + 4<|assistant|><think>7</think><answer>7</answer><|end|>");
  assert.deepEqual(
    ids.filter((id) => id < 8),
    [2, 3, 4, 5, 6, 7, 1],
  );
  assert.equal(tokenizer.decode(ids), "3 + 477");
  assert.equal(
    tokenizer.decode(ids, { keepSpecial: true }),
    "<|user|>3 + 4<|assistant|><think>7</think><answer>7</answer><|end|>",
  );
  assert.equal(tokenizer.vocabSize, 8 + 256 + file.model.merges.length);
});

test("each digit is a token, whatever stands around it", () => {
  const digits = tokenizer.encode("0123456789");
  assert.equal(digits.length, 10);
  assert.deepEqual(tokenizer.encode(" 77 = 7").filter((id) => id === digits[7]).length, 3);
});

test("plain text never gives a special id, and comes back as it was", () => {
  const pieces = fc.oneof(
    fc.constantFrom(...SPECIAL_TOKENS),
    fc.string({ unit: "grapheme" }),
    fc.constantFrom(" ", "\n"),
  );
  fc.assert(
    fc.property(fc.array(pieces), (parts) => {
      const text = parts.join("");
      const ids = tokenizer.encodePlain(text);
      assert.ok(ids.every((id) => id >= 8));
      assert.equal(tokenizer.decode(ids), text);
      assert.equal(tokenizer.decode(tokenizer.encode(text), { keepSpecial: true }), text);
    }),
    { seed: 2, numRuns: 300 },
  );
});

test("a vocabulary whose merges lead to a special token does not open the door", () => {
  const vocab = { ...file.model.vocab, "<t": 400, "<th": 401 };
  const merges = [["<", "t"], ["<t", "h"], ...file.model.merges];
  const added_tokens = [...file.added_tokens, { ...file.added_tokens[0], id: 401, content: "<th" }];
  const pre_tokenizer = {
    type: "Sequence",
    pretokenizers: [{ type: "ByteLevel", add_prefix_space: false, use_regex: false }],
  };
  for (const ignore_merges of [false, true]) {
    const top = { added_tokens, pre_tokenizer };
    const hostile = Tokenizer.fromJson(variant({ vocab, merges, ignore_merges }, top));
    assert.deepEqual(hostile.encode("<th"), [401]);
    for (const text of ["<th", "<th a <th"]) {
      assert.ok(!hostile.encodePlain(text).includes(401));
      assert.equal(hostile.decode(hostile.encodePlain(text)), text);
    }
  }
});

test("lone surrogates become U+FFFD, bytes that are not UTF-8 too", () => {
  assert.equal(tokenizer.decode(tokenizer.encode("a\ud800b\udc00")), "a\ufffdb\ufffd");
  const euro = tokenizer.encodePlain("€");
  assert.equal(tokenizer.decode(euro.slice(0, -1)), "\ufffd");
  assert.equal(new TextDecoder().decode(tokenizer.decodeBytes(euro)), "€");
});

test("ids without a token decode to nothing", () => {
  assert.equal(tokenizer.decode([99999, -1, 0.5, ...tokenizer.encode("so")]), "so");
  assert.equal(tokenizer.decode([]), "");
});

test("the cache of words does not change what comes out", () => {
  const texts = Array.from({ length: 300 }, (_, i) => `word${"x".repeat(i % 90)} ${i * 7919}\n`);
  const first = texts.map((text) => tokenizer.encode(text));
  const fresh = Tokenizer.fromJson(JSON.parse(JSON.stringify(file)));
  assert.deepEqual(
    texts.map((text) => fresh.encode(text)).reverse(),
    texts.toReversed().map((text) => tokenizer.encode(text)),
  );
  assert.deepEqual(
    texts.map((text) => tokenizer.encode(text)),
    first,
  );
});

test("added tokens take the spaces beside them, or only whole words, as they ask", () => {
  const base = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
  const added = [
    { ...base, id: 300, content: "[M]", lstrip: true, rstrip: true },
    { ...base, id: 301, content: "cat", single_word: true },
    { ...base, id: 302, content: "[M]M" },
  ];
  const other = Tokenizer.fromJson(variant({}, { added_tokens: added }));
  assert.deepEqual(other.encode("  [M]  "), [300]);
  assert.deepEqual(other.encode("[M]M"), [302]);
  assert.ok(other.encode("a cat.").includes(301));
  assert.ok(!other.encode("concat cats").includes(301));
});

test("malformed files are refused and nothing is built from them", () => {
  const cases: [unknown, string][] = [
    [null, "TOKENIZER_INVALID"],
    ["{}", "TOKENIZER_INVALID"],
    [{}, "TOKENIZER_INVALID"],
    [{ model: { type: "BPE" } }, "TOKENIZER_INVALID"],
    [variant({ vocab: [] }), "TOKENIZER_INVALID"],
    [variant({ vocab: {} }), "TOKENIZER_INVALID"],
    [variant({ vocab: { a: "1" } }), "TOKENIZER_INVALID"],
    [variant({ vocab: { a: 4e9 } }), "TOKENIZER_INVALID"],
    [variant({ vocab: { a: 1, b: 1 } }), "TOKENIZER_INVALID"],
    [variant({ vocab: { a: -1 } }), "TOKENIZER_INVALID"],
    [variant({ merges: "a b" }), "TOKENIZER_INVALID"],
    [variant({ merges: [["a"]] }), "TOKENIZER_INVALID"],
    [variant({ merges: ["a b", ["a", "b"]] }), "TOKENIZER_INVALID"],
    [variant({ type: "Unigram" }), "TOKENIZER_UNSUPPORTED"],
    [variant({}, { added_tokens: [{ id: 1e12, content: "x" }] }), "TOKENIZER_INVALID"],
    [variant({}, { added_tokens: [{ id: 1 }] }), "TOKENIZER_INVALID"],
    [variant({}, { pre_tokenizer: { type: "Nonsense" } }), "TOKENIZER_INVALID"],
    [variant({}, { pre_tokenizer: { type: "Sequence", pretokenizers: "x" } }), "TOKENIZER_INVALID"],
    [variant({}, { pre_tokenizer: { type: "Split", pattern: { Regex: "(" } } }), "TOKENIZER_INVALID"],
    [variant({}, { pre_tokenizer: { type: "Split", pattern: { Regex: "a".repeat(20_000) } } }), "TOKENIZER_INVALID"],
    [variant({}, { normalizer: 7 }), "TOKENIZER_INVALID"],
  ];
  for (const [json, code] of cases) {
    assert.throws(() => Tokenizer.fromJson(json), refused(code), JSON.stringify(json)?.slice(0, 80));
  }
  let nested: unknown = { type: "ByteLevel" };
  for (let depth = 0; depth < 20_000; depth++) nested = { type: "Sequence", pretokenizers: [nested] };
  assert.throws(() => Tokenizer.fromJson(variant({}, { pre_tokenizer: nested })), refused("TOKENIZER_INVALID"));
});

test("asking for a special token that is not there names those that are", () => {
  assert.throws(() => tokenizer.specialId("<|tool|>"), refused("TOKENIZER_NO_TOKEN"));
});
