/**
 * A tour of the whole system in a few seconds, in the order of the rooms: the best page to read first. Each part is the
 * real one, only small.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Generator } from "../src/generate/index.ts";
import { Graph, gradients, matmul, mul, sum } from "../src/graph/index.ts";
import { cpuProvider } from "../src/graph/node.ts";
import { trainBpe } from "../src/model/bpe-train.ts";
import { promptIds } from "../src/model/chat-template.ts";
import { type ModelConfig, validateConfig } from "../src/model/config.ts";
import { loadCheckpoint, saveCheckpoint } from "../src/model/hf-checkpoint.ts";
import { initialise } from "../src/model/initialise.ts";
import { Tokenizer } from "../src/model/tokenizer.ts";
import { resolveRecipe, runRecipe } from "../src/recipes/index.ts";
import { RunDirectory } from "../src/runs/run-directory.ts";
import { document, getTask, isHeldOut, parseCompletion, renderDocument, sampleProblem } from "../src/tasks/index.ts";
import { groupAdvantages } from "../src/train/advantages.ts";
import { Random } from "../src/util/random.ts";

const texts = Array.from({ length: 400 }, (_, i) => renderDocument(document(Random.of(1, "tour", i))));
const tokenizer = Tokenizer.fromJson(trainBpe(texts, { vocabSize: 320 }));
const config: ModelConfig = validateConfig({
  architecture: "llama",
  vocabSize: tokenizer.vocabSize,
  hiddenSize: 32,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 16,
  intermediateSize: 64,
  ropeTheta: 10_000,
  rmsNormEps: 1e-5,
  tieEmbeddings: true,
  qkvBias: false,
  qkNorm: false,
  maxPositions: 256,
});

test("util: a stream of random numbers is a pure function of its key", () => {
  const key = ["rollout", 3, 7] as const;
  assert.equal(Random.of(1, ...key).next(), Random.of(1, ...key).next());
  assert.notEqual(Random.of(1, ...key).next(), Random.of(2, ...key).next());
});

test("graph: build, differentiate, run", async () => {
  const graph = new Graph();
  const x = graph.input("x", ["rows", 2]);
  const w = graph.input("w", [2, 1]);
  const y = matmul(x, w);
  const loss = sum(mul(y, y), [0, 1]);
  const [dw] = gradients([{ tensor: loss }], [w]);
  graph.output("loss", loss);
  graph.output("dw", dw!);
  const provider = await cpuProvider();
  const session = await provider.session(graph);
  const out = { loss: provider.value(new Float32Array(1), []), dw: provider.value(new Float32Array(2), [2, 1]) };
  const feeds = {
    x: provider.value(Float32Array.of(1, 2, 3, 4), [2, 2]),
    w: provider.value(Float32Array.of(1, -1), [2, 1]),
  };
  await session.run(feeds, out);
  assert.deepEqual([...(out.loss.data as Float32Array)], [2]); // (1−2)² + (3−4)²
  assert.deepEqual([...(out.dw.data as Float32Array)], [-8, -12]); // 2·xᵀy
});

test("model: a checkpoint in Hugging Face's layout goes out and comes back", async () => {
  const parameters = initialise(config, 1);
  const files = saveCheckpoint({ config, parameters, tokenizerJson: tokenizer.toJson(), dtype: "F32" });
  const back = await loadCheckpoint({ get: async (name) => files.get(name) });
  assert.deepEqual(back.config, config);
  assert.deepEqual(back.parameters, parameters);
});

test("tasks: every problem has a gold answer that verifies, and a split that no reordering escapes", () => {
  const task = getTask("countdown");
  const problem = sampleProblem(task, { seed: 1, index: 0, level: 0, split: "heldout" });
  assert.equal(task.verify(problem.facts, task.gold(problem.facts)).score, 1);
  assert.equal(task.verify(problem.facts, "1+1").score, 0);
  assert.ok(isHeldOut(task, problem.facts));
  const parsed = parseCompletion("<think>20+1=21</think><answer>20+1</answer><|end|>");
  assert.deepEqual([parsed.formatOk, parsed.answer], [true, "20+1"]);
});

test("generate: a batch of completions with their log-probabilities", async () => {
  const generator = await Generator.create(await cpuProvider(), config, { maxPositions: 128 });
  const completions = await generator.generate({
    parameters: initialise(config, 1),
    prompts: [promptIds(tokenizer, "Add 47 + 38."), promptIds(tokenizer, "Max of 3, 9.")],
    samples: 3,
    maxNewTokens: 8,
    temperature: 1,
    stopTokens: [tokenizer.specialId("<|end|>")],
    seed: 1,
    key: ["tour"],
  });
  assert.equal(completions.length, 6);
  assert.ok(completions.every((c) => c.tokens.length >= 1 && c.logprobs.every((logprob) => logprob <= 0)));
  await generator.release();
});

test("train: what is better than its group is pushed up", () => {
  const advantages = groupAdvantages([1.1, 0.1, 0.1, 0], "group");
  assert.ok(advantages[0]! > 0 && advantages[3]! < advantages[1]!);
  assert.ok(Math.abs(advantages.reduce((a, b) => a + b, 0)) < 1e-9);
});

test("recipes and runs: pretrain a little, then reinforce what came out, each in a directory that can be resumed", async () => {
  const root = mkdtempSync(join(tmpdir(), "reckon-tour-"));
  try {
    const base = resolveRecipe({
      name: "tour-base",
      description: "a very small base",
      stages: [
        {
          kind: "pretrain",
          model: { hiddenSize: 32, layers: 2, heads: 2, kvHeads: 1, headDim: 16, intermediateSize: 64 },
          tokenizer: { vocabSize: 320, documents: 300 },
          steps: 12,
          tokensPerStep: 1024,
          learningRate: 0.01,
          schedule: { kind: "wsd", warmup: 2, decay: 0.5 },
          optimizer: { name: "muon" },
          evaluateEvery: 0,
        },
      ],
    });
    const first = RunDirectory.create(root, "base", base);
    const losses: number[] = [];
    const record = first.metrics.bind(first);
    first.metrics = (metrics) => {
      losses.push(metrics["loss"]!);
      record(metrics);
    };
    await runRecipe(base, first, { workers: 2 });
    await first.close();
    assert.ok(losses.at(-1)! < 0.8 * losses[0]!, `the loss went from ${losses[0]} to ${losses.at(-1)}`);

    const zero = resolveRecipe({
      name: "tour-zero",
      description: "reinforcement of the very small base",
      stages: [
        {
          kind: "reinforce",
          from: join(root, "base", "checkpoints", "step-12"),
          problems: [{ family: "max", level: 0, weight: 1 }],
          steps: 2,
          promptsPerStep: 4,
          samplesPerPrompt: 4,
          maxNewTokens: 24,
          learningRate: 1e-4,
          schedule: { kind: "constant", warmup: 0 },
          optimizer: { name: "adamw" },
          evaluateProblems: 8,
        },
      ],
    });
    const second = RunDirectory.create(root, "zero", zero);
    await runRecipe(zero, second, { workers: 2 });
    await second.close();
    assert.equal((await second.checkpoints.steps()).at(-1), 2);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
