/**
 * Reward models on a toy: a prompt is one of two digits, answers are letters, thoughts are a line or two, and only one letter is right.
 * Each loss must find out which; runs resume bit for bit; what a judge thinks reaches the reward.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuProvider } from "../graph/node.ts";
import { trainBpe } from "../model/bpe-train.ts";
import { initialise } from "../model/initialise.ts";
import { scoringModel } from "../model/scoring.ts";
import { Tokenizer } from "../model/tokenizer.ts";
import { SPECIAL_TOKENS, type Trace } from "../tasks/index.ts";
import { Random } from "../util/random.ts";
import { restoreTrainer, trainerFiles } from "./checkpoint.ts";
import { LocalCompute } from "./compute.ts";
import type { Judge } from "./judge.ts";
import { modelJudge } from "./model-judge.ts";
import { Optimizer } from "./optimizer.ts";
import { REWARD_START, type RewardSettings, type RewardState, trainReward } from "./reward.ts";
import { DEFAULT_ASPECTS, type RewardKind, type RewardReading, rewardItem, scoreNames } from "./reward-data.ts";
import { evaluateReward, type RewardEvaluation } from "./reward-model.ts";
import type { Rollout } from "./rollout.ts";
import {
  digitProblem,
  LETTERS,
  config as language,
  letterJudge,
  MemoryStore,
  rightLetter,
  runReinforce,
  timeless,
} from "./testing.ts";

const tokenizerJson = trainBpe(["0 1 2 3 4 a b c d e", "yes no"], { vocabSize: 264, specials: SPECIAL_TOKENS });
const tokenizer = Tokenizer.fromJson(tokenizerJson);
const provider = await cpuProvider();

/** Four answers to a digit. A thought of two lines names a letter in each; the second is the answer. */
function traces(seed: number, index: number): Trace[] {
  const random = Random.of(seed, "toy", index);
  const digit = random.int(0, 1);
  const right = rightLetter(digit);
  return random
    .shuffle(LETTERS)
    .slice(0, 4)
    .map((answer, i) => {
      const first = random.pick(LETTERS);
      const score = answer === right ? 1 : 0;
      const wrong = first !== right;
      return {
        id: `${index}/${i}`,
        prompt: String(digit),
        thinking: `${first}\n${answer}`,
        answer,
        score,
        ratings: { correctness: 1 + 4 * score, clarity: wrong ? 1 : 5 },
        steps: wrong ? [0] : [1, score],
      };
    });
}

const reading = (kind: RewardKind, judges: RewardReading["judges"] = "response"): RewardReading => ({
  kind,
  judges,
  aspects: DEFAULT_ASPECTS,
  reduce: "product",
});

const SETTINGS: Omit<RewardSettings, "loss"> = {
  steps: 150,
  promptsPerStep: 8,
  microBatchTokens: 256,
  learningRate: 0.01,
  schedule: { kind: "linear", warmup: 5 },
  checkpointEvery: 1000,
  evaluateEvery: 0,
};

async function run(how: RewardReading, changes: Partial<RewardSettings> = {}, store = new MemoryStore()) {
  const body = scoringModel({ config: language, parameters: initialise(language, 1) }, scoreNames(how.kind));
  const compute = new LocalCompute(provider, { config: body.config, shards: 2, positions: 32, packed: false });
  const optimizer = await Optimizer.create(provider, body.config, { name: "adamw" });
  compute.buffers.parameters.set(body.parameters);
  const settings: RewardSettings = { ...SETTINGS, ...changes, loss: how.kind };
  let state: RewardState = { ...REWARD_START };
  const latest = await store.latestCheckpoint();
  if (latest) {
    await store.rewind(latest.step);
    const restored = await restoreTrainer(latest.files);
    assert.deepEqual(restored.model.config, body.config);
    compute.buffers.parameters.set(restored.model.parameters);
    optimizer.state.first.set(restored.optimizer.first);
    optimizer.state.second.set(restored.optimizer.second);
    optimizer.state.step = restored.optimizer.step;
    state = { ...(restored.trainer["state"] as RewardState) };
  }
  const heldOut = Array.from({ length: 40 }, (_, index) => traces(99, index));
  let evaluation: RewardEvaluation | undefined;
  const evaluate = async () => {
    evaluation = await evaluateReward(compute, tokenizer, heldOut, how);
    return evaluation;
  };
  await trainReward(settings, state, {
    compute,
    optimizer,
    store,
    item: (index) => rewardItem(tokenizer, traces(7, index), how, 32),
    evaluate: async () => (await evaluate()).metrics,
    async save(now) {
      const files = trainerFiles({
        config: body.config,
        parameters: compute.buffers.parameters,
        tokenizerJson,
        optimizer: optimizer.state,
        trainer: { state: { ...now } },
        reckon: {},
      });
      await store.saveCheckpoint(now.step, files);
    },
  });
  const { metrics, reliability } = await evaluate();
  const parameters = compute.buffers.parameters.slice();
  await compute.close();
  await optimizer.release();
  return { store, metrics, reliability, parameters };
}

test("pairs: the right letter is preferred, and how sure the model is means something", async () => {
  const { store, metrics, reliability } = await run(reading("pairs"), { evaluateEvery: 75 });
  assert.ok(Math.abs(store.curve("loss")[0]! - Math.LN2) < 1e-5, "a head of zero tosses a coin");
  assert.equal(store.curve("accuracy")[0], 0.5);
  assert.ok(metrics["eval/pair_accuracy"]! > 0.93, `${metrics["eval/pair_accuracy"]}`);
  assert.ok(metrics["eval/calibration_error"]! < 0.1, `${metrics["eval/calibration_error"]}`);
  assert.ok(metrics["eval/best_of_group"]! > metrics["eval/mean_of_group"]! + 0.3);
  assert.ok(
    reliability.bins.every(({ from }) => from >= 0.5),
    "of two texts one is preferred",
  );
  assert.equal(store.curve("eval/pair_accuracy").length, 2);
});

test("pairs of answers alone: the thinking is not seen", async () => {
  const { metrics } = await run(reading("pairs", "answer"));
  // Clarity is of the thinking: what differs by it alone is a coin's toss, what differs by the answer is found.
  assert.ok(metrics["eval/best_of_group"]! > metrics["eval/mean_of_group"]! + 0.3);
});

test("binary: probabilities of being right, calibrated", async () => {
  const { metrics } = await run(reading("binary"));
  assert.ok(metrics["eval/best_of_group"]! > metrics["eval/mean_of_group"]! + 0.4);
  assert.ok(metrics["eval/calibration_error"]! < 0.1);
});

test("ratings: each aspect is foreseen, what nobody rated does not matter", async () => {
  const { metrics } = await run(reading("ratings"));
  assert.ok(metrics["eval/correctness/error"]! < 1.3, `${metrics["eval/correctness/error"]}`);
  assert.ok(metrics["eval/clarity/error"]! < 1.2, `${metrics["eval/clarity/error"]}`);
  assert.equal(metrics["eval/coherence/error"], undefined);
  assert.ok(metrics["eval/pair_accuracy"]! > 0.7, `${metrics["eval/pair_accuracy"]}`);
});

test("steps: the lines that are right are told from those that are not", async () => {
  const { metrics } = await run(reading("steps"));
  assert.ok(metrics["eval/step_accuracy"]! > 0.9, `${metrics["eval/step_accuracy"]}`);
});

test("a run that was stopped ends with the same parameters and metrics, bit for bit", async () => {
  const how = reading("ratings");
  const whole = await run(how, { steps: 6, evaluateEvery: 2 });
  const store = new MemoryStore();
  store.stopAfter = 3;
  await run(how, { steps: 6, evaluateEvery: 2 }, store);
  assert.equal(store.saved.at(-1)?.step, 3);
  store.stopAfter = Number.POSITIVE_INFINITY;
  const resumed = await run(how, { steps: 6, evaluateEvery: 2 }, store);
  assert.deepEqual(resumed.parameters, whole.parameters);
  assert.deepEqual(timeless(resumed.store.records), timeless(whole.store.records));
});

test("traces without what a loss reads end the run with its name", async () => {
  const compute = new LocalCompute(provider, {
    config: { ...language, scores: ["reward"] },
    shards: 1,
    positions: 32,
    packed: false,
  });
  const parts = {
    compute,
    optimizer: undefined as never,
    store: new MemoryStore(),
    item: () => undefined,
    save: async () => {},
  };
  await assert.rejects(trainReward({ ...SETTINGS, loss: "pairs" }, { ...REWARD_START }, parts), {
    code: "TRAIN_NO_RATINGS",
  });
  await compute.close();
});

const answered = (text: string, formatOk: boolean): Rollout => ({
  problem: digitProblem(0),
  segments: [],
  text,
  parsed: { formatOk, thinking: "t", answer: formatOk ? text : null, reason: "" },
  finish: "stop",
  length: 2,
});

test("a model's opinion joins the reward, apart from the score; what has no form is not shown to it", async () => {
  const shown: unknown[] = [];
  const judge = modelJudge(
    letterJudge,
    async (texts) => {
      shown.push(...texts);
      return texts.map(({ answer }) => (answer === "z" ? null : 0.75));
    },
    2,
  );
  const right = `${rightLetter(0)}<|end|>`;
  const judged = await judge([answered(right, true), answered("?", false), answered("z", true)]);
  assert.deepEqual(
    shown,
    [right, "z"].map((answer) => ({ prompt: "0", thinking: "t", answer })),
  );
  assert.deepEqual(
    judged.map(({ score, reward, rewards }) => [score, reward, rewards]),
    [
      [1, 2.5, { accuracy: 1, model: 0.75 }],
      [0, 0, { accuracy: 0, model: null }],
      [0, 0, { accuracy: 0, model: null }],
    ],
  );
});

test("of several models each is asked and named by itself, and one that counts late is not asked before", async () => {
  const asked: string[] = [];
  const opinions = (name: string, value: number) => async (texts: readonly unknown[]) => {
    asked.push(name);
    return texts.map(() => value);
  };
  const early = modelJudge(letterJudge, opinions("early", 0.5), 1, { name: "early" });
  const judge = modelJudge(early, opinions("late", 1), 0.25, { name: "late", after: 0.75 });
  const right = answered(`${rightLetter(0)}<|end|>`, true);
  const at = async (progress?: number) => {
    asked.length = 0;
    const [judged] = await judge([right], progress);
    return [judged!.score, judged!.reward, judged!.rewards, ...asked];
  };
  assert.deepEqual(await at(14 / 20), [1, 1.5, { accuracy: 1, early: 0.5 }, "early"]);
  const both = [1, 1.75, { accuracy: 1, early: 0.5, late: 1 }, "early", "late"];
  assert.deepEqual(await at(15 / 20), both);
  assert.deepEqual(await at(), both, "outside of a run all count");
  const twice = modelJudge(early, opinions("again", 1), 1, { name: "early", after: 0.9 });
  await assert.rejects(twice([right], 0), { code: "REWARD_INVALID" }, "told at the beginning");
});

test("a model that returns no number, or throws, earns nothing, as a rule that fails does, and the failure is named", async () => {
  const right = answered(`${rightLetter(0)}<|end|>`, true);
  const rollouts = [right, answered("?", false), answered("z", true)];
  const judged = async (opinions: () => Promise<(number | null)[]>) =>
    (await modelJudge(letterJudge, opinions, 2)(rollouts)).map(({ score, reward, rewards, failures }) => [
      ...[score, reward, rewards["model"], failures],
    ]);
  const failed = (message: string) => [{ name: "model", message }];
  assert.deepEqual(await judged(async () => [Number.NaN, 0.5]), [
    [1, 1, null, failed("it returned NaN")],
    [0, 0, null, undefined],
    [0, 1, 0.5, undefined],
  ]);
  assert.deepEqual(await judged(async () => [Number.NEGATIVE_INFINITY]), [
    [1, 1, null, failed("it returned -Infinity")],
    [0, 0, null, undefined],
    [0, 0, null, failed("it returned undefined")],
  ]);
  const thrown = async (): Promise<never> => {
    throw new Error("no room");
  };
  assert.deepEqual(await judged(thrown), [
    [1, 1, null, failed("no room")],
    [0, 0, null, undefined],
    [0, 0, null, failed("no room")],
  ]);
  // Failures of two models, and of the rules, stand beside each other.
  const both = modelJudge(modelJudge(letterJudge, thrown, 1, { name: "a" }), thrown, 1, { name: "b" });
  assert.deepEqual(
    (await both([right]))[0]!.failures?.map(({ name }) => name),
    ["a", "b"],
  );
  const called = AbortSignal.abort();
  await assert.rejects(
    judged(async () => called.throwIfAborted() as never),
    { name: "AbortError" },
  );
});

test("a judge that always fails does not end a run, which says so as of any reward, and learns from the rules alone", async () => {
  const judging =
    (opinion: () => number): Judge =>
    (rollouts, progress) =>
      modelJudge(
        letterJudge,
        async (texts) => texts.map(opinion),
        1,
      )(
        rollouts.map((rollout) => ({ ...answered(rollout.text, true), problem: rollout.problem })),
        progress,
      );
  const judges = [
    judging(() => Number.NaN),
    judging(() => {
      throw new Error("no room");
    }),
  ];
  const byRules = await runReinforce(provider, { steps: 2 });
  for (const [i, judge] of judges.entries()) {
    const { store, parameters } = await runReinforce(provider, { steps: 2 }, { judge });
    const told = store.events.filter(({ code }) => code === "REWARD_FAILED");
    assert.match(
      told[0]!.message,
      i === 0 ? /^reward model failed: it returned NaN$/ : /^reward model failed: no room$/,
    );
    assert.deepEqual(
      told.map(({ level, message }) => [level, /(\d+)th/.exec(message)?.[1] ?? "1"]),
      ["1", "10", "100"].map((count) => ["warning", count]),
    );
    assert.deepEqual(parameters, byRules.parameters);
  }
});

test("in a run it counts from its share of the steps on, whenever the run was stopped", async () => {
  const judge = modelJudge(letterJudge, async (texts) => texts.map(() => 1), 0.5, { after: 0.5 });
  // Letters are not in the strict format: here every answer is shown as if it were.
  const shown: Judge = (rollouts, progress) =>
    judge(
      rollouts.map((rollout) => ({ ...answered(rollout.text, true), problem: rollout.problem })),
      progress,
    );
  const whole = await runReinforce(provider, { steps: 4 }, { judge: shown });
  const model = (store: MemoryStore) => store.records.map((record) => record["rewards/model/mean"]);
  assert.deepEqual(model(whole.store), [undefined, undefined, 1, 1]);
  for (const { reward, "rewards/accuracy/mean": accuracy, step } of whole.store.records as Record<string, number>[])
    assert.ok(Math.abs(reward! - accuracy! - (step! > 2 ? 0.5 : 0)) < 1e-9);
  const store = new MemoryStore();
  store.stopAfter = 3;
  await runReinforce(provider, { steps: 4 }, { judge: shown, store });
  store.stopAfter = Number.POSITIVE_INFINITY;
  const resumed = await runReinforce(provider, { steps: 4 }, { judge: shown, store });
  assert.deepEqual(resumed.parameters, whole.parameters);
  assert.deepEqual(model(store), model(whole.store));
});
