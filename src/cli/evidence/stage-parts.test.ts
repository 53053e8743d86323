import assert from "node:assert/strict";
import { test } from "node:test";
import { RECIPES, resolveRecipe } from "../../recipes/index.ts";
import { meanError } from "../../util/statistics.ts";
import { type Distil, stepsAgain } from "./distil.ts";
import { distilSection } from "./distil-section.ts";
import { type Mixing, mixingSection } from "./mixing.ts";
import { stageKeys } from "./pipeline-models.ts";
import { difference, language, meanValue, pairedError } from "./stage-figures.ts";
import type { StageSettings } from "./stage-set.ts";
import { chosen, problemsOf, shares } from "./testing.ts";
import { type Thinking, thinkingSection } from "./thinking.ts";
import { transcriptsPage } from "./transcripts.ts";

const problems = problemsOf(["recall", "maze"], 50);

const settings = (seeds: readonly number[]): StageSettings => ({
  ...{ scale: "small", seeds, problems, instructions: 10, requests: 50 },
});
test("a stage's key follows from what it begins with, not from what comes after", () => {
  const keys = (set: readonly string[], base = "b") => {
    const recipe = resolveRecipe(RECIPES["r1"]!.tiny, set);
    return stageKeys(recipe, (where) => ({ key: where.includes("zero") ? "z" : base, open: async () => "" }));
  };
  const [plain, last, first, other] = [
    keys([]),
    keys(["stages.rl.steps=3"]),
    keys(["stages.cold.prompts=3"]),
    keys([], "c"),
  ];
  const changed = (than: ReadonlyMap<string, string>) => [...plain.keys()].filter((k) => plain.get(k) !== than.get(k));
  assert.deepEqual(changed(last), ["rl"]);
  assert.deepEqual(changed(first), [...plain.keys()]);
  assert.deepEqual(changed(other), ["start", "reason", "reject", "tune", "helpful", "harmless", "rl"]);
  assert.deepEqual(changed(keys(["seed=1"])), [...plain.keys()]);
});

test("R1 begins with the shipped models, for which others of the same kind stand in", () => {
  for (const scale of ["tiny", "small"] as const) {
    const { stages } = resolveRecipe(RECIPES["r1"]![scale]);
    for (const name of ["start", "reason", "tune", "rl"]) assert.ok(stages.some((stage) => stage.name === name));
    const models = stages.flatMap((stage) => ("from" in stage && stage.from !== undefined ? [stage.from] : []));
    const beginnings = models.filter((from) => !from.startsWith("stage:"));
    assert.deepEqual(beginnings, ["models/zero", "models/base", "models/base"]);
  }
});

test("values that some problems lack are compared where both have them", () => {
  const a = chosen({ right: shares(4, 0.5), language: [1, null, 0.5, 1] });
  const b = chosen({ right: shares(4, 1), language: [0.5, 0.5, null, 0.5] });
  const found = difference([[a, b]], language, "x");
  assert.deepEqual([found.a, found.b], [1, 0.5]);
  assert.ok(found.low === 0.5 && found.high === 0.5);
  assert.ok(Math.abs(meanValue(a, language) - 2.5 / 3) < 1e-12);
  const none = chosen({ right: [0], language: [null] });
  assert.ok(Number.isNaN(meanValue(none, language)) && Number.isNaN(difference([[none, none]], language, "x").a));
  assert.equal(pairedError(a, a), 0);
  const { mean, error } = meanError([1, 2, 3]);
  assert.ok(mean === 2 && Math.abs(error - 1 / Math.sqrt(3)) < 1e-12);
  assert.ok(Number.isNaN(meanError([1]).error));
});

test("thinking that hurts is told with its tokens, from the worst family to the best", () => {
  const free = chosen({ right: [...shares(50, 0.3), ...shares(50, 0.9)], tokens: 60 });
  const direct = chosen({ right: [...shares(50, 0.8), ...shares(50, 0.2)], tokens: 8 });
  const same = { free: direct, direct };
  const thinking: Thinking = {
    ...{ settings: settings([0]), plain: problems },
    seeds: [{ seed: 0, r1: { free, direct }, zero: same, told: same, taught: same }],
  };
  const section = thinkingSection(thinking);
  assert.match(
    section,
    /\| recall \| 50 \| 30\.0 % \| 80\.0 % \| −50\.0[^|]*\| 60\.0 \| 8\.0 \| 7\.5 × \| \*\*hurts\*\*† \|\n\| maze/,
  );
  assert.match(section, /Thinking hurts recall† \(52 more tokens\); is no better, [^;]* in none; [^;]* in none; helps/);
  assert.match(section, /Thinking hurts none; is no better, [^;]* in recall \(0 more tokens\), maze/);
  // One more of fifty: between nothing and six points.
  const unsure = { free: chosen({ right: [...shares(50, 0.82), ...shares(50, 0.9)] }), direct };
  const other = thinkingSection({
    ...thinking,
    seeds: [{ seed: 0, r1: unsure, zero: same, told: same, taught: same }],
  });
  assert.match(
    other,
    /Thinking hurts none; is no better, [^;]* in none; [^;]*not to be told apart\s+from none in recall/,
  );
});

test("a student is above its own reinforcement where it is so by two errors over seeds", () => {
  const counts = { sampled: 100, kept: 12_000 } as Distil["seeds"][number]["data"]["counts"];
  const data = { name: "", key: "", prompts: 50, sampledTokens: 1000, hash: "", counts };
  const seed = (n: number, student: number, reinforced: number, flops = 10) => ({
    ...{ seed: n, data, base: chosen({ right: shares(100, 0.1), training: { flops: 30 } }) },
    student: chosen({ right: shares(100, student), training: { flops: 10 } }),
    reinforced: chosen({ right: shares(100, reinforced), training: { flops } }),
  });
  const distil = (seeds: Distil["seeds"]): string =>
    distilSection(
      {
        ...{ settings: settings(seeds.map((one) => one.seed)), seeds },
        teacher: chosen({ right: shares(100, 0.8), parameters: 100, training: { flops: 99 } }),
        teacherBase: { steps: 1, seconds: 1, flops: 500, curve: [] },
      },
      () => undefined,
    );
  const above = distil([seed(0, 0.68, 0.5), seed(1, 0.72, 0.5), seed(2, 0.7, 0.52)]);
  assert.match(above, /over teacher[^\n]*\| 85\.0 %, 90\.0 %, 87\.5 % \| met by 0\.0 points/);
  assert.match(above, /two standard errors[^\n]*\+19\.3 points \| met by/);
  assert.match(above, /Distillation gives more/);
  assert.match(above, /\| 3\.00e\+1 \| 2\.00e\+5 \| 9\.90e\+1 \| 5\.00e\+2 \|/);
  assert.match(above, /From the\s+teacher to the distilled student it is −10\.0 \(/);
  const unsure = distil([seed(0, 0.7, 0.5), seed(1, 0.4, 0.6), seed(2, 0.6, 0.5, 9)]);
  assert.match(unsure, /two standard errors[^\n]*\*\*missed\*\*/);
  assert.match(unsure, /1\.00, 1\.00, 0\.90 \| \*\*missed\*\*/);
  assert.match(distil([seed(0, 0.7, 0.5)]), /of which one seed has none \| \+20\.0 points \| \*\*missed\*\*/);
});

test("a control that comes out too short or too long is run again with steps for a fifth more", () => {
  assert.equal(stepsAgain(100, 1), undefined);
  assert.equal(stepsAgain(100, 1.5), undefined);
  assert.equal(stepsAgain(100, 0.8), 150);
  assert.equal(stepsAgain(100, 2), 60);
});

test("what mixes languages and what unmixes them stand apart", () => {
  const m = (right: number, share: number) =>
    chosen({ right: shares(100, right), language: shares(100, 1).map(() => share), training: { flops: 3 } });
  const [base, waiting, zero, rewarded, start] = [m(0.2, 0.9), m(0.8, 0.6), m(0.8, 0.7), m(0.7, 0.99), m(0.6, 1)];
  const rows = { base, waiting, zero, rewarded, start } as Mixing["seeds"][number]["rows"];
  const counts = { sampled: 9, kept: 4 } as Mixing["seeds"][number]["cold"]["counts"];
  const cold = { name: "", key: "", prompts: 9, sampledTokens: 1000, hash: "", counts };
  const mixing: Mixing = { settings: settings([0, 1]), seeds: [0, 1].map((seed) => ({ seed, rows, cold })) };
  const section = mixingSection(mixing);
  assert.match(section, /\| zero without waits \| 80\.0 % \| 70\.0 % \| 70\.0 % \| 70\.0 % \| 0\.0 % \|/);
  assert.match(section, /the reward for one language \| zero without waits → the same with the reward \| \+29\.0/);
  assert.match(section, /\| zero, as it ships \| 80\.0 % \| 60\.0 % \|/);
  assert.match(section, /costs right answers, as DeepSeek-R1 found/);
  // Two trainings, and sampling at two operations a parameter and token.
  assert.match(section, /\| cold start alone \|[^\n]*\| 2\.01e\+3 \|/);
});

test("a transcript holds every part of the reward, and no text ends its block", () => {
  const answer = {
    model: "zero",
    text: "a ```` b",
    tokens: 3,
    score: 0,
    reason: "no\nnumber",
    rewards: { format: 0, length: null },
  };
  const page = transcriptsPage(
    { problems: [{ family: "maze", level: 1, prompt: "Go.", answers: [answer] }] },
    { command: "x", scale: "tiny", seed: 3 },
  );
  assert.match(
    page,
    /## maze 1\n\n```text\nGo\.\n```\n\n\*\*zero\*\*: not right \(no number\)\n\n`````text\na ```` b\n`````/,
  );
  assert.match(page, /at the scale `tiny`, seed 3\./);
  assert.match(page, /3 tokens; format 0, length –/);
});
