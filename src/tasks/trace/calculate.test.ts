import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { additionMethod } from "../addition/method.ts";
import { getTask } from "../registry.ts";
import { sampleProblem } from "../task.ts";
import { type Care, calculate } from "./calculate.ts";
import { Pen } from "./pen.ts";

const sure: Care = { slip: 0, stumble: 0, stumbleSlip: 0.5, recheck: 1, catch: 1, again: 0, waitWord: 0, doubt: 0 };

/** The lines of so many additions, written with this care. */
function thoughts(care: Care, count: number): string[][] {
  const task = getTask("addition");
  return Array.from({ length: count }, (_, index) => {
    const { facts } = sampleProblem(task, { seed: 1, index, level: 1, split: "train" });
    const pen = new Pen(Random.of(5, index), "en", 0);
    calculate(additionMethod as never, facts, task.gold(facts), pen, care);
    return pen.text.split("\n");
  });
}

test("a sure hand confirms what is right, once", () => {
  for (const lines of thoughts(sure, 50)) {
    assert.equal(lines.filter((line) => line.startsWith("check ")).length, 1);
    assert.match(lines.at(-1)!, / yes$/);
  }
});

test("a result that comes out the same after a false no stands", () => {
  let doubted = 0;
  for (const lines of thoughts({ ...sure, doubt: 1 }, 200)) {
    const no = lines.findIndex((line) => line.endsWith(" no"));
    if (no < 0) continue;
    doubted++;
    assert.equal(lines.at(-1), lines[no - 1], "the same conclusion ends it");
    assert.equal(
      lines.findLastIndex((line) => line.startsWith("check ")),
      no,
    );
  }
  assert.ok(doubted > 50, `${doubted}`);
  assert.ok(thoughts(sure, 200).every((lines) => !lines.some((line) => line.endsWith(" no"))));
});
