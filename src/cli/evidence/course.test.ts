import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { courseOf } from "./course.ts";

test("stages that are done are told with their seconds, and steps in which judges were asked with what these gave", async (t) => {
  const run = mkdtempSync(join(tmpdir(), "reckon-course-"));
  t.after(() => rmSync(run, { recursive: true, force: true }));
  const judged = [{ from: "stage:a", name: "helpful" }, { from: "stage:b" }];
  const stage = (name: string, state: string, seconds: number) => ({
    ...{ name, kind: "reinforce", key: null, state, folder: name, seconds },
  });
  const recipe = {
    stages: [
      { kind: "reinforce", name: "reason" },
      { kind: "reinforce", name: "rl", rewardModel: judged },
      { kind: "reinforce", name: "later", rewardModel: judged },
    ],
  };
  const stages = [stage("reason", "finished", 59.6), stage("rl", "finished", 30), stage("later", "paused", 1)];
  writeFileSync(join(run, "pipeline.json"), JSON.stringify({ recipe, stages }));
  for (const name of ["reason", "rl"]) mkdirSync(join(run, name));
  const line = (step: number, more: object): string =>
    `${JSON.stringify({ step, "rewards/accuracy/mean": 0.123456, ...more })}\n`;
  const asked = line(2, { "rewards/helpful/mean": 0.5, "rewards/model/mean": 0.98765 });
  writeFileSync(join(run, "rl", "metrics.jsonl"), line(1, {}) + asked + line(3, { "rewards/helpful/mean": 0.25 }));
  writeFileSync(join(run, "reason", "metrics.jsonl"), asked);
  assert.deepEqual(await courseOf(run), [
    { stage: "reason", kind: "reinforce", seconds: 59.6 },
    {
      ...{ stage: "rl", kind: "reinforce", seconds: 30 },
      opinions: [
        { step: 2, accuracy: 0.1235, opinions: { helpful: 0.5, model: 0.9877 } },
        { step: 3, accuracy: 0.1235, opinions: { helpful: 0.25 } },
      ],
    },
  ]);
});
