import assert from "node:assert/strict";
import { test } from "node:test";
import { trainBpe } from "../model/bpe-train.ts";
import type { ModelConfig } from "../model/config.ts";
import { saveCheckpoint } from "../model/hf-checkpoint.ts";
import { initialise } from "../model/initialise.ts";
import { SPECIAL_TOKENS } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { restoreTrainer, trainerFiles } from "./checkpoint.ts";

const tokenizerJson = trainBpe(["12 + 34 = 46"], { vocabSize: 270, specials: SPECIAL_TOKENS });
const config: ModelConfig = {
  architecture: "llama",
  vocabSize: 270,
  hiddenSize: 8,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 6,
  intermediateSize: 12,
  ropeTheta: 10_000,
  rmsNormEps: 1e-5,
  tieEmbeddings: true,
  qkvBias: false,
  qkNorm: false,
  maxPositions: 64,
};
const parameters = initialise(config, 3);
const random = Random.of(1, "moments");
const moment = () => Float32Array.from(parameters, () => random.normal() * 10 ** random.int(-30, 3));
const optimizer = { first: moment(), second: moment(), step: 17 };

test("what a trainer saves comes back bit for bit: parameters, moments, reference and the loop's state", async () => {
  for (const reference of [undefined, initialise(config, 4)]) {
    const files = trainerFiles({
      config,
      parameters,
      ...(reference ? { reference } : {}),
      tokenizerJson,
      optimizer,
      trainer: { kind: "reinforce", state: { step: 5, tokens: 12 } },
      reckon: { recipe: "r1-zero", seed: 3 },
    });
    const back = await restoreTrainer(new Map([...files].map(([name, bytes]) => [name, bytes.slice()])));
    assert.deepEqual(back.model.config, config);
    assert.deepEqual(back.model.parameters, parameters);
    assert.deepEqual(back.reference, reference);
    assert.deepEqual(back.optimizer, optimizer);
    assert.deepEqual(back.trainer, { kind: "reinforce", state: { step: 5, tokens: 12 }, optimizerStep: 17 });
    assert.deepEqual(back.model.extra.reckon, { recipe: "r1-zero", seed: 3 });
    assert.equal(back.model.tokenizer.decode(back.model.tokenizer.encode("12 + 34")), "12 + 34");
  }
});

test("equal states are equal bytes", () => {
  const files = () =>
    trainerFiles({ config, parameters, tokenizerJson, optimizer, trainer: { kind: "pretrain" }, reckon: {} });
  assert.deepEqual(files(), files());
});

test("a model without a trainer's state is told apart from one to resume", async () => {
  const files = saveCheckpoint({ config, parameters, tokenizerJson, dtype: "F32" });
  await assert.rejects(restoreTrainer(files), (error: unknown) => {
    assert.ok(error instanceof ReckonError);
    assert.equal(error.code, "CHECKPOINT_NO_TRAINER");
    assert.match(error.message, /start a new run/);
    return true;
  });
});
