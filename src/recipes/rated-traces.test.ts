import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { demoMix, getTask, gradedTraces, isHeldOut, type Trace, traceLines } from "../tasks/index.ts";
import { type RatedTraces, ratedTraces } from "./rated-traces.ts";

const folder = mkdtempSync(join(tmpdir(), "reckon-rated-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const countdown = [{ family: "countdown", level: 0, weight: 1 }];
const addition = [{ family: "addition", level: 1, weight: 1 }];

/** What `reckon tasks graded` prints. */
const graded = (problems = [...demoMix], split: "train" | "heldout" = "train", count = 60): Trace[] =>
  Array.from({ length: count }, (_, index) => gradedTraces({ seed: 0, index, split, problems })).flat();

function opened(traces: readonly Trace[], problems = [...demoMix]): Promise<RatedTraces> {
  const data = join(folder, "graded.jsonl");
  writeFileSync(data, traceLines(traces));
  return ratedTraces({ problems, data, chains: 3, evaluatePrompts: 10 }, 1);
}

const prompts = (groups: readonly (readonly Trace[])[]): Set<string> =>
  new Set(groups.map((group) => group[0]!.prompt));
const epoch = (traces: RatedTraces, size: number): (readonly Trace[])[] =>
  Array.from({ length: size }, (_, index) => traces.train(index));
const apart = ({ family, facts }: Trace): boolean => isHeldOut(getTask(family!), facts);

test("a file of graded chains is learnt from as a whole, and tested on held-out problems of its own rungs", async () => {
  const traces = graded();
  const known = new Set(traces.map(({ prompt }) => prompt));
  const rated = await opened(traces);
  assert.equal(rated.heldOut.length, 10);
  assert.ok(rated.heldOut.flat().every(apart), "all are held out");
  assert.ok(rated.heldOut.every((group) => group.length <= 3));
  assert.deepEqual(prompts(epoch(rated, known.size)), known, "every prompt of the file in an epoch");
  assert.match(rated.standIn!, /no prompt of .*graded\.jsonl is held out/);
  // Of the stage's rungs only those that the file has: the others are not what it teaches.
  const narrow = await opened(graded(countdown), [...addition, ...countdown]);
  assert.deepEqual(new Set(narrow.heldOut.flat().map(({ family }) => family)), new Set(["countdown"]));
});

test("traces of a file that have no room are left out and told, and where none has, that is why there is nothing", async () => {
  const traces = graded();
  const data = join(folder, "long.jsonl");
  writeFileSync(data, traceLines(traces));
  const settings = { problems: [...demoMix], data, chains: 3, evaluatePrompts: 10 };
  const length = ({ thinking, answer }: Trace): number => `${thinking}${answer}`.length;
  const median = traces.map(length).sort((a, b) => a - b)[traces.length >> 1]!;
  const fitting = traces.filter((trace) => length(trace) <= median);
  const rated = await ratedTraces(settings, 1, {
    tokens: 99,
    fits: (trace) => length(trace) <= median,
    teaches: () => true,
  });
  const told = `${traces.length - fitting.length} of ${traces.length} traces of ${data} are longer than rowLength, 99 tokens`;
  assert.deepEqual(rated.warnings, [told]);
  const known = new Set(fitting.map(({ prompt }) => prompt));
  const learnt = epoch(rated, known.size);
  assert.deepEqual(prompts(learnt), known);
  assert.equal(learnt.flat().length, fitting.length);
  await assert.rejects(ratedTraces(settings, 1, { tokens: 3, fits: () => false, teaches: () => true }), {
    code: "DATA_EMPTY",
    got: new RegExp(`0 prompts, .*${traces.length} of ${traces.length} traces of .* longer than rowLength, 3 tokens`),
  });
});

test("traces that teach a loss nothing are left out and told", async () => {
  const traces = graded();
  const data = join(folder, "unrated.jsonl");
  writeFileSync(
    data,
    traceLines(traces.map(({ ratings, ...rest }, i) => (i % 3 === 0 ? { ...rest, ratings: ratings! } : rest))),
  );
  const settings = { problems: [...demoMix], data, chains: 3, evaluatePrompts: 10 };
  const use = { tokens: 999, fits: () => true, teaches: ({ ratings }: Trace) => ratings !== undefined };
  const { warnings } = await ratedTraces(settings, 1, use);
  const unrated = traces.length - Math.ceil(traces.length / 3);
  assert.match(warnings.join(), new RegExp(`^${unrated} of ${traces.length} traces of .* hold no rating`));
  await assert.rejects(ratedTraces(settings, 1, { ...use, teaches: () => false }), {
    code: "DATA_EMPTY",
    got: /0 prompts, .*hold no rating/,
  });
});

test("a file with a held-out part is tested on that alone", async () => {
  const [train, heldOut] = [graded(), graded(undefined, "heldout", 8)];
  const rated = await opened([...train, ...heldOut]);
  assert.deepEqual(prompts(rated.heldOut), new Set(heldOut.map(({ prompt }) => prompt)));
  assert.equal(rated.standIn, undefined);
});

test("a file that has none of the stage's problems holds one prompt in eight out", async () => {
  const traces = graded(countdown, "train", 200);
  const known = new Set(traces.map(({ prompt }) => prompt));
  const rated = await opened(traces, addition);
  const [tested, learnt] = [prompts(rated.heldOut), prompts(epoch(rated, known.size))];
  assert.equal(tested.size, 10);
  assert.ok([...tested].every((prompt) => known.has(prompt)));
  assert.ok([...tested].every((prompt) => !learnt.has(prompt)));
  assert.ok(learnt.size < 0.95 * known.size && learnt.size > 0.8 * known.size, `${learnt.size} of ${known.size}`);
  assert.match(rated.standIn!, /none of the stage's problems/);
});

test("a file without anything to train on is refused", async () => {
  await assert.rejects(opened(graded(undefined, "heldout", 8)), { code: "DATA_EMPTY" });
  await assert.rejects(opened([]), { code: "DATA_EMPTY" });
});

test("broken rows are refused by their lines, or left out and told; what is no text is refused", async () => {
  const data = join(folder, "broken.jsonl");
  const settings = { problems: [...demoMix], data, chains: 3, evaluatePrompts: 10 };
  writeFileSync(data, `{"prompt":"x"}\n${traceLines(graded())}no\n`);
  await assert.rejects(ratedTraces(settings, 1), {
    code: "DATA_ROWS",
    message: /2 rows of .*line 1: thinking is missing; line \d+: not JSON.*--skip-broken/s,
  });
  const skipped = await ratedTraces({ ...settings, broken: "skip" }, 1);
  assert.equal(skipped.warnings.length, 1);
  assert.match(skipped.warnings[0]!, /2 rows of .* were left out: line 1: thinking is missing; line \d+: not JSON/);
  const whole = await opened(graded());
  assert.deepEqual(whole.warnings, []);
  assert.deepEqual(skipped.train(3), whole.train(3), "what is left is what there would be without them");
  writeFileSync(data, Buffer.concat([Buffer.from(traceLines(graded())), Buffer.from([0xff, 0x0a])]));
  await assert.rejects(ratedTraces({ ...settings, broken: "skip" }, 1), { code: "DATA_UNREADABLE" });
  await assert.rejects(ratedTraces({ ...settings, data: join(folder, "none.jsonl") }, 1), { code: "DATA_UNREADABLE" });
});
