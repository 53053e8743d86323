import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCompletion } from "../tasks/index.ts";
import type { Evaluated, EvaluationSummary } from "../train/evaluate.ts";
import { evaluationMetrics, evaluationSample } from "./evaluation-metrics.ts";

const rung = { chance: 0.1, format: 1, tokens_mean: 10 };
const summary: EvaluationSummary = {
  n: 8,
  samples: 1,
  pass_at_1: 0.5,
  se: 0.1,
  pass_at_k: { "1": 0.5 },
  format: 1,
  accuracy_given_format: 0.5,
  chance: 0.1,
  tokens_mean: 10,
  tokens_right: 10,
  tokens_wrong: 10,
  recheck_share: 0.2,
  recovered: 0.4,
  went_on_share: 0.3,
  cut_share: 0,
  by_family_level: [
    { family: "addition", level: 0, n: 1, accuracy: 1, ...rung },
    { family: "addition", level: 1, n: 3, accuracy: 0, ...rung },
    { family: "max", level: 0, n: 4, accuracy: 0.75, ...rung },
  ],
};

test("families are means over their answers, and a share of nothing is left out", () => {
  const metrics = evaluationMetrics(summary);
  assert.deepEqual([metrics["eval/addition/accuracy"], metrics["eval/max/accuracy"]], [0.25, 0.75]);
  assert.deepEqual(
    ["accuracy", "chance", "problems"].map((what) => metrics[`eval/addition/1/${what}`]),
    [0, 0.1, 3],
  );
  assert.equal(metrics["eval/recovered"], 0.4);
  assert.ok(!("eval/recovered" in evaluationMetrics({ ...summary, recovered: 0, went_on_share: 0 })));
});

/** Three answers to each of some rungs, rung by rung in turn. */
function answersTo(rungs: number): Evaluated[] {
  return Array.from({ length: 3 * rungs }, (_, index): Evaluated => {
    const [level, round] = [index % rungs, Math.floor(index / rungs)];
    const text = `<think>${round}</think><answer>1</answer><|end|>`;
    return {
      rollout: {
        problem: { id: "x", family: "max", level, prompt: `${round}`, language: "en", facts: {}, chance: 0 },
        segments: [],
        text,
        parsed: parseCompletion(text),
        finish: "stop",
        length: 5,
      },
      judgement: { score: 1, reason: "", reward: 1, rewards: {} },
    };
  });
}

test("answers to the first problems of every rung are kept: of two while there are few rungs, else of one", () => {
  const kept = (rungs: number): [number, number, number] => {
    const records = evaluationSample(4, answersTo(rungs));
    assert.deepEqual(
      records.map(({ group }) => group),
      records.map((_, index) => index),
      "the first of each, in the order of the evaluation",
    );
    return [
      records.length,
      new Set(records.map(({ level }) => level)).size,
      new Set(records.map((r) => r.prompt)).size,
    ];
  };
  assert.deepEqual(kept(16), [32, 16, 2]);
  assert.deepEqual(kept(48), [96, 48, 2]);
  assert.deepEqual(kept(78), [78, 78, 1]);
  assert.deepEqual(kept(300), [300, 300, 1]);
});
