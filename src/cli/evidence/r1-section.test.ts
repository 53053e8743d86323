import assert from "node:assert/strict";
import { test } from "node:test";
import type { StageCourse } from "./course.ts";
import type { O1 } from "./o1.ts";
import { operationsOf, type R1, type R1Row, type StageAnswers } from "./r1.ts";
import { r1Section, verdict } from "./r1-section.ts";
import type { DataRecord } from "./record.ts";
import { chosen, problemsOf, shares } from "./testing.ts";

const COUNT = 200;
const problems = problemsOf(["addition", "maze"], COUNT / 2);

function answers(right: number, followed: number, language = 1): StageAnswers {
  return {
    problems: chosen({ right: shares(COUNT, right), language: shares(COUNT, 1).map(() => language) }),
    instructions: chosen({ right: shares(COUNT, followed), followed }),
  };
}

/** Stages of twenty minutes each, with a judge and what it gave. */
const course: readonly StageCourse[] = [
  { stage: "cold", kind: "sample", seconds: 1200 },
  {
    ...{ stage: "helpful", kind: "reward", seconds: 1200 },
    judge: {
      ...{ parameters: 5, flops: 100, evaluation: { "eval/pair_accuracy": 0.9, "eval/calibration_error": 0.02 } },
      reliability: [{ from: 0.5, to: 0.6, count: 4, said: 0.55, was: 0.5 }],
    },
  },
  {
    ...{ stage: "rl", kind: "reinforce", seconds: 1200 },
    opinions: [4, 5, 6].map((step) => ({ step, accuracy: step / 10, opinions: { helpful: 0.1 * step } })),
  },
];

const data = { name: "", key: "", prompts: 9, sampledTokens: 1000, hash: "", counts: {} as DataRecord["counts"] };

function tableOf(rows: Readonly<Record<R1Row, StageAnswers>>): R1 {
  return {
    settings: { scale: "small", seeds: [0], problems, instructions: COUNT, requests: COUNT },
    ...{
      instructions: problems,
      seeds: [{ seed: 0, rows, course, sampled: { cold: data, reject: data } }],
      transcripts: { problems: [] },
    },
  };
}

const asInPaper = {
  base: answers(0.2, 0),
  zero: answers(0.8, 0.1, 0.8),
  start: answers(0.6, 0.3),
  reason: answers(0.8, 0.3),
  tune: answers(0.78, 0.8),
  rl: answers(0.82, 0.95),
};

test("the paper's shape is told from the numbers, also where they go the other way", () => {
  const section = r1Section(tableOf(asInPaper), () => undefined);
  const shape = section.slice(section.indexOf("### The shape"), section.indexOf("### Floors"));
  assert.equal([...shape.matchAll(/\| as in R1/g)].length, 7, shape);
  assert.doesNotMatch(shape, /other way round/);
  const swapped = { ...asInPaper, zero: asInPaper.start, start: asInPaper.zero };
  assert.match(
    r1Section(tableOf(swapped), () => undefined),
    /costs reasoning[^\n]*\*\*the other way round\*\*/,
  );
  const flat = { ...asInPaper, reason: asInPaper.start };
  assert.match(
    r1Section(tableOf(flat), () => undefined),
    /RL recovers[^\n]*not to be told apart/,
  );
});

test("the table has intervals over seeds and problems, and what each seed got", () => {
  const one = tableOf(asInPaper);
  const [first] = one.seeds;
  const other = { ...first!, seed: 1, rows: { ...asInPaper, rl: answers(0.7, 0.9) } };
  const two = { ...one, settings: { ...one.settings, seeds: [0, 1] }, seeds: [first!, other] };
  const section = r1Section(two, () => undefined);
  assert.match(section, /\| right \|.*\| 76\.0 % \(6\d\.\d–8\d\.\d\) \|\n/);
  assert.match(section, /\| each seed \|.*\| 82\.0 %, 70\.0 % \|\n/);
  assert.match(section, /\| one language \| 100\.0 % \(100\.0–100\.0\) \| 80\.0 % \(80\.0–80\.0\) \|/);
});

test("floors are met or missed by how much", () => {
  const met = r1Section(tableOf(asInPaper), () => undefined);
  assert.match(met, /\| R1: one language \| ≥ 97\.0 % \| 100\.0 % \| met by 3\.0 points \|/);
  assert.match(
    met,
    /\| R1: instructions followed, mean over kinds but knowledge \| ≥ 90\.0 % \| 95\.0 % \| met by 5\.0 points \|/,
  );
  assert.match(met, /held-out problems .* ≥ 2000 \| 200 at the scale small \| \*\*missed\*\*/);
  assert.match(met, /held-out instructions .* ≥ 2000 \| 200 at the scale small \| \*\*missed\*\*/);
  const missed = r1Section(tableOf({ ...asInPaper, rl: answers(0.6, 0.4, 0.9) }), (floor) =>
    floor === "R1: one language" ? "It is a test." : undefined,
  );
  assert.match(
    missed,
    /\| R1: one language \| ≥ 97\.0 % \| 90\.0 % \| \*\*missed\*\* by 7\.0 points\. It is a test\. \|/,
  );
  assert.match(
    missed,
    /not behind by more than a standard error[^\n]*−20\.0 points \| \*\*missed\*\* by 17\.2 points\. No reason found yet\. \|/,
  );
});

test("operations of a row are all that it took beyond the base, with what others wrote for it", () => {
  const trained = (row: StageAnswers, flops: number, parameters = 1): StageAnswers => ({
    ...row,
    problems: { ...row.problems, parameters, training: { steps: 1, seconds: 1, curve: [], flops } },
  });
  const rows = {
    base: asInPaper.base,
    zero: trained(asInPaper.zero, 1e6, 5),
    start: trained(asInPaper.start, 2e6),
    reason: trained(asInPaper.reason, 3e6, 7),
    tune: trained(asInPaper.tune, 4e6),
    rl: trained(asInPaper.rl, 5e6),
  };
  const [seed] = tableOf(rows).seeds;
  const start = 1e6 + 2 * 5 * 1000 + 2e6;
  const tune = start + 3e6 + 2 * 7 * 1000 + 4e6;
  // A judge of 100 operations.
  assert.deepEqual(operationsOf(seed!), { base: 0, zero: 1e6, start, reason: start + 3e6, tune, rl: tune + 100 + 5e6 });
});

test("an interval decides what is said of a step", () => {
  assert.equal(verdict("kept", { low: -0.1, high: -0.01 }), "**it falls**");
  assert.equal(verdict("kept", { low: -0.1, high: 0.1 }), "as in R1");
  assert.equal(verdict("rises", { low: -0.1, high: 0.1 }), "not to be told apart");
});

test("minutes, judges and what these gave stand beside the stages", () => {
  const section = r1Section(tableOf(asInPaper), () => undefined);
  assert.match(section, /\| 0 \| 20\.0 \| 20\.0 \| 20\.0 \| 60\.0 \|/);
  assert.match(
    section,
    /scale small: minutes of the whole recipe, each seed \| ≤ 120\.0 \| 60\.0 \| met by 60\.0 minutes/,
  );
  const [tiny] = course;
  const both = r1Section({ ...tableOf(asInPaper), tiny: [tiny!] }, () => undefined);
  assert.match(both, /scale tiny: minutes of the whole recipe \| ≤ 6\.0 \| 20\.0 \| \*\*missed\*\* by 14\.0 minutes/);
  assert.match(section, /\| helpful, seed 0 \| 90\.0 % \| 2\.0 % \| 1\.00e\+2 \|/);
  assert.match(section, /\| 0 \| 6–6 \| 0\.600 \| 60\.0 % \|/);
});

test("the kind of instruction that is followed least decides", () => {
  const least = answers(0.82, 0.95);
  const { instructions } = least.instructions.traits!;
  const kinds = { ...instructions.kinds, words: { n: 9, followed: 0.5, right: 0.5 } };
  const traits = { ...least.instructions.traits!, instructions: { ...instructions, kinds } };
  const rl = { ...least, instructions: { ...least.instructions, traits } };
  const section = r1Section(tableOf({ ...asInPaper, rl }), () => undefined);
  assert.match(
    section,
    /the least of the kinds but knowledge \| ≥ 90\.0 % \| 50\.0 % \| \*\*missed\*\* by 40\.0 points/,
  );
});

test("what R1 has above zero is held against longer reinforcement, where that was measured on the same problems", () => {
  const r1 = tableOf(asInPaper);
  const rules = chosen({ right: shares(COUNT, 0.9), training: { flops: 5000, steps: 400 } });
  const o1 = {
    settings: r1.settings,
    seeds: [
      { seed: 0, rules },
      { seed: 1, rules },
    ],
  } as unknown as O1;
  const section = r1Section(r1, () => undefined, o1);
  assert.match(section, /\(400 steps, 5\.00e\+3 operations, R1 took [^\n]*\n[^\n]*, seed 0\), is right for 90\.0 %/);
  assert.match(section, /R1 against it −8\.0 \([^)]*\) points\. Reinforcement alone brings more/);
  const worse = { ...o1, seeds: [{ seed: 0, rules: asInPaper.start.problems }] } as unknown as O1;
  assert.match(
    r1Section(r1, () => undefined, worse),
    /R1 against it \+22\.0 [^\n]*does not bring what R1 has/,
  );
  const others = { ...o1, settings: { ...o1.settings, problems: problems.slice(1) } };
  assert.doesNotMatch(
    r1Section(r1, () => undefined, others),
    /reinforced longer/,
  );
});
