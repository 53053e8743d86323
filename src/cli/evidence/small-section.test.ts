import assert from "node:assert/strict";
import { test } from "node:test";
import { beyondWords, type CoveredAgain, confirmed, problemsAgain, secondLook } from "./coverage.ts";
import { canonicalKey, heldOutSet } from "./held-out.ts";
import type { Measurement } from "./record.ts";
import type { SeedRows, Small } from "./small.ts";
import { smallSection } from "./small-section.ts";
import { type Chosen, chosen, problemsOf, shares } from "./testing.ts";

const problems = problemsOf(["sum", "find", "word"], 20, 3);
const total = problems.length;

/** One answer to each problem; its tokens grow with the level where it says so. */
function measured(share: number, tokens: number, training?: Chosen["training"]): Measurement {
  // Right ones are spread over all rungs alike.
  const right = Array.from({ length: total }, (_, i) => ((i * 7) % 20 < Math.round(20 * share) ? 1 : 0));
  const one = chosen({ right, tokens, ...(training ? { training } : {}) });
  return { ...one, tokens: problems.map(({ level }) => tokens + 10 * level) };
}

function seedRows(seed: number, { base, zero, minutes }: { base: number; zero: number; minutes: number }): SeedRows {
  const row = (name: string, measurement: Measurement) => ({ name: `${name} ${seed}`, measurement });
  const curve = [
    { step: 0, accuracy: base, tokens: 30 },
    { step: 80, accuracy: zero, tokens: 60 },
  ];
  const pretrained = measured(base, 30, { seconds: 60 * (minutes - 15), flops: 4e14 });
  return {
    seed,
    bases: [row("base", pretrained)],
    baseCoverage: row("base", measured(0.8, 30)),
    zero: row("zero", measured(zero, 60, { seconds: 15 * 60, flops: 1e14, curve, mixed: 0.78 })),
    cooler: row("zero", measured(zero, 55)),
    coverage: row("zero", measured(0.95, 60)),
    tuned: row("sft", measured(0.8, 50)),
  };
}

/** @param again the second look; by default the first one once more */
function section(seeds: readonly SeedRows[], again?: CoveredAgain["seeds"]): string {
  const heldOut = { about: "", seed: 1, rungs: [] };
  const settings = { heldOut, seeds: seeds.map(({ seed }) => seed), problems: 20, coverageProblems: 20, samples: 1 };
  const constants = problems.filter((_, i) => i % 20 === 0).map(({ family }) => (family === "word" ? 0.1 : 0.01));
  const first = seeds.map(({ baseCoverage, coverage }) => ({
    ...{ base: baseCoverage.measurement, zero: coverage.measurement },
  }));
  const small: Small = {
    ...{ settings, problems, ladders: 12, constants, seeds, first: { problems, seeds: first } },
    again: { problems, seeds: again ?? first.map((one) => ({ ...one, cooler: one.base })) },
  };
  return smallSection(small, () => undefined);
}

const floor = (text: string, what: string): string => {
  const line = text.split("\n").find((candidate) => candidate.startsWith(`| ${what}`));
  assert.ok(line, `${what} stands in\n${text}`);
  return line;
};

test("three good seeds meet all floors, each with its distance, and every rung has a row", () => {
  const seeds = [0, 1, 2].map((seed) => seedRows(seed, { base: 0.25, zero: 0.75, minutes: 88 }));
  const text = section(seeds);
  assert.doesNotMatch(text, /NaN|undefined|missed/);
  for (const { family, level } of problems) assert.match(text, new RegExp(`\\n\\| ${family} ${level} \\| 20 \\|`));
  assert.match(floor(text, "macro-mean"), /\| 75\.0 % \| met by 10\.0 points \|/);
  assert.match(
    floor(text, "right given format rises"),
    /\| 50\.0 points, 50\.0 points, 50\.0 points \| met by 25\.0 points/,
  );
  assert.match(floor(text, "families whose pass@1 is beyond"), /\| 3: sum, find, word \| met/);
  assert.match(floor(text, "minutes"), /\| 88, 88, 88 \| met by 2\.0 minutes \|/);
  assert.match(text, /The families' ladders have\n12 rungs; the 3 hardest/);
  assert.match(text, /5\.0 % or more of word \(10\.0 %\)\.\nOver the 2 families/);
  assert.match(text, /mean 1\.00\n\(each seed 1\.00, 1\.00, 1\.00; of rungs in random order 0 ± 0\.41;/);
  assert.match(text, /\| seed 2 \| 30 \(0\), 60 \(80\) \| 60 \(80\) \|/);
  assert.match(text, /reinforcement over the base \+50\.0 \(/);
  assert.match(text, /\| sum 0 \| 20 \|.*\| 75, 75, 75 \|/);
  assert.match(
    text,
    /5 to 95 % were right, mean over the steps of reinforcement: 78\.0 % \(seed 0\), 78\.0 % \(seed 1\), 78/,
  );
  assert.match(text, /more than 20 points apart after reinforcement: none\./);
});

test("what is missed says by how much, and a training without a record meets nothing", () => {
  const good = seedRows(0, { base: 0.25, zero: 0.75, minutes: 92 });
  const poor = seedRows(1, { base: 0.25, zero: 0.4, minutes: 88 });
  const text = section([good, poor]);
  assert.match(floor(text, "seeds"), /\| 2 \| \*\*missed\*\* by 1\. /);
  assert.match(floor(text, "macro-mean"), /\*\*missed\*\* by 7\.5 points/);
  assert.match(floor(text, "right given format rises"), /\*\*missed\*\* by 10\.0 points/);
  assert.match(floor(text, "minutes"), /\*\*missed\*\* by 2\.0 minutes/);
  assert.match(text, /more than 20 points apart after reinforcement: sum \(75\.0 %, 40\.0 %\), find \(/);
  const { training: _, ...untold } = good.zero.measurement;
  const unknown = section([{ ...good, zero: { ...good.zero, measurement: untold } }]);
  assert.match(floor(unknown, "minutes"), /\| – \| \*\*missed\*\*\. /);
});

test("families that seem to be beyond the base are judged by other problems alone, all of these at once", () => {
  const seed = seedRows(0, { base: 0.25, zero: 0.75, minutes: 88 });
  const right = shares(total, 0.8);
  const beyond = (won: number) => right.map((value, i) => (i >= total - won ? 1 : value));
  const row = (list: readonly number[]) => ({ name: "chosen", measurement: chosen({ right: list }) });
  const looked = (first: number, again: number, cooler = right): string =>
    section(
      [{ ...seed, baseCoverage: row(right), coverage: row(beyond(first)) }],
      [
        {
          ...{ base: row(right).measurement, cooler: row(cooler).measurement },
          zero: row(beyond(again)).measurement,
        },
      ],
    );
  // Of sixty problems of one family four are won and none is lost: beyond its own interval, not for all families at once.
  const chance = looked(20, 4);
  assert.match(chance, /other problems of the same rungs[\s\S]*- beyond it: word \(/);
  assert.match(floor(chance, "families whose pass@1 is beyond"), /\| 0 \| \*\*missed\*\* by 1\. /);
  assert.match(floor(looked(20, 40), "families whose pass@1 is beyond"), /\| 1: word \| met/);
  // A base that reaches as far at another temperature has not been passed.
  assert.match(floor(looked(20, 40, beyond(40)), "families whose pass@1 is beyond"), /\| 0 \| \*\*missed/);
  // What holds of few problems is told, and is no verdict.
  const few = problems.map((_, i) => i).filter((i) => problems[i]!.family !== "word" || i >= total - 29);
  const measurements = { base: right, zero: beyond(40) };
  const [base, zero] = Object.values(measurements).map((list) => chosen({ right: few.map((i) => list[i]!) }));
  const again = { problems: few.map((i) => problems[i]!), seeds: [{ base: base!, cooler: base!, zero: zero! }] };
  const ofFew = secondLook(again);
  assert.deepEqual(confirmed(ofFew), []);
  assert.match(beyondWords(again, ofFew, 1), /too few problems to say: word† \(/);
});

test("the second look has other problems, of the families that the first one shows beyond the base alone", () => {
  const rungs = ["addition", "sort"].flatMap((family) => [0, 1].map((level) => ({ family, level })));
  const heldOut = { about: "", seed: 1, rungs };
  const few = heldOutSet(heldOut, 10);
  const all = few.map((_, i) => i);
  const measure = (right: (i: number) => boolean): Measurement => chosen({ right: all.map((i) => (right(i) ? 1 : 0)) });
  const first = { base: measure((i) => i % 2 === 0), zero: measure((i) => few[i]!.family === "sort" || i % 2 === 0) };
  const other = problemsAgain(heldOut, { problems: few, seeds: [first] });
  assert.deepEqual([...new Set(other.map(({ family, level }) => `${family} ${level}`))], ["sort 0", "sort 1"]);
  assert.equal(other.length, 2 * 50);
  const seen = new Set(few.map(canonicalKey));
  assert.ok(other.every((problem) => !seen.has(canonicalKey(problem))));
  assert.deepEqual(problemsAgain(heldOut, { problems: few, seeds: [{ base: first.zero, zero: first.zero }] }), []);
});
