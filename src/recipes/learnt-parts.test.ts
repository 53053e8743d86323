/** Reward models and critics in real runs: trained from a file, opened as a judge, taken up again after a stop. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { RunDirectory } from "../runs/run-directory.ts";
import { gradedTraces, readTraces, traceLines } from "../tasks/index.ts";
import type { Metrics } from "../train/run-store.ts";
import { timeless } from "../train/testing.ts";
import { openRewardModel, type RecipeInput, resolveRecipe, runRecipe } from "./index.ts";
import { SHORT } from "./testing.ts";

const base = join(import.meta.dirname, "..", "..", "models", "base");
const folder = mkdtempSync(join(tmpdir(), "reckon-learnt-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const problems = [{ family: "addition", level: 0, weight: 1 }];

/** Runs a stage; `stopAt` asks it to stop after a step, and then it is resumed. @returns its folder */
async function run(
  name: string,
  stage: RecipeInput["stages"][number],
  stopAt = Number.POSITIVE_INFINITY,
): Promise<string> {
  const recipe = resolveRecipe({ name, description: "", seed: 3, stages: [stage] });
  const first: RunDirectory = RunDirectory.create(folder, name, recipe, {
    observer: {
      progress(step) {
        if (step >= stopAt) first.requestStop("pause");
      },
    },
  });
  await runRecipe(recipe, first, { workers: 2 });
  await first.close();
  if (stopAt !== Number.POSITIVE_INFINITY) {
    const again = await RunDirectory.open(folder, name);
    await runRecipe(resolveRecipe(again.recipe as RecipeInput), again, { workers: 1 });
    await again.close();
  }
  return first.path;
}

const metricsOf = (path: string): Metrics[] =>
  readFileSync(join(path, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Metrics);

let judge = "";
before(async () => {
  const rows = Array.from({ length: 60 }, (_, index) =>
    gradedTraces({ seed: 9, index, split: "train", problems }),
  ).flat();
  // Prompts without facts are held out by their text; of one row the thinking is missing.
  const bare = rows.map(({ facts, ...row }) => row);
  writeFileSync(join(folder, "rated.jsonl"), `{"prompt":"1","answer":"1"}\n${traceLines(bare)}`);
  const settings = { promptsPerStep: 2, evaluateEvery: 0, evaluatePrompts: 5 };
  const data = join(folder, "rated.jsonl");
  judge = join(
    await run("judge", { kind: "reward", ...SHORT, from: base, problems, data, broken: "skip", steps: 2, ...settings }),
    "checkpoints",
    "step-2",
  );
});

test("a reward model's folder says how it reads, how good it is, and what transformers needs to know", () => {
  const { architectures, id2label } = JSON.parse(readFileSync(join(judge, "config.json"), "utf8"));
  assert.deepEqual(architectures, ["LlamaForSequenceClassification"]);
  assert.deepEqual(Object.values(id2label), ["correctness", "clarity", "coherence", "completeness", "efficiency"]);
  const { reward, stage, parentHash } = JSON.parse(readFileSync(join(judge, "reckon.json"), "utf8"));
  assert.equal(stage, "reward");
  assert.match(parentHash, /^[0-9a-f]{64}$/);
  assert.deepEqual([reward.kind, reward.judges], ["ratings", "response"]);
  assert.ok(reward.evaluation["eval/pair_accuracy"] >= 0 && reward.reliability.length > 0);
  const events = readFileSync(join(folder, "judge", "events.jsonl"), "utf8");
  assert.match(events, /1 rows of .*rated.jsonl were left out: line 1: thinking is missing/);
});

test("PPO against it, stopped and resumed, ends with the same policy, critic and metrics", async () => {
  const stage = {
    kind: "reinforce",
    ...SHORT,
    from: base,
    problems,
    steps: 3,
    promptsPerStep: 2,
    samplesPerPrompt: 2,
    maxNewTokens: 48,
    evaluateProblems: 4,
    evaluateEvery: 3,
    rewards: { accuracy: 0, format: 0.1 },
    rewardModel: { from: judge, weight: 0.5 },
    ppo: { klReward: 0.01, critic: judge },
  } as const satisfies RecipeInput["stages"][number];
  const whole = await run("whole", stage);
  const stopped = await run("stopped", stage, 1);
  for (const file of ["model.safetensors", "critic.safetensors", "optimizer.safetensors"]) {
    const [a, b] = [whole, stopped].map((path) => readFileSync(join(path, "checkpoints", "step-3", file)));
    assert.ok(a!.equals(b!), file);
  }
  const rows = metricsOf(whole);
  assert.deepEqual(timeless(metricsOf(stopped)), timeless(rows));
  for (const row of rows.filter(({ step }) => step > 0) as Record<string, number>[]) {
    // The true accuracy stands beside the judge's opinion, and the reward is what the weights say.
    assert.ok(row["rewards/accuracy/mean"] !== undefined);
    const model = row["rewards/model/mean"];
    if (row["rewards/format/mean"] === 1)
      assert.ok(Math.abs(row["reward"]! - 0.1 - 0.5 * model!) < 1e-9, JSON.stringify(row));
  }
  const config = JSON.parse(readFileSync(join(whole, "checkpoints", "step-3", "config.json"), "utf8"));
  assert.deepEqual(config.architectures, ["LlamaForCausalLM"], "the policy stays a language model");
});

test("a judge with marks, stopped and resumed, is the same, and judges with its reader alone", async () => {
  const stage = {
    kind: "reward",
    ...{ ...SHORT, from: base, problems, marks: 0.05, steps: 2, promptsPerStep: 2 },
    ...{ evaluateEvery: 1, evaluatePrompts: 5 },
  } as const satisfies RecipeInput["stages"][number];
  const whole = await run("marked", stage);
  const stopped = await run("marked-stopped", stage, 1);
  const last = (path: string): string => join(path, "checkpoints", "step-2");
  for (const file of ["model.safetensors", "reader.safetensors", "optimizer.safetensors"]) {
    const [a, b] = [whole, stopped].map((path) => readFileSync(join(last(path), file)));
    assert.ok(a!.equals(b!), file);
  }
  assert.deepEqual(timeless(metricsOf(stopped)), timeless(metricsOf(whole)));
  const { reward, flops, tokens } = JSON.parse(readFileSync(join(last(whole), "reckon.json"), "utf8"));
  assert.equal(reward.marks, 0.05);
  const plain = JSON.parse(readFileSync(join(judge, "reckon.json"), "utf8"));
  assert.ok(Math.abs(flops / tokens - (4 / 3) * (plain.flops / plain.tokens)) < 1e-3 * (flops / tokens));

  // A judge that begins with a judge has that one's reader; one that had none cannot mark.
  const on = await run("marked-on", { ...stage, from: last(whole), steps: 1 });
  const readers = [join(on, "checkpoints", "step-1"), last(whole)].map((path) =>
    readFileSync(join(path, "reader.safetensors")),
  );
  assert.ok(readers[0]!.equals(readers[1]!));
  await assert.rejects(run("unmarked-on", { ...stage, from: judge }), { code: "REWARD_READER" });

  const texts = gradedTraces({ seed: 1, index: 0, split: "train", problems });
  const options = { workers: 1 };
  const events = { event() {} };
  const opened = await openRewardModel(last(whole), 1, 320, options, events);
  const opinions = await opened.opinions(texts);
  await opened.close();
  assert.ok(opinions.every((value) => value !== null && value > 0 && value < 1));
  const again = await openRewardModel(last(stopped), 1, 320, options, events);
  assert.deepEqual(await again.opinions(texts), opinions);
  await again.close();

  const missing = { code: "REWARD_READER" };
  rmSync(join(last(stopped), "reader.safetensors"));
  await assert.rejects(openRewardModel(last(stopped), 1, 320, options, events), missing);
  writeFileSync(join(last(stopped), "reader.safetensors"), "no tensors");
  await assert.rejects(openRewardModel(last(stopped), 1, 320, options, events), missing);
});

test("a language model is no judge, and a judge is no policy", async () => {
  const stage = {
    kind: "reinforce",
    ...SHORT,
    problems,
    steps: 1,
    promptsPerStep: 1,
    samplesPerPrompt: 2,
    maxNewTokens: 8,
    evaluateProblems: 1,
  } as const;
  await assert.rejects(run("no-judge", { ...stage, from: base, rewardModel: { from: base } }), {
    code: "REWARD_MODEL",
  });
  await assert.rejects(run("no-policy", { ...stage, from: judge }), { code: "MODEL_WRITES_NOT" });
});

test("graded traces are written as data, all or the good ones", async () => {
  const all = await run("graded", { kind: "graded", problems, prompts: 12 });
  const good = await run("good", { kind: "graded", problems, prompts: 12, least: 4.6 });
  const [every, best] = [all, good].map((path) => readTraces(readFileSync(join(path, "traces.jsonl"), "utf8")));
  assert.deepEqual([every!.faults, best!.faults], [[], []]);
  assert.ok(best!.traces.length > 0 && best!.traces.length < every!.traces.length);
  assert.ok(best!.traces.every(({ score }) => score === 1));
});
