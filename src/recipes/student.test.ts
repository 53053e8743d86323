import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { trainBpe } from "../model/bpe-train.ts";
import { Tokenizer } from "../model/tokenizer.ts";
import { loadModelFolder } from "./assemble.ts";
import { distributionSchema, requireSameTokens, survives } from "./student.ts";

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

test("a trace that a tokenizer does not give back is told from one that it does", () => {
  const trace = { id: "a", prompt: "Add 12 + 30.", thinking: "12+30=42 → ok", answer: "42" };
  assert.ok(survives(trace, zero) && survives(trace, other), "bytes know every character");
  const json = zero.toJson() as { normalizer: unknown };
  const small = Tokenizer.fromJson({ ...json, normalizer: { type: "Lowercase" } });
  assert.deepEqual([survives(trace, small), survives({ ...trace, prompt: "add 12 + 30." }, small)], [false, true]);
});
