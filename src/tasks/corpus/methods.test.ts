/** What holds for every way of working on paper, whatever the family. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { listTasks } from "../registry.ts";
import { sampleProblem, type Task } from "../task.ts";
import { calculate, worded } from "../trace/calculate.ts";
import { Pen } from "../trace/pen.ts";
import { WORDS } from "../trace/words.ts";
import { goldTrace } from "./gold.ts";
import { METHODS } from "./methods.ts";

const PROBLEMS = 60;

/** Searched and recalled, not calculated. */
const OTHERS = ["countdown", "puzzle24", "recall"];
/** Families whose second look sees that a right answer holds, but not every fault of a wrong one. */
const ONE_SIDED = ["maze"];
const calculated = listTasks().filter(({ name }) => !OTHERS.includes(name));

function problems(task: Task, level: number) {
  return Array.from({ length: PROBLEMS }, (_, index) =>
    sampleProblem(task, { seed: 21, index, level, split: index % 2 === 0 ? "train" : "heldout" }),
  );
}

test("every family that is calculated has a method, and no other has", () => {
  assert.deepEqual(Object.keys(METHODS).sort(), calculated.map(({ name }) => name).sort());
});

for (const task of calculated) {
  const method = METHODS[task.name]!;

  test(`${task.name}: clean solutions are right, end in their answer, and grow with the level`, () => {
    const means: number[] = [];
    for (let level = 0; level < task.levels; level++) {
      let length = 0;
      for (const problem of problems(task, level)) {
        const { thinking, answer } = goldTrace(problem, problem.language);
        assert.equal(task.verify(problem.facts, answer).score, 1, `${problem.prompt}\n${thinking}`);
        assert.ok(thinking.endsWith(problem.language === "en" ? `\nso ${answer}` : `\nalso ${answer}`), thinking);
        length += thinking.length / PROBLEMS;
      }
      means.push(length);
    }
    for (const [level, mean] of means.entries()) {
      assert.ok(level === 0 || mean > 0.95 * means[level - 1]!, `level ${level}: ${means.join(" ")}`);
    }
    assert.ok(means.at(-1)! > 1.2 * means[0]!, means.join(" "));
  });

  test(`${task.name}: the most careless writer comes to an end, in the same notation`, () => {
    const care = {
      slip: 0.5,
      stumble: 0.5,
      stumbleSlip: 0.5,
      recheck: 1,
      catch: 1,
      again: 0.5,
      waitWord: 0.5,
      doubt: 0,
    };
    for (let level = 0; level < task.levels; level++) {
      for (const { facts, prompt } of problems(task, level)) {
        for (let seed = 0; seed < 8; seed++) {
          const pen = new Pen(Random.of(seed, "careless", prompt), "en", 0.5);
          const answer = calculate(method, facts, task.gold(facts), pen, care);
          assert.ok(pen.length < 600, `${pen.length} characters: ${pen.text}`);
          assert.doesNotMatch(pen.text, /NaN|undefined|null|Infinity|\de[+-]\d|\.|--|=\n|=$/, pen.text);
          assert.match(pen.text, /\nso \S[^\n]*(?:\n(?:wait )?check [^\n]+ yes)*$/, pen.text);
          assert.equal(typeof task.verify(facts, answer).score, "number");
        }
      }
    }
  });

  test(`${task.name}: a second look without slips knows right from wrong`, () => {
    let wrong = 0;
    for (let level = 0; level < task.levels; level++) {
      for (const { facts, prompt } of problems(task, level)) {
        const random = Random.of(9, "look", prompt);
        const miss = method.miss(facts, random);
        assert.equal(task.verify(facts, miss).score, 0, `${prompt} ${miss}`);
        const careless = method.work(facts, new Pen(random, "en", 0.3));
        for (const answer of [task.gold(facts), careless]) {
          const right = task.verify(facts, answer).score === 1;
          if (!right) wrong++;
          const look = method.check(facts, answer, new Pen(random, "en", 0));
          const { holds } = look;
          const text = worded(look.text, WORDS.en);
          if (right || !ONE_SIDED.includes(task.name)) assert.equal(holds, right, `${prompt} ${answer}: ${text}`);
          assert.equal(text, text.trim());
          assert.ok(text.length > 0 && text.length < 400, text);
        }
      }
    }
    assert.ok(wrong > PROBLEMS / 2, `${wrong}`);
  });
}
