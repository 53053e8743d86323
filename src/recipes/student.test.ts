import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { trainBpe } from "../model/bpe-train.ts";
import { Tokenizer } from "../model/tokenizer.ts";
import { SPECIAL_TOKENS, type Trace } from "../tasks/index.ts";
import { loadModelFolder } from "./assemble.ts";
import { distributionSchema, requireSameTokens, traceFit } from "./student.ts";

const models = join(import.meta.dirname, "../../models");
const zero = (await loadModelFolder(join(models, "zero"))).tokenizer;
const base = (await loadModelFolder(join(models, "base"))).tokenizer;
const other = Tokenizer.fromJson(
  trainBpe(["Add 12 + 30 and so on"], { vocabSize: 280, digits: "single", specials: ["<|end|>"] }),
);

test("distributions can be compared between models of one tokenizer alone", () => {
  assert.equal(zero.differenceFrom(base), undefined);
  requireSameTokens(zero, base);
  assert.throws(() => requireSameTokens(zero, other), { code: "DISTIL_TOKENIZER", message: /768 and 267 tokens/ });
  const json = zero.toJson() as { model: { merges: unknown[] }; added_tokens: object[] };
  const merged = Tokenizer.fromJson({
    ...json,
    model: { ...json.model, merges: [...json.model.merges].reverse() },
  });
  assert.equal(zero.differenceFrom(merged), "the same tokens, but other merges");
  const added = Tokenizer.fromJson({
    ...json,
    added_tokens: json.added_tokens.map((token, i) => (i === 0 ? { ...token, lstrip: true } : token)),
  });
  assert.equal(zero.differenceFrom(added), "the same tokens, but other added_tokens");
  assert.deepEqual(distributionSchema.parse({ teacher: "zero" }), {
    ...{ teacher: "zero", top: 64, temperature: 1, weight: 0.5 },
  });
});

test("how traces fit a student: lengths in its tokens, what is too long for a row, what it lacks", () => {
  const traces: Trace[] = [
    { id: "a", prompt: "Add 12 + 30.", thinking: "12+30=42", answer: "42" },
    { id: "b", prompt: "Add 1 + 1.", thinking: "1+1=2\n".repeat(40), answer: "2" },
  ];
  const own = traceFit(traces, zero, 128);
  assert.deepEqual([own.traces, own.tooLong, own.lacking, own.changed], [2, 1, [], 0]);
  const lengths = traces.map(({ prompt, thinking, answer }) => {
    const text = `<|user|>${prompt}<|assistant|><think>${thinking}</think><answer>${answer}</answer><|end|>`;
    return zero.encode(text).length;
  });
  assert.equal(own.longestTokens, Math.max(...lengths));
  assert.equal(own.meanTokens, (lengths[0]! + lengths[1]!) / 2);
  assert.ok(own.tokensPerCharacter > 0.2 && own.tokensPerCharacter < 1, String(own.tokensPerCharacter));
  const foreign = traceFit(traces, other, 128);
  assert.deepEqual(
    foreign.lacking,
    SPECIAL_TOKENS.filter((token) => token !== "<|end|>"),
  );
  assert.ok(foreign.meanTokens > 0 && foreign.changed === 0);
  assert.equal(traceFit([], zero, 128).meanTokens, 0);
});
