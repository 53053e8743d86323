import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuProvider } from "../graph/node.ts";
import type { Problem } from "../tasks/index.ts";
import { Random } from "../util/random.ts";
import {
  advanceCurriculum,
  type CurriculumSettings,
  type CurriculumState,
  curriculumMetrics,
  curriculumOdds,
  type JudgedGroup,
  mixedShare,
  type Odds,
} from "./curriculum.ts";
import type { Judge } from "./judge.ts";
import { digitProblem, letterJudge, MemoryStore, runReinforce, timeless } from "./testing.ts";

const provider = await cpuProvider();
const settings: CurriculumSettings = { halfLife: 10, floor: 0.05, prior: 2 };

const group = (family: string, level: number, right: number, of = 16): JudgedGroup => ({
  problem: { family, level },
  judgements: Array.from({ length: of }, (_, i) => ({ score: i < right ? 1 : 0 })),
});

test("a toy school: dead, easy and all-or-nothing rungs lose their weight, none starves, and lessons return", () => {
  /** Chance that an answer is right; by step, for a pupil who learns. */
  const rungs: Record<string, (random: Random, step: number) => number> = {
    dead: () => 0,
    easy: () => 0.995,
    even: () => 0.5,
    rare: () => 0.1,
    split: (random) => (random.chance(0.5) ? 1 : 0),
    learnt: (_, step) => Math.min(1, step / 150),
  };
  const names = Object.keys(rungs);
  let state: CurriculumState = {};
  const counts: Record<string, number>[] = [];
  for (let step = 0; step < 300; step++) {
    const odds = curriculumOdds(settings, state);
    const weights = names.map((name) => odds(name, 0));
    assert.ok(weights.every((weight) => weight >= 0.05 && weight <= 1));
    const groups = Array.from({ length: 12 }, (_, i) => {
      const random = Random.of(3, step, i);
      const name = random.weighted(names, weights);
      const p = rungs[name]!(random, step);
      return group(name, 0, Array.from({ length: 16 }, () => (random.chance(p) ? 1 : 0)).filter((x) => x === 1).length);
    });
    counts.push(
      Object.fromEntries(names.map((name) => [name, groups.filter((g) => g.problem.family === name).length])),
    );
    state = advanceCurriculum(settings, state, groups);
  }
  const share = (name: string, from: number, to: number): number =>
    counts.slice(from, to).reduce((sum, count) => sum + count[name]!, 0) / (12 * (to - from));
  for (const name of ["dead", "easy", "split"]) {
    assert.ok(share(name, 30, 300) < 0.5 * share("even", 30, 300), `${name}: ${share(name, 30, 300)}`);
    assert.ok(share(name, 30, 300) > 0.01, `${name} starves`);
  }
  assert.ok(share("rare", 30, 300) > share("dead", 30, 300));
  assert.ok(share("learnt", 60, 120) > 2 * share("learnt", 200, 300), "learnt in the middle, known in the end");
  const metrics = curriculumMetrics(settings, state);
  assert.ok(Math.abs(metrics["curriculum/even/0"]! - 0.5) < 0.1);
  assert.equal(metrics["curriculum/dead/0"], 0);
  assert.ok(Math.abs(metrics["curriculum/split/0"]! - 0.5) < 0.4, "at a rate of one half, and yet");
  assert.ok(metrics["curriculum_odds/split/0"]! < 0.6 && metrics["curriculum_odds/even/0"]! > 0.8);
});

test("evidence counts half after a half-life, and what is forgotten is unknown again", () => {
  const once = advanceCurriculum(settings, {}, [group("a", 1, 0), group("a", 1, 0), group("b/c", 0, 8)]);
  assert.deepEqual(once["a/1"], { groups: 2, solved: 0, spread: 0 });
  assert.ok(Math.abs(once["b/c/0"]!.spread - 16 / 15) < 1e-12, "unbiased");
  assert.deepEqual(curriculumMetrics(settings, once)["curriculum/b/c/0"], 0.5);
  assert.equal(curriculumOdds(settings, once)("a", 1), 0.5);
  assert.equal(curriculumOdds(settings, once)("a", 0), 1, "another level is another rung");
  let state = once;
  for (let step = 0; step < settings.halfLife; step++) state = advanceCurriculum(settings, state, []);
  assert.ok(Math.abs(state["a/1"]!.groups - 1) < 1e-12);
  for (let step = 0; step < 200; step++) state = advanceCurriculum(settings, state, []);
  assert.deepEqual(state, {});
  assert.deepEqual(once["a/1"], { groups: 2, solved: 0, spread: 0 }, "a state is never written over");
});

test("a group is mixed from 5 to 95 % of its score, ends included, in parts of points too", () => {
  const mixed = (right: number, of: number): number => mixedShare([group("a", 0, right, of)]);
  assert.deepEqual(
    [0, 1, 10, 19, 20].map((right) => mixed(right, 20)),
    [0, 1, 1, 1, 0],
  );
  assert.deepEqual(
    [1, 24].map((right) => mixed(right, 25)),
    [0, 0],
    "one of 25 is 4 %",
  );
  const partly = { problem: { family: "a", level: 0 }, judgements: [{ score: 0.5 }, { score: 0.5 }] };
  assert.equal(mixedShare([partly]), 1, "all earned the same, and yet neither solved nor not");
  assert.equal(mixedShare([partly, group("a", 0, 0), group("b", 1, 16), group("b", 1, 3)]), 0.5);
});

/** Level 0: the letters; level 1: never right; level 2: always right. */
const school = (drawn: number[]) => ({
  problem(index: number, odds?: Odds): Problem {
    const weights = [0, 1, 2].map((level) => odds?.("toy", level) ?? 1);
    const level = Random.of(9, index).weighted([0, 1, 2], weights);
    drawn.push(level);
    return { ...digitProblem(index), level };
  },
  judge: (async (rollouts) => {
    const judged = await letterJudge(rollouts);
    return judged.map((judgement, i) => {
      const { level } = rollouts[i]!.problem;
      const score = level === 0 ? judgement.score : level - 1;
      return { ...judgement, score, reward: score };
    });
  }) as Judge,
});

test("in a run, rungs that teach nothing are drawn less; without the setting nothing changes", async () => {
  const [steered, plain]: [number[], number[]] = [[], []];
  const run = { steps: 12, curriculum: settings };
  const { store } = await runReinforce(provider, run, school(steered));
  const free = await runReinforce(provider, { steps: 12 }, school(plain));
  const useful = (list: number[]): number => list.slice(40).filter((level) => level === 0).length / (list.length - 40);
  assert.ok(useful(steered) > 1.5 * useful(plain), `${useful(steered)} of ${useful(plain)}`);
  assert.equal(store.curve("curriculum/toy/1").at(-1), 0);
  assert.equal(store.curve("curriculum/toy/2").at(-1), 1);
  assert.ok(store.curve("curriculum_odds/toy/1").at(-1)! < 0.5);
  const sum = (curve: number[]): number => curve.slice(4).reduce((a, b) => a + b, 0);
  assert.ok(sum(store.curve("frac_reward_zero_std")) < sum(free.store.curve("frac_reward_zero_std")));
  assert.ok(sum(store.curve("frac_groups_mixed")) > 1.2 * sum(free.store.curve("frac_groups_mixed")));
  assert.deepEqual(
    Object.keys(free.store.records.at(-1)!).filter((key) => key.startsWith("curriculum")),
    [],
  );
});

test("stopped and continued, a run with a curriculum draws the same problems and ends with the same bits", async () => {
  for (const resample of [0, 2]) {
    const run = { steps: 8, curriculum: settings, resample };
    const expected: number[] = [];
    const whole = await runReinforce(provider, run, school(expected));
    const store = new MemoryStore();
    const drawn: number[] = [];
    let parameters = new Float32Array();
    for (const stopAfter of [1, 4, Number.POSITIVE_INFINITY]) {
      store.stopAfter = stopAfter;
      parameters = (await runReinforce(provider, run, { ...school(drawn), store })).parameters as typeof parameters;
    }
    assert.deepEqual(drawn, expected);
    assert.deepEqual(parameters, whole.parameters);
    assert.deepEqual(timeless(store.records), timeless(whole.store.records));
    assert.deepEqual(store.saved.at(-1), whole.store.saved.at(-1));
    const saved = JSON.parse(new TextDecoder().decode(store.saved.at(-1)!.files.get("trainer.json"))) as {
      state: { curriculum: CurriculumState };
    };
    assert.deepEqual(Object.keys(saved.state.curriculum).sort(), ["toy/0", "toy/1", "toy/2"]);
  }
});
