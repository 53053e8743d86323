/** Models that were not made here as students: another tokenizer, without our special tokens; weights as small as can be. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { trainBpe } from "../model/bpe-train.ts";
import { saveCheckpoint } from "../model/hf-checkpoint.ts";
import { initialise } from "../model/initialise.ts";
import { parameterLayout, views } from "../model/parameters.ts";
import { RunDirectory } from "../runs/run-directory.ts";
import { SPECIAL_TOKENS, type Trace, traceLines } from "../tasks/index.ts";
import { loadOurs } from "./assemble.ts";
import { loadModelFolder, type RecipeInput, resolveRecipe, runRecipe } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-foreign-"));
after(() => rmSync(root, { recursive: true, force: true }));

const VOCABULARY = 280;
const END = "<|endoftext|>";
const sizes = { hiddenSize: 16, layers: 1, heads: 2, kvHeads: 1, headDim: 8, intermediateSize: 16, maxPositions: 512 };

/** A folder as others publish them. */
function published(architecture: "llama" | "qwen2", tieEmbeddings = true): string {
  const tokenizerJson = trainBpe(["Add 12 + 30 and so on."], {
    vocabSize: VOCABULARY,
    digits: "single",
    specials: [END],
  });
  const vocabSize = Object.keys(tokenizerJson.model.vocab).length + 1;
  const config = {
    ...{ architecture, vocabSize, ...sizes, ropeTheta: 10_000, rmsNormEps: 1e-5, tieEmbeddings },
    ...{ qkvBias: architecture === "qwen2", qkNorm: false },
  };
  const files = saveCheckpoint({ config, parameters: initialise(config, 1), tokenizerJson, dtype: "BF16" });
  const folder = join(root, tieEmbeddings ? architecture : `${architecture}-untied`);
  mkdirSync(folder);
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
  return folder;
}

const traces = Array.from(
  { length: 8 },
  (_, i): Trace => ({ id: String(i), prompt: `Add ${i} + 3.`, thinking: `${i}+3=${i + 3}`, answer: String(i + 3) }),
);
const data = join(root, "traces.jsonl");
writeFileSync(data, traceLines(traces));

async function taught(name: string, from: string, more: object = {}): Promise<string> {
  const stage: RecipeInput["stages"][number] = {
    ...{ kind: "supervise", from, data, problems: [{ family: "addition", level: 0, weight: 1 }], steps: 12 },
    ...{ tokensPerStep: 512, rowLength: 128, learningRate: 1e-2, schedule: { kind: "constant", warmup: 0 } },
    ...{ optimizer: { name: "adamw" }, evaluateProblems: 2, evaluateNewTokens: 8, ...more },
  };
  const recipe = resolveRecipe({ name, description: "", stages: [stage] });
  const run = RunDirectory.create(root, `run-${name}`, recipe);
  await runRecipe(recipe, run, { workers: 1 });
  await run.close();
  return run.path;
}

const lines = (...path: string[]): Record<string, unknown>[] =>
  readFileSync(join(...path), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

for (const architecture of ["llama", "qwen2"] as const) {
  test(`a ${architecture} without our special tokens gets them, learns from traces, and ends its answers by them`, async () => {
    const from = published(architecture);
    const before = await loadModelFolder(from);
    assert.ok(SPECIAL_TOKENS.every((token) => !before.tokenizer.specials.has(token)));
    const run = await taught(architecture, from);
    assert.ok(lines(run, "events.jsonl").some(({ code }) => code === "MODEL_TOKENS_ADDED"));
    const losses = lines(run, "metrics.jsonl").flatMap(({ loss }) => (typeof loss === "number" ? [loss] : []));
    assert.ok(losses.at(-1)! < losses[0]! - 1, `${losses[0]} falls to ${losses.at(-1)}`);
    const after = await loadModelFolder(join(run, "checkpoints", "step-12"));
    assert.equal(after.config.architecture, architecture);
    const ids = SPECIAL_TOKENS.map((token) => after.tokenizer.specialId(token)!);
    assert.equal(new Set(ids).size, SPECIAL_TOKENS.length);
    assert.ok(after.tokens.eos.includes(after.tokenizer.specialId("<|end|>")!));
    assert.deepEqual(after.tokenizer.encodePlain("Add 12 + 30"), before.tokenizer.encodePlain("Add 12 + 30"));
  });
}

test("with adapters the rows of the new tokens are learnt and no others, and a run that goes on knows which they are", async () => {
  for (const tied of [true, false]) {
    const from = tied ? join(root, "llama") : published("llama", false);
    const name = tied ? "lora-tied" : "lora-untied";
    const targets = tied ? ["q"] : ["q", "lm_head"];
    const run = await taught(name, from, { lora: { rank: 2, targets }, learningRate: 0.05, checkpointEvery: 6 });
    const losses = lines(run, "metrics.jsonl").flatMap(({ loss }) => (typeof loss === "number" ? [loss] : []));
    assert.ok(losses.at(-1)! < losses[0]! - 1, `${losses[0]} falls to ${losses.at(-1)}`);

    const { model: before, added } = await loadOurs(from);
    assert.deepEqual(new Set(added), new Set(SPECIAL_TOKENS));
    const after = await loadModelFolder(join(run, "checkpoints", "step-12"));
    const { hiddenSize, vocabSize } = after.config;
    const [rows, wereRows] = [after, before].map(({ config, parameters }) => {
      const own = views(parameterLayout(config), parameters).get("embedding")!;
      return Array.from({ length: vocabSize }, (_, token) =>
        own.subarray(token * hiddenSize, (token + 1) * hiddenSize).join(),
      );
    }) as [string[], string[]];
    const changed = rows.flatMap((row, token) => (row === wereRows[token] ? [] : [token]));
    // Where the output matrix is its own, a token that is never read has an embedding without a gradient.
    const learnt = SPECIAL_TOKENS.filter((token) => tied || !["<|pad|>", "<|end|>"].includes(token));
    const ids = learnt.map((token) => after.tokenizer.specialId(token)!);
    assert.deepEqual(
      changed,
      ids.sort((a, b) => a - b),
    );
    assert.equal(new Set(ids.map((id) => rows[id])).size, ids.length, "they are told from one another");

    // The same run, killed after its sixth step.
    const again = join(root, `run-${name}-again`);
    cpSync(run, again, { recursive: true });
    rmSync(join(again, "checkpoints", "step-12"), { recursive: true });
    const resumed = await RunDirectory.open(root, `run-${name}-again`);
    await runRecipe(resolveRecipe(resumed.recipe as RecipeInput), resumed, { workers: 1 });
    await resumed.close();
    const weights = (path: string): Buffer => readFileSync(join(path, "checkpoints", "step-12", "model.safetensors"));
    assert.ok(weights(again).equals(weights(run)));
  }
});
