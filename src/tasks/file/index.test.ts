import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ReckonError } from "../../util/errors.ts";
import { hostileAnswers } from "../hostile.ts";
import { isHeldOut, sampleProblem } from "../task.ts";
import { validateTask } from "../validate.ts";
import { fileFamily } from "./index.ts";

const MARKET = readFileSync(join(import.meta.dirname, "fixtures", "market.jsonl"), "utf8");
const lines = (...rows: readonly (object | string)[]): string =>
  rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row))).join("\n");
const rejects = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof ReckonError && error.code === code && pattern.test(error.message);

test("a file like GSM8K is a sound family: levels, splits, gold answers, hostile answers", () => {
  const market = fileFamily(MARKET, { name: "market" });
  assert.deepEqual([market.rows.length, market.faults, market.levels], [14, [], 2]);
  assert.deepEqual(market.ladder, { level: [1, 2] });
  for (const { question, gold, line } of market.rows) {
    assert.equal(market.verify({ question, gold }, gold).score, 1, `line ${line}`);
    assert.equal(market.verify({ question, gold }, `$${gold} in all.`).score, 1, `line ${line}`);
    assert.equal(market.verify({ question, gold }, `${gold}1`).score, 0, `line ${line}`);
    assert.match(market.solution({ question, gold })!, /####/);
    for (const { name, answer } of hostileAnswers(question, gold, "999")) {
      const forgiven = ["boxed", "full stop", "plus sign", "decimal", "exponent"].includes(name);
      if (!forgiven) assert.equal(market.verify({ question, gold }, answer).score, 0, `line ${line}: ${name}`);
    }
  }
  const train = { seed: 1, index: 3, level: 1, split: "train" } as const;
  const problem = sampleProblem(market, train);
  assert.deepEqual(sampleProblem(market, train), problem);
  assert.deepEqual([problem.language, problem.chance, problem.level], ["en", 0, 1]);
  assert.equal(sampleProblem(market, { ...train, language: "de" }).language, "en", "there are no other prompts");
});

test("the file's own split holds; without one it is the hash of name and question", () => {
  const rows = Array.from({ length: 64 }, (_, i) => ({ problem: `What is ${i} + 1?`, solution: `\\boxed{${i + 1}}` }));
  const hashed = fileFamily(lines(...rows), { name: "sums" });
  const held = hashed.rows.filter(({ question, gold }) => isHeldOut(hashed, { question, gold })).length;
  assert.ok(held >= 2 && held <= 16, `${held} of 64`);
  assert.deepEqual(validateTask(hashed), []);

  const splits = ["train", "test", "validation", "dev", "heldout"];
  const named = fileFamily(lines(...rows.map((row, i) => ({ ...row, split: splits[i % 5] }))), { name: "sums" });
  const seen = { train: new Set<number>(), heldout: new Set<number>() };
  for (let index = 0; index < 300; index++) {
    for (const split of ["train", "heldout"] as const) {
      const { facts } = sampleProblem(named, { seed: 0, index, level: 0, split });
      const row = Number(/\d+/.exec(facts.question)![0]);
      assert.equal(row % 5 === 0, split === "train");
      assert.equal(isHeldOut(named, JSON.parse(JSON.stringify(facts))), split === "heldout");
      seen[split].add(row);
    }
  }
  assert.ok(seen.train.size > 10 && seen.heldout.size > 30, "every row has its turn");
});

test("a few rows of the other split among thousands are found, and none at all is said", () => {
  const rows = Array.from({ length: 3000 }, (_, i) => ({
    question: `What is ${i} + 1?`,
    answer: i + 1,
    split: "train",
  }));
  const request = { seed: 0, level: 0, split: "heldout" } as const;
  const few = fileFamily(lines(...rows, { question: "And 0 + 0?", answer: 0, split: "test" }), { name: "sums" });
  for (let index = 0; index < 20; index++) {
    assert.equal(sampleProblem(few, { ...request, index }).prompt, "And 0 + 0?");
    assert.match(sampleProblem(few, { ...request, index, split: "train" }).prompt, /^What/);
  }
  const none = fileFamily(lines(...rows.slice(0, 9)), { name: "sums" });
  assert.throws(
    () => sampleProblem(none, { ...request, index: 0 }),
    rejects("TASK_SPLIT_EMPTY", /name some of the other/),
  );
});

test("broken rows are named by their lines; they refuse the file, or are left out", () => {
  const good = { question: "1+1?", answer: "2" };
  const text = lines(
    good,
    "{",
    "",
    "[]",
    { question: "q" },
    { answer: "3" },
    { question: 7, answer: "3" },
    { question: "No mark?", answer: "a\nb" },
    { question: "Open box?", answer: "\\boxed{3" },
    { question: " 1+1? ", answer: "3" },
    { question: "Token?<|end|>", answer: "3" },
    { question: "Half?\ud800", answer: "3" },
    { question: "Null?", answer: null },
    { question: "Split?", answer: "3", split: "middle" },
    { question: "Level?", answer: "3", level: {} },
    { question: "x".repeat(10_001), answer: "3" },
    { question: "Unreadable?", answer: "\\," },
    { question: "Unwritable?", answer: "</answer>" },
    { question: "Number?", answer: 0.5 },
  );
  assert.throws(
    () => fileFamily(text, { name: "bad" }),
    rejects(
      "TASK_FILE_ROWS",
      /16 of 18 rows broken[\s\S]*line 2: not JSON; line 4: not a JSON object; line 5: .*and 11 more/,
    ),
  );
  const { rows, faults } = fileFamily(`\ufeff${text.replaceAll("\n", "\r\n")}`, { name: "bad", broken: "skip" });
  assert.deepEqual(
    rows.map(({ line, gold }) => [line, gold]),
    [
      [1, "2"],
      [19, "0.5"],
    ],
  );
  assert.deepEqual(
    faults.map(({ line }) => line),
    [2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
  );
  assert.match(faults[7]!.reason, /line 1/);
  assert.throws(() => fileFamily("\n", { name: "none", broken: "skip" }), rejects("TASK_FILE_ROWS", /no rows/));
  assert.throws(() => fileFamily(lines(good), { name: "Bad Name" }), rejects("TASK_INVALID", /name/));
});

test("fields by other names, levels as texts in their order, and levels that some rows lack", () => {
  const fields = { question: "q", answer: "a", level: "grade", split: "part" };
  const rows = ["Level 10", "Level 2", "Level 1", "Level 2"].map((grade, i) => ({
    q: `${i}?`,
    a: i,
    grade,
    part: "train",
  }));
  const family = fileFamily(lines(...rows), { name: "own", fields });
  assert.deepEqual(family.ladder, { level: ["Level 1", "Level 2", "Level 10"] });
  assert.equal(sampleProblem(family, { seed: 0, index: 0, level: 2, split: "train" }).prompt, "0?");
  assert.throws(
    () => sampleProblem(family, { seed: 0, index: 0, level: 2, split: "heldout" }),
    rejects("TASK_SPLIT_EMPTY", /heldout/),
  );
  assert.throws(
    () => fileFamily(lines({ question: "a", answer: 1, level: 1 }, { question: "b", answer: 1 }), { name: "some" }),
    rejects("TASK_FILE_ROWS", /line 2: no level/),
  );
  const many = Array.from({ length: 101 }, (_, level) => ({ question: `${level}`, answer: 1, level }));
  assert.throws(() => fileFamily(lines(...many), { name: "many" }), rejects("TASK_FILE_ROWS", /101/));
});

test("facts that are not the family's are refused, not judged", () => {
  const family = fileFamily(MARKET, { name: "market" });
  for (const facts of [{}, { gold: 3 }, { gold: "" }, { question: "q", gold: "a\nb" }]) {
    assert.throws(() => family.verify(facts as never, "3"), rejects("TASK_FACTS", /gold/));
  }
});
