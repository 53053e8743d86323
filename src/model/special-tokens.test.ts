import assert from "node:assert/strict";
import { test } from "node:test";
import { trainBpe } from "./bpe-train.ts";
import { validateConfig } from "./config.ts";
import { type LoadedCheckpoint, loadCheckpoint, saveCheckpoint } from "./hf-checkpoint.ts";
import { initialise } from "./initialise.ts";
import { parameterLayout, views } from "./parameters.ts";
import { withSpecialTokens } from "./special-tokens.ts";
import { Tokenizer } from "./tokenizer.ts";

const WANTED = ["<|end|>", "<|user|>", "<think>"];

/** A model of strangers: an end token of its own, a row of padding, `<think>` as a token that is not special. */
function foreign(tieEmbeddings: boolean): LoadedCheckpoint {
  const json = trainBpe(["so it goes and so on"], { vocabSize: 270, digits: "single", specials: ["<eos>"] });
  const plain = Tokenizer.fromJson(json);
  const think = { id: plain.vocabSize, content: "<think>", special: false, single_word: false };
  const tokenizer = Tokenizer.fromJson({
    ...json,
    added_tokens: [...json.added_tokens, { ...think, lstrip: false, rstrip: false, normalized: false }],
  });
  const config = validateConfig({
    ...{ architecture: "llama", hiddenSize: 8, layers: 1, heads: 2, kvHeads: 1, headDim: 4, intermediateSize: 16 },
    ...{ tieEmbeddings, ropeTheta: 10_000, maxPositions: 64, rmsNormEps: 1e-5, qkvBias: false, qkNorm: false },
    vocabSize: tokenizer.vocabSize + 1,
  });
  const parameters = initialise(config, 3, {});
  const tokens = { eos: [tokenizer.specialId("<eos>")] } as unknown as LoadedCheckpoint["tokens"];
  return { config, parameters, tokenizer, tokens, extra: {} };
}

for (const tied of [true, false]) {
  test(`tokens get names and rows, everything else stays (${tied ? "tied" : "untied"} output)`, async () => {
    const before = foreign(tied);
    const { model, added } = withSpecialTokens(before, WANTED, "<|end|>");
    assert.deepEqual(added, ["<|end|>", "<|user|>"]);
    const { tokenizer, config } = model;
    const ids = WANTED.map((name) => tokenizer.specialId(name));
    const first = before.tokenizer.vocabSize;
    assert.deepEqual(ids, [first, first + 1, before.tokenizer.tokenId("<think>")]);
    assert.equal(config.vocabSize, first + 2);
    assert.deepEqual(tokenizer.encode("<|user|>so<think>"), [ids[1], ...before.tokenizer.encode("so"), ids[2]]);
    assert.deepEqual(tokenizer.encodePlain("<|user|>"), before.tokenizer.encodePlain("<|user|>"));

    const [old, now] = [
      views(parameterLayout(before.config), before.parameters),
      views(parameterLayout(config), model.parameters),
    ];
    for (const [name, values] of old) {
      if (name !== "embedding" && name !== "lmHead") assert.deepEqual(now.get(name), values, name);
    }
    const at = (name: string, vocabulary: number, token: number, h: number): number =>
      name === "embedding" ? token * 8 + h : h * vocabulary + token;
    for (const name of tied ? ["embedding"] : ["embedding", "lmHead"]) {
      for (let h = 0; h < 8; h++) {
        let mean = 0;
        for (let token = 0; token < first; token++) {
          const value = old.get(name)![at(name, before.config.vocabSize, token, h)]!;
          assert.equal(now.get(name)![at(name, config.vocabSize, token, h)], value);
          mean += value / first;
        }
        const eos = old.get(name)![at(name, before.config.vocabSize, before.tokens.eos[0]!, h)];
        assert.equal(now.get(name)![at(name, config.vocabSize, ids[0]!, h)], eos);
        assert.ok(Math.abs(now.get(name)![at(name, config.vocabSize, ids[1]!, h)]! - mean) < 1e-6);
      }
    }
    const files = saveCheckpoint({ ...model, tokenizerJson: tokenizer.toJson(), dtype: "F32" });
    const again = await loadCheckpoint({ get: async (name) => files.get(name) });
    assert.deepEqual(again.parameters, model.parameters);
    const twice = withSpecialTokens(again, WANTED, "<|end|>");
    assert.equal(twice.model, again);
    assert.deepEqual(twice.added, []);
  });
}
