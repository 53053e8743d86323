import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatCompletion, parseCompletion, SPECIAL_TOKENS } from "./format.ts";

test("the strict format is taken apart", () => {
  assert.deepEqual(parseCompletion("<think>21+5=26\nso</think><answer>26</answer><|end|>"), {
    formatOk: true,
    thinking: "21+5=26\nso",
    answer: "26",
    reason: "ok",
  });
  assert.equal(parseCompletion("<think></think><answer></answer><|end|>").formatOk, true);
});

test("every departure from the strict format is refused with a reason and without an answer", () => {
  const bad = [
    "",
    "<|end|>",
    "62<|end|>",
    "so 62",
    "<think>a</think><answer>1</answer>",
    " <think>a</think><answer>1</answer><|end|>",
    "<think>a</think> <answer>1</answer><|end|>",
    "<think>a</think>\n<answer>1</answer><|end|>",
    "<think>a</think><answer>1</answer> <|end|>",
    "<think>a</think><answer>1</answer><|end|> ",
    "<think>a</think><answer>1</answer><|end|><|end|>",
    "<think>a</think><answer>1</answer><answer>2</answer><|end|>",
    "<think>a</think><answer>1<answer>2</answer><|end|>",
    "<think>a</think><answer>1</answer></answer><|end|>",
    "<think>a<think>b</think><answer>1</answer><|end|>",
    "<think>a</think>b</think><answer>1</answer><|end|>",
    "<think>a</think><answer>1</think></answer><|end|>",
    "<think>a</think><answer><think>1</answer><|end|>",
    "<think><answer>0</answer></think><answer>1</answer><|end|>",
    "<think><answer>a</think><answer>1</answer><|end|>",
    "<answer>1</answer><think>a</think><|end|>",
    "<think>a<answer>1</answer><|end|>",
    "<answer>1</answer><|end|>",
    "</think><answer>1</answer><|end|>",
    "<think>a</think><|end|>",
    "<think>a</think><answer>1<|end|>",
    "<think>a<|user|></think><answer>1</answer><|end|>",
    "<think>a<|end|></think><answer>1</answer><|end|>",
    "<think>a</think><answer>1<|pad|></answer><|end|>",
    "<|assistant|><think>a</think><answer>1</answer><|end|>",
    "<THINK>a</THINK><answer>1</answer><|end|>",
  ];
  for (const text of bad) {
    const parsed = parseCompletion(text);
    assert.equal(parsed.formatOk, false, text);
    assert.equal(parsed.answer, null, text);
    assert.notEqual(parsed.reason, "ok", text);
    assert.notEqual(parsed.reason, "", text);
  }
});

test("thinking can still be read from an unfinished completion", () => {
  assert.equal(parseCompletion("<think>21+5=26 3>29").thinking, "21+5=26 3>29");
  assert.equal(parseCompletion("<think>a</think><answer>1").thinking, "a");
});

test("random sequences of tags: accepted exactly when they are the format", () => {
  const piece = fc.constantFrom(...SPECIAL_TOKENS, "1", "", " ", "<", "think>");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const text = pieces.join("");
      // An independent, slow definition: one match, and no special token inside the blocks.
      const match = /^<think>([\s\S]*?)<\/think><answer>([\s\S]*?)<\/answer><\|end\|>$/.exec(text);
      const inside = match === null ? "" : `${match[1]}\0${match[2]}`;
      const expected = match !== null && SPECIAL_TOKENS.every((token) => !inside.includes(token));
      const parsed = parseCompletion(text);
      assert.equal(parsed.formatOk, expected);
      if (match !== null && expected) assert.deepEqual([parsed.thinking, parsed.answer], [match[1], match[2]]);
    }),
    { seed: 1, numRuns: 3000 },
  );
});

test("what is formatted is parsed back", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (thinking, answer) => {
      fc.pre(SPECIAL_TOKENS.every((token) => !(thinking + answer).includes(token)));
      const parsed = parseCompletion(`${formatCompletion(thinking, answer)}<|end|>`);
      assert.deepEqual([parsed.formatOk, parsed.thinking, parsed.answer], [true, thinking, answer]);
    }),
    { seed: 2 },
  );
});

test("megabytes of tags are refused", () => {
  for (const token of SPECIAL_TOKENS) {
    assert.equal(parseCompletion(token.repeat(200_000)).formatOk, false);
    assert.equal(parseCompletion(`${formatCompletion(token.repeat(200_000), "1")}<|end|>`).formatOk, false);
  }
  assert.equal(parseCompletion(`${formatCompletion("<".repeat(1_000_000), "1")}<|end|>`).formatOk, true);
});
