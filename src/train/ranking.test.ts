/**
 * Choosing among answers: on answers made by hand, where every number can be told, and with reward models that were taught which
 * letter is right, where choosing must pay.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuProvider } from "../graph/node.ts";
import { initialise } from "../model/initialise.ts";
import { scoringModel } from "../model/scoring.ts";
import { formatCompletion, parseCompletion, type Trace } from "../tasks/index.ts";
import { Random } from "../util/random.ts";
import { LocalCompute } from "./compute.ts";
import { type Evaluated, summarise } from "./evaluate.ts";
import type { Judge } from "./judge.ts";
import { modelJudge, type Opinions } from "./model-judge.ts";
import { Optimizer } from "./optimizer.ts";
import { summariseRanking } from "./ranking.ts";
import { REWARD_START, trainReward } from "./reward.ts";
import { DEFAULT_ASPECTS, type RewardKind, type RewardReading, rewardItem, scoreNames } from "./reward-data.ts";
import { readRewards } from "./reward-model.ts";
import type { Rollout } from "./rollout.ts";
import { config, digitProblem, LETTERS, MemoryStore, rightLetter, tokenizer } from "./testing.ts";

function rollout(digit: number, thinking: string, answer: string): Rollout {
  const text = `${formatCompletion(thinking, answer)}<|end|>`;
  const problem = digitProblem(digit);
  return { problem, segments: [], text, parsed: parseCompletion(text), finish: "stop", length: 8 };
}

const rules: Judge = async (rollouts) =>
  rollouts.map(({ problem, parsed }) => {
    const score = parsed.answer?.trim() === rightLetter(problem.facts as number) ? 1 : 0;
    return { score, reason: "", reward: score, rewards: { accuracy: score } };
  });

async function judged(judge: Judge, rollouts: readonly Rollout[]): Promise<Evaluated[]> {
  const judgements = await judge(rollouts);
  return rollouts.map((given, i) => ({ rollout: given, judgement: judgements[i]! }));
}

test("answers by hand: the vote goes by number, the choice by rating, the weighted vote by both", async () => {
  // Right is b. What is said of an answer stands in its thinking.
  const said: Opinions = async (texts) => texts.map(({ thinking }) => (thinking === "?" ? null : Number(thinking)));
  const loose = { text: "b", parsed: parseCompletion("b") };
  const rollouts = [
    // The majority is wrong, and what is rated highest is right.
    ...[rollout(0, "0.2", "c"), rollout(0, "0.3", " c"), rollout(0, "0.9", "b"), rollout(0, "0.1", "e")],
    // A majority from the third answer on, the highest wrong, but together the right ones outweigh it.
    ...[rollout(0, "0.7", "a"), rollout(0, "0.5", "b"), rollout(0, "0.5", "b"), { ...rollout(0, "", ""), ...loose }],
  ];
  const answers = await judged(modelJudge(rules, said, 0), rollouts);
  const { votes, best_of_k, weighted_vote } = summariseRanking(answers, 4, true);
  assert.deepEqual(votes, { "1": 0, "2": 0, "4": 0.5 });
  assert.deepEqual(Object.keys(best_of_k!), ["1", "2", "4"]);
  // Of the six pairs of the first four the right one wins the three that it is in; of the second four the two with the loose
  // answer and the one of both right ones.
  for (const [k, wanted] of Object.entries({ 1: 3 / 8, 2: (3 / 6 + 3 / 6) / 2, 4: 1 / 2 }))
    assert.ok(Math.abs(best_of_k![k]! - wanted) < 1e-12, `${k}: ${best_of_k![k]}`);
  assert.equal(weighted_vote, 1);
  assert.equal(summarise(answers, 4).pass_at_1, 3 / 8, "what it says changes nothing about what is right");
});

test("without a reward model there are votes alone, and none where nothing can be read", async () => {
  const none = { ...rollout(0, "", ""), text: "b", parsed: parseCompletion("b") };
  const answers = await judged(rules, [rollout(0, "", "b"), none, none, none]);
  assert.deepEqual(summariseRanking(answers, 2, false), { votes: { "1": 0.5, "2": 0.5 } });
});

test("an answer that it could not read is taken only where there is no other", async () => {
  const said: Opinions = async (texts) => texts.map(({ thinking }) => (thinking === "long" ? null : 0.01));
  const answers = await judged(modelJudge(rules, said, 0), [rollout(0, "long", "b"), rollout(0, "short", "a")]);
  const { best_of_k, weighted_vote } = summariseRanking(answers, 2, true);
  assert.deepEqual([best_of_k, weighted_vote], [{ "1": 0.5, "2": 0 }, 0]);
});

test("by a reward model that failed nothing is chosen, and why is said", async () => {
  const rollouts = [rollout(0, "1", "b"), rollout(0, "?", "a")];
  const broken: readonly Opinions[] = [
    async (texts) => texts.map(({ thinking }) => Number(thinking)),
    async () => {
      throw new Error("no room");
    },
  ];
  for (const [i, said] of broken.entries()) {
    const answers = await judged(modelJudge(rules, said, 0), rollouts);
    assert.throws(() => summariseRanking(answers, 2, true), {
      code: "REWARD_FAILED",
      message: i === 0 ? /1 of 2 answers.*it returned NaN/ : /2 of 2 answers.*no room/,
    });
    assert.deepEqual(
      summariseRanking(answers, 2, false).votes,
      { "1": 1, "2": 1 },
      "the rules have judged all the same",
    );
  }
});

/** Thinking of two lines: the first is always right, the second is the answer. */
function trace(index: number, digit: number, answer: string): Trace {
  const right = rightLetter(digit);
  const score = answer === right ? 1 : 0;
  return {
    id: String(index),
    prompt: String(digit),
    thinking: `${right}\n${answer}`,
    answer,
    score,
    steps: [1, score],
  };
}

const provider = await cpuProvider();

/** Teaches a reward model for a few seconds. */
async function taught(kind: RewardKind): Promise<{ opinions: Opinions; close(): Promise<void> }> {
  const reading: RewardReading = { kind, judges: "response", aspects: DEFAULT_ASPECTS, reduce: "product" };
  const body = scoringModel({ config, parameters: initialise(config, 1) }, scoreNames(kind));
  const compute = new LocalCompute(provider, { config: body.config, shards: 2, positions: 32, packed: false });
  const optimizer = await Optimizer.create(provider, body.config, { name: "adamw" });
  compute.buffers.parameters.set(body.parameters);
  const settings = {
    loss: kind,
    steps: 120,
    promptsPerStep: 8,
    microBatchTokens: 256,
    learningRate: 0.01,
    schedule: { kind: "linear", warmup: 5 },
    checkpointEvery: 1000,
    evaluateEvery: 0,
  } as const;
  await trainReward(
    settings,
    { ...REWARD_START },
    {
      compute,
      optimizer,
      store: new MemoryStore(),
      item(index) {
        const random = Random.of(7, "ranking", index);
        const digit = random.int(0, 1);
        const answers = random.shuffle(LETTERS).slice(0, 4);
        return rewardItem(
          tokenizer,
          answers.map((answer) => trace(index, digit, answer)),
          reading,
          32,
        );
      },
      save: async () => {},
    },
  );
  await optimizer.release();
  const record = { ...reading, centre: 0 };
  return {
    opinions: async (texts) =>
      (await readRewards(compute, tokenizer, texts, record)).map((opinion) => opinion?.value ?? null),
    close: () => compute.close(),
  };
}

for (const kind of ["binary", "steps"] as const) {
  test(`${kind}: to take what a taught model rates highest beats chance and the majority, and never pass@k`, async () => {
    const { opinions, close } = await taught(kind);
    const random = Random.of(8, "answers");
    const rollouts = Array.from({ length: 40 * 4 }, (_, i) => {
      const digit = Math.floor(i / 4) % 2;
      const { thinking, answer } = trace(i, digit, random.pick(LETTERS));
      return rollout(digit, thinking, answer);
    });
    const answers = await judged(modelJudge(rules, opinions, 0), rollouts);
    await close();
    const { pass_at_1, pass_at_k } = summarise(answers, 4);
    const { votes, best_of_k, weighted_vote } = summariseRanking(answers, 4, true);
    const best = best_of_k!["4"]!;
    assert.ok(Math.abs(best_of_k!["1"]! - pass_at_1) < 1e-12);
    for (const k of ["2", "4"]) assert.ok(best_of_k![k]! <= pass_at_k[k]! + 1e-12);
    assert.ok(best > pass_at_1 + 0.25, `${best} of at most ${pass_at_k["4"]}, ${pass_at_1} by chance`);
    assert.ok(best > votes["4"]! + 0.15 && weighted_vote! > votes["4"]! + 0.15, `${votes["4"]} ${weighted_vote}`);
  });
}
