import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { DEFAULT_MIX } from "../corpus/mix.ts";
import { sampleProblem } from "../task.ts";
import { readAttempt, readLines } from "../trace/lines.ts";
import { Pen } from "../trace/pen.ts";
import { type CountdownFacts, countdown } from "./index.ts";
import { search } from "./search.ts";

const restless = { ...DEFAULT_MIX.search, hint: 0, giveUp: 0.3, slip: 0, misjudge: 0, recheck: 0 };

function searched(resume: number): { lines: string[]; answer: string; facts: CountdownFacts }[] {
  return Array.from({ length: 300 }, (_, index) => {
    const { facts } = sampleProblem(countdown, { seed: 3, index, level: 0, split: "train" });
    const pen = new Pen(Random.of(4, index), "en", 0);
    const answer = search(facts, pen, { ...restless, resume });
    return { lines: pen.text.split("\n"), answer, facts };
  });
}

const isGuess = (line: string): boolean => line.startsWith("guess ");

test("a guess is the end of a search that is not resumed", () => {
  for (const { lines, answer } of searched(0)) {
    const guess = lines.findIndex(isGuess);
    if (guess >= 0) assert.deepEqual([guess, lines[guess]], [lines.length - 1, `guess ${answer}`]);
  }
});

test("a resumed search goes on with what was not tried, until it ends well or nothing is left", () => {
  let found = 0;
  for (const { lines, answer, facts } of searched(1)) {
    const guess = lines.findIndex(isGuess);
    if (guess >= 0 && guess < lines.length - 1) assert.match(lines[guess + 1]!, /^wait \d/);
    const steps = readLines(lines.join("\n")).flatMap((line) => {
      const attempt = readAttempt(line);
      return attempt === null ? [] : [`${attempt.a}${attempt.operator}${attempt.b}`];
    });
    assert.equal(new Set(steps).size, steps.length, "no attempt twice");
    const right = countdown.verify(facts, answer).score === 1;
    if (right && guess >= 0) found++;
    if (isGuess(lines.at(-1)!)) assert.equal(right, false);
  }
  assert.ok(found > 60, `${found}`);
});
