import assert from "node:assert/strict";
import { test } from "node:test";
import { goldTrace } from "../corpus/gold.ts";
import { demoMix, sampleFromMix } from "../corpus/mix.ts";
import { smallMix } from "../corpus/small-mix.ts";
import { hostileAnswers } from "../hostile.ts";
import { getTask, listInstructions, listTasks } from "../registry.ts";
import { isHeldOut, type Language, type Problem, sampleProblem } from "../task.ts";
import { validateTask } from "../validate.ts";
import { asInstruction, instructionMix, solvedFamily } from "./index.ts";

const kinds = listInstructions().map((task) => asInstruction(task)!);
const problems = (count: number, split: "train" | "heldout" = "train", language?: Language): Problem[] =>
  kinds.flatMap((task) =>
    Array.from({ length: count }, (_, index) =>
      sampleProblem(task, { seed: 4, index, level: index % task.levels, split, ...(language ? { language } : {}) }),
    ),
  );

/** A right answer to another problem of the kind. */
function otherAnswer(family: string): (facts: unknown) => string {
  const task = getTask(family);
  return (facts) => {
    for (let index = 0; ; index++) {
      const other = sampleProblem(task, { seed: 9, index, level: index % task.levels, split: "train" });
      const gold = task.gold({ ...(other.facts as object), manner: (facts as { manner: number }).manner });
      if (task.verify(facts, gold).score === 0) return gold;
    }
  };
}

test("every kind is a sound family of its own beside those of reasoning, and hostile answers earn nothing", () => {
  assert.deepEqual(
    kinds.map(({ name }) => name),
    ["instruct-direct", "instruct-words", "instruct-list", "instruct-greeting", "instruct-recall"],
  );
  assert.ok(listTasks().every(({ name }) => !name.startsWith("instruct-")));
  for (const task of kinds) {
    assert.deepEqual(validateTask(task, { wrongAnswer: otherAnswer(task.name) }), [], task.name);
  }
});

test("clean replies are right and as they were told, in both languages; without thinking where none is wanted", () => {
  for (const language of ["en", "de"] as const) {
    for (const problem of problems(60, "train", language)) {
      const task = asInstruction(getTask(problem.family))!;
      const { thinking, answer } = goldTrace(problem, language);
      assert.equal(task.verify(problem.facts, answer).score, 1, `${problem.prompt} ${answer}`);
      assert.equal(task.follows(problem, thinking, answer).score, 1, `${problem.prompt} ${answer}`);
      const atOnce = ["instruct-direct", "instruct-greeting"].includes(problem.family);
      if (!atOnce) continue;
      assert.equal(thinking, "");
      assert.equal(task.follows(problem, "1+1=2", answer).score, 0, "thought nonetheless");
      assert.equal(task.follows(problem, " \n", answer).score, 1, "blanks are no thought");
    }
  }
});

test("an instruction can be followed with a wrong answer, and a right one can miss it", () => {
  const at = (family: string, level: number, language: Language, manner: number): Problem => {
    for (let index = 0; ; index++) {
      const problem = sampleProblem(getTask(family), { seed: 1, index, level, split: "train", language });
      if ((problem.facts as { manner: number }).manner === manner) return problem;
    }
  };
  const check = (problem: Problem, answer: string): readonly [right: number, followed: number] => {
    const task = asInstruction(getTask(problem.family))!;
    return [task.verify(problem.facts, answer).score, task.follows(problem, "", answer).score];
  };
  const german = at("instruct-words", 1, "de", 0);
  const sum = Number(getTask("addition").gold((german.facts as { facts: unknown }).facts));
  assert.match(german.prompt, /Antworte in Worten\.$/);
  assert.deepEqual(check(german, String(sum)), [0, 0]);
  assert.deepEqual(check(german, "dreitausendvier"), [0, 1]);
  const english = getTask("instruct-words").gold(german.facts);
  assert.deepEqual(check(german, english), [1, 0], "the number, in the wrong language");
  const list = at("instruct-list", 0, "en", 3);
  assert.match(list.prompt, /Use square brackets\.$/);
  const gold = getTask("instruct-list").gold(list.facts);
  assert.deepEqual(check(list, gold.replaceAll(",", ", ")), [1, 1]);
  assert.deepEqual(check(list, gold.slice(1, -1)), [0, 0]);
  assert.deepEqual(check(list, "[1,2]"), [0, 1]);
  const greeting = at("instruct-greeting", 1, "de", 0);
  const { name } = greeting.facts as { name: string };
  assert.deepEqual(check(greeting, `Hallo, ${name}!`), [1, 1]);
  assert.deepEqual(check(greeting, `Hello, ${name}!`), [1, 0]);
  assert.deepEqual(check(greeting, "Hallo!"), [0, 0]);
});

test("nothing hostile follows a list, a number in words, a greeting or a question of knowledge", () => {
  for (const problem of problems(6)) {
    if (problem.family === "instruct-direct") continue;
    const task = asInstruction(getTask(problem.family))!;
    const { answer } = goldTrace(problem, problem.language);
    for (const { name, answer: hostile } of hostileAnswers(problem.prompt, answer, "-")) {
      const { score, reason } = task.follows(problem, "", hostile);
      // A longer list, and a greeting or list that reads the same, are still in the form asked for.
      const inForm = ["gold twice", "gold twice, comma", "lower case", "upper case", "leading zero", "minus sign"];
      if (!inForm.includes(name) && !/enumeration/.test(name)) assert.equal(score, 0, `${problem.prompt}: ${name}`);
      assert.ok(reason !== "" && reason.length < 300);
    }
  }
});

test("no wording gives away what the family inside holds out", () => {
  let held = 0;
  for (const split of ["train", "heldout"] as const) {
    for (const problem of problems(40, split)) {
      if (problem.family === "instruct-greeting") continue;
      const { of, facts } = problem.facts as { of: string; facts: unknown };
      assert.equal(solvedFamily(problem), of);
      assert.equal(isHeldOut(getTask(of), facts), split === "heldout");
      held += split === "heldout" ? 1 : 0;
    }
  }
  assert.ok(held > 100);
  assert.equal(solvedFamily({ family: "addition", facts: { of: "x" } }), "addition");
});

test("a mix asks only for problems of families that the model has met", () => {
  const inside = (mix: typeof demoMix): Set<string> =>
    new Set(
      Array.from({ length: 300 }, (_, index) =>
        solvedFamily(sampleFromMix({ seed: 2, index, split: "train" }, instructionMix(mix))),
      ),
    );
  const known = new Set<string>([...demoMix.map(({ family }) => family), "instruct-greeting"]);
  for (const family of inside(demoMix)) assert.ok(known.has(family), family);
  assert.ok(inside(smallMix).has("filter"));
  assert.deepEqual(
    instructionMix([]).map(({ family }) => family),
    ["instruct-greeting", "instruct-greeting"],
  );
  const of = (mix: typeof demoMix): number[] =>
    instructionMix(mix).flatMap(({ family, level }) => (family === "instruct-recall" ? [level] : []));
  assert.deepEqual([of(demoMix), of(smallMix)], [[0], [0, 1, 2]]);
});
