import assert from "node:assert/strict";
import { test } from "node:test";
import { ReckonError } from "../util/errors.ts";
import { verifyInteger } from "./answers.ts";
import { getTask, listTasks } from "./registry.ts";
import { defineTask, isHeldOut, sampleProblem } from "./task.ts";
import { validateTask } from "./validate.ts";

const double = defineTask<{ n: number }>({
  name: "double",
  sample: (random) => ({ n: random.int(0, 999) }),
  prompt: ({ n }) => `Double ${n}.`,
  verify: ({ n }, answer) => verifyInteger(answer, 2 * n),
  gold: ({ n }) => String(2 * n),
});

test("a task of one's own needs five parts and passes the validation", () => {
  assert.equal(double.levels, 1);
  assert.deepEqual(validateTask(double, { wrongAnswer: () => "-1" }), []);
});

test("the validation finds a verifier that throws, that is too kind, and a wrong gold answer", () => {
  const throws = defineTask({
    ...double,
    verify: (facts: { n: number }, answer) => (answer.length > 99 ? JSON.parse("{") : double.verify(facts, answer)),
  });
  const kind = defineTask({
    ...double,
    verify: ({ n }: { n: number }, answer) => ({ score: answer.includes(String(2 * n)) ? 1 : 0, reason: "found" }),
  });
  const mistaken = defineTask({ ...double, gold: ({ n }: { n: number }) => String(2 * n + 1) });
  for (const [task, fault] of [
    [throws, /throw/],
    [kind, /hostile answer "gold twice" scores 1/],
    [mistaken, /gold answer/],
  ] as const) {
    assert.ok(
      validateTask(task, { wrongAnswer: () => "-1" }).some((sentence) => fault.test(sentence)),
      String(fault),
    );
  }
});

test("a draw is a function of seed, index, level and split alone", () => {
  const task = getTask("countdown");
  const request = { seed: 3, index: 5, level: 0, split: "heldout" } as const;
  const problem = sampleProblem(task, request);
  assert.deepEqual(sampleProblem(task, request), problem);
  assert.notDeepEqual(sampleProblem(task, { ...request, index: 6 }).facts, problem.facts);
  assert.notDeepEqual(sampleProblem(task, { ...request, seed: 4 }).facts, problem.facts);
  assert.equal(sampleProblem(task, { ...request, language: "de" }).prompt.startsWith("Bilde "), true);
  assert.deepEqual(sampleProblem(task, { ...request, language: "de" }).facts, problem.facts);
});

test("the splits are disjoint and about one problem in eight is held out", () => {
  for (const task of listTasks()) {
    if (task.name === "recall") continue;
    const level = 0;
    const seen = { train: new Set<string>(), heldout: new Set<string>() };
    let heldOut = 0;
    for (let index = 0; index < 400; index++) {
      for (const split of ["train", "heldout"] as const) {
        const { facts } = sampleProblem(task, { seed: 1, index, level, split });
        assert.equal(isHeldOut(task, facts), split === "heldout");
        seen[split].add(task.canonical(facts));
      }
    }
    for (const canonical of seen.heldout) assert.equal(seen.train.has(canonical), false);
    for (const canonical of seen.train) if (isHeldOut({ ...task, canonical: () => `${canonical}!` }, {})) heldOut++;
    assert.ok(Math.abs(heldOut / seen.train.size - 1 / 8) < 0.08, `${task.name}: ${heldOut} of ${seen.train.size}`);
  }
});

const rejects = (code: string) => (error: unknown) => error instanceof ReckonError && error.code === code;

test("mistakes are named", () => {
  const request = { seed: 0, index: 0, level: 0, split: "heldout" } as const;
  assert.throws(() => getTask("sums"), rejects("TASK_UNKNOWN"));
  assert.throws(() => sampleProblem(double, { ...request, level: 1 }), rejects("TASK_LEVEL"));
  assert.throws(() => sampleProblem(double, { ...request, level: 0.5 }), rejects("TASK_LEVEL"));
  const single = defineTask({ ...double, sample: () => ({ n: 1 }) });
  const other = isHeldOut(single, { n: 1 }) ? "train" : "heldout";
  assert.throws(() => sampleProblem(single, { ...request, split: other }), rejects("TASK_SPLIT_EMPTY"));
  assert.throws(() => defineTask({ ...double, name: "My Task" }), rejects("TASK_INVALID"));
  assert.throws(() => defineTask({ ...double, levels: 0 }), rejects("TASK_INVALID"));
});
