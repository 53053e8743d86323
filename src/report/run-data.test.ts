import assert from "node:assert/strict";
import { it } from "node:test";
import { comparedMetrics } from "./chart-specs.ts";
import { compareSettings } from "./config-diff.ts";
import { ladderAt, ladderSteps } from "./ladder.ts";
import { runLooks } from "./run-colors.ts";
import { axisValues, metricLines, movedBy, type RunCurves, startsInRow } from "./run-curves.ts";

const no = Number.NaN;
const columns: Record<string, number[]> = {
  reward: [no, 0.2, 0.4, 0.6],
  num_tokens: [no, 100, no, 300],
  "time/step": [no, 60, 30, 90],
  "eval/accuracy": [0.1, no, 0.3, no],
  "eval/max/accuracy": [0.2, no, 0.5, no],
  "eval/max/0/accuracy": [0.4, no, 0.9, no],
  "eval/max/0/chance": [0.25, no, 0.25, no],
  "eval/max/2/accuracy": [0, no, 0.1, no],
  "eval/add/accuracy": [0, no, 0.1, no],
};
const curves: RunCurves = { steps: [0, 1, 2, 3], column: (key) => columns[key] };

it("puts curves against steps, tokens and minutes", () => {
  assert.deepEqual(axisValues(curves, "step"), [0, 1, 2, 3]);
  assert.deepEqual(axisValues(curves, "tokens"), [0, 100, 100, 300]);
  assert.deepEqual(axisValues(curves, "minutes"), [0, 1, 1.5, 3]);
  assert.ok(axisValues({ steps: [0, 1], column: () => undefined }, "tokens").every(Number.isNaN));
  const plain = metricLines(curves, "reward", "step", 0)!;
  assert.deepEqual([plain.last, plain.line.y], [0.6, columns["reward"]]);
  const smooth = metricLines(curves, "reward", "step", 0.5)!;
  assert.ok(smooth.last < 0.6 && smooth.last > 0.4);
  assert.deepEqual(smooth.raw.y, columns["reward"], "what was logged stays beside it");
  assert.equal(metricLines(curves, "kl", "step", 0), null);
});

it("stands runs in a row, each where the one before it ended", () => {
  const silent: RunCurves = { steps: [1, 2], column: () => undefined };
  const runs = [{ curves }, { curves: silent }, { curves }];
  assert.deepEqual(startsInRow(runs, "step"), [0, 3, 5]);
  assert.deepEqual(startsInRow(runs, "tokens"), [0, 300, 300], "without tokens it takes no room");
  const moved = movedBy(metricLines(curves, "reward", "step", 0.5)!, 5);
  assert.deepEqual(
    [moved.raw.x, moved.line.x],
    [
      [5, 6, 7, 8],
      [5, 6, 7, 8],
    ],
  );
  assert.deepEqual(moved.raw.y, columns["reward"]);
});

it("reads the ladder at an evaluation, with chance, and of older runs the families alone", () => {
  assert.deepEqual(ladderSteps(curves), [0, 2]);
  const rung = { problems: null, chance: null };
  assert.deepEqual(ladderAt(curves, Object.keys(columns), 2), [
    { family: "add", accuracy: 0.1, rungs: [] },
    {
      family: "max",
      accuracy: 0.5,
      rungs: [
        { ...rung, level: 0, accuracy: 0.9, first: 0.4, chance: 0.25 },
        { ...rung, level: 2, accuracy: 0.1, first: 0 },
      ],
    },
  ]);
});

it("compares settings: only what differs, by rung, with defaults, and a recipe that is not there", () => {
  const recipe = (rate: number, weight: number, more: object = {}) => ({
    name: "r1-zero",
    description: String(rate),
    seed: 0,
    stages: [
      { kind: "reinforce", learningRate: rate, problems: [{ family: "max", level: 1, weight }], schedule: {}, ...more },
    ],
  });
  const a = { recipe: recipe(0.1, 0.5, { klWeight: 0.01 }), defaults: { klWeight: 0 } };
  const b = { recipe: recipe(0.2, 0.5), defaults: { klWeight: 0 } };
  assert.deepEqual(compareSettings([a, b], true), [
    { key: "learningRate", values: ["0.1", "0.2"], standard: null },
    { key: "klWeight", values: ["0.01", null], standard: "0" },
  ]);
  assert.deepEqual(
    compareSettings([a, b, { recipe: null, defaults: {} }], true).map(({ key }) => key),
    ["learningRate", "klWeight"],
  );
  const one = compareSettings([a, { recipe: null, defaults: {} }], false);
  assert.deepEqual(one.find(({ key }) => key === "problems.max 1")?.values, ["0.5", null]);
  assert.ok(one.some(({ key }) => key === "seed") && !one.some(({ key }) => key === "description"));
});

it("offers each metric once, named apart, and gives runs looks that new runs do not change", () => {
  const { main, more } = comparedMetrics(
    [...Object.keys(columns), "eval/chance", "rewards/own/mean", "recheck_share"],
    false,
  );
  const keys = [...main, ...more].map(({ key }) => key);
  assert.deepEqual(keys.slice(0, 2), ["eval/accuracy", "reward"]);
  assert.equal(new Set(keys).size, keys.length);
  assert.ok(keys.includes("rewards/own/mean") && keys.includes("eval/max/accuracy"));
  assert.ok(!keys.some((key) => /\/\d\//.test(key)), "levels are on the ladder");

  const names = Array.from({ length: 12 }, (_, i) => `run-${i}`);
  const looks = runLooks(names);
  assert.deepEqual(runLooks([...names, "newer"]).get("run-3"), looks.get("run-3"));
  assert.equal(new Set([...looks.values()].map((look) => JSON.stringify(look))).size, 12);
});
