import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { cpuProvider } from "../graph/node.ts";
import { gradedTraces, traceLines } from "../tasks/index.ts";
import { microBatches } from "../train/batch.ts";
import { LocalCompute } from "../train/compute.ts";
import { ReckonError } from "../util/errors.ts";
import { loadModelFolder } from "./assemble.ts";
import { corpusTraces } from "./corpora.ts";
import { cutSolutions, openData, stepsOf, tokenise } from "./data.ts";
import { type RecipeInput, resolveRecipe, type SuperviseStage } from "./schema.ts";

const folder = mkdtempSync(join(tmpdir(), "reckon-data-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const { tokenizer, config, parameters } = await loadModelFolder(
  join(import.meta.dirname, "..", "..", "models", "base"),
);

const problems = [
  { family: "addition", level: 0, weight: 1 },
  { family: "sort", level: 1, weight: 1 },
  { family: "recall", level: 0, weight: 1 },
];
const traces = corpusTraces("solutions", 12, 99, problems);

test("answers are those of the solutions, without thinking", () => {
  const answers = corpusTraces("answers", 12, 99, problems);
  assert.deepEqual(
    answers.map(({ prompt, answer }) => [prompt, answer]),
    traces.map(({ prompt, answer }) => [prompt, answer]),
  );
  assert.ok(answers.every(({ thinking }) => thinking === "") && traces.every(({ thinking }) => thinking !== ""));
});
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const whole = file("whole.jsonl", traceLines(traces));

type Supervise = Extract<RecipeInput["stages"][number], { kind: "supervise" }>;

function open(data: NonNullable<Supervise["data"]>, more: Partial<Supervise> = {}) {
  const recipe = resolveRecipe({
    name: "r",
    description: "",
    seed: 3,
    stages: [
      {
        ...{ kind: "supervise", from: "models/base", problems, data, epochs: 1, learningRate: 1 },
        ...{ schedule: { kind: "constant", warmup: 0 }, optimizer: { name: "adamw" }, ...more },
      },
    ],
  });
  return openData(recipe, recipe.stages[0] as SuperviseStage, tokenizer);
}

const text = (document: { readonly tokens: readonly number[] }): string => JSON.stringify(document.tokens);
const refused = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof ReckonError && error.code === code && words.test(error.message);

test("an epoch shows every trace once, each epoch in another order, the same for the same place", async () => {
  const data = await open(whole);
  assert.equal(data.size, 12);
  const epoch = (n: number): string[] => Array.from({ length: 12 }, (_, i) => text(data.document(12 * n + i)));
  const all = traces.map((trace) => text(tokenise(trace, tokenizer))).sort();
  assert.deepEqual(epoch(0).sort(), all);
  assert.deepEqual(epoch(7).sort(), all);
  assert.notDeepEqual(epoch(0), epoch(1));
  const again = await open(whole);
  assert.equal(text(again.document(31)), text(data.document(31)), "without the epochs before it");
  assert.equal(
    data.tokens,
    traces.reduce((n, trace) => n + tokenise(trace, tokenizer).tokens.length, 0),
  );
});

test("the prompt is read and the rest is learnt, the end among it", () => {
  const { tokens, from } = tokenise({ prompt: "1+1?", thinking: "1+1=2", answer: "2" }, tokenizer);
  const decoded = (ids: readonly number[]): string => tokenizer.decode(ids, { keepSpecial: true });
  assert.equal(decoded(tokens.slice(0, from)), "<|user|>1+1?<|assistant|>");
  assert.equal(decoded(tokens.slice(from)), "<think>1+1=2</think><answer>2</answer><|end|>");
});

test("rows take a part, weights show it more or less often", async () => {
  const data = await open([
    { data: whole, rows: 5, weight: 2 },
    { data: "corpus:solutions", rows: 8, weight: 0.5 },
    { data: "corpus:instructions", rows: 3 },
  ]);
  assert.equal(data.size, 10 + 4 + 3);
  const counts = (n: number): Map<string, number> => {
    const out = new Map<string, number>();
    for (let i = 0; i < data.size; i++) {
      const key = text(data.document(data.size * n + i));
      out.set(key, (out.get(key) ?? 0) + 1);
    }
    return out;
  };
  const own = new Set(traces.map((trace) => text(tokenise(trace, tokenizer))));
  const twice = [...counts(0)].filter(([key]) => own.has(key));
  assert.deepEqual(
    twice.map(([, count]) => count),
    [2, 2, 2, 2, 2],
  );
  const seen = new Set([0, 1, 2, 3, 4, 5].flatMap((n) => [...counts(n).keys()]));
  assert.equal(seen.size, 5 + 8 + 3, "other halves in other epochs");
});

test("broken rows are named by their lines, and refused or left out", async () => {
  const broken = file("broken.jsonl", `${traceLines(traces.slice(0, 2))}{"prompt":"x"}\nno\n`);
  await assert.rejects(
    open(broken),
    refused("DATA_ROWS", /2 rows of .*line 3: thinking is missing; line 4: not JSON/s),
  );
  const data = await open(broken, { broken: "skip" });
  assert.equal(data.size, 2);
  assert.match(data.warnings.join(), /2 rows of .* were left out: line 3: .*; line 4: not JSON/);
  await assert.rejects(open(join(folder, "none.jsonl")), refused("DATA_UNREADABLE", /none\.jsonl/));
  await assert.rejects(open(file("empty.jsonl", "")), refused("DATA_ROWS", /no traces/));
  await assert.rejects(open("corpus:nothing"), refused("RECIPE_INVALID", /how many rows/));
  await assert.rejects(open([{ data: "corpus:nothing", rows: 2 }]), refused("RECIPE_INVALID", /corpus:solutions/));
});

test("of rated traces only good ones are learnt from, where it is asked for; what is not rated is not good", async () => {
  const rated = traces.map((trace, i) => {
    const [score, ratings] = [1, { correctness: 1 + (i % 5), clarity: 5 }];
    return i < 10 ? { ...trace, score, ratings } : { ...trace, score };
  });
  const path = file("rated.jsonl", `no\n${traceLines(rated)}`);
  // Correctness counts four times: 4.2 for a 4, 5 for a 5.
  const good = await open([{ data: path, least: 4.2 }], { broken: "skip" });
  assert.deepEqual(
    Array.from({ length: good.size }, (_, i) => text(good.document(i))).sort(),
    [3, 4, 8, 9].map((i) => text(tokenise(traces[i]!, tokenizer))).sort(),
  );
  assert.equal(good.warnings.length, 2);
  assert.match(good.warnings[1]!, /8 of 12 traces of .*: 6 are rated below 4\.2, 2 are not rated/);
  const few = await open([{ data: path, least: 4.2, rows: 3 }], { broken: "skip" });
  assert.equal(few.size, 3, "rows are drawn from the good ones");
  const all = await open([{ data: path, least: 1 }], { broken: "skip" });
  assert.equal(all.size, 10);
  await assert.rejects(open([{ data: whole, least: 4 }]), refused("DATA_UNRATED", /12 rows without ratings/));
  await assert.rejects(
    open(
      [
        { data: path, least: 5 },
        { data: "corpus:solutions", rows: 2, least: 4 },
      ],
      { broken: "skip" },
    ),
    refused("RECIPE_INVALID", /corpus:solutions has no ratings/),
  );
  const poor = file("poor.jsonl", traceLines([{ ...traces[0]!, ratings: { clarity: 2 } }]));
  await assert.rejects(open([{ data: poor, least: 4 }]), refused("DATA_ROWS", /no traces[\s\S]*1 are rated below 4/));
});

test("of held-out problems nothing is learnt, and it is told; of a family of one's own nothing is known to be held out", async () => {
  const of = (split: "train" | "heldout") =>
    gradedTraces({ seed: 1, index: 0, split }).map((trace, i) => ({ ...trace, id: `${split}/${i}` }));
  const own = { ...traces[0]!, id: "own", family: "mine", facts: { n: 1 } };
  const list = [...of("train"), ...of("heldout"), own];
  const data = await open(file("apart.jsonl", traceLines(list)), { rowLength: 384 });
  assert.equal(data.size, of("train").length + 1);
  assert.match(data.warnings.join(), new RegExp(`${of("heldout").length} of ${list.length} traces of .* held out`));
});

test("of solutions that are cut it is told how many", () => {
  const texts = ["1+1=2", "1+1=2 2+2=4 4+4=8 8+8=16", "7"];
  const length = tokenizer.encode(texts[0]!).length;
  assert.match(cutSolutions(texts, tokenizer, length - 1)!, /^1 of 3 solutions .* rowLength, \d+ tokens$/);
  assert.equal(cutSolutions(texts, tokenizer, 100), undefined);
});

test("traces longer than a row are left out, not cut, and it is told", async () => {
  const long = { ...traces[0]!, id: "long", thinking: "1+1=2\n".repeat(400) };
  const data = await open(file("long.jsonl", traceLines([...traces, long])));
  assert.equal(data.size, 12);
  assert.match(data.warnings.join(), /1 of 13 traces of .* longer than rowLength, 256/);
});

test("steps follow from epochs and the tokens of a step", async () => {
  const data = await open(whole);
  const mean = data.tokens / data.size;
  assert.equal(stepsOf(data, 10, data.tokens - mean / 2), 10);
  assert.equal(stepsOf(data, 0.01, 100_000), 1);
});

test("traces packed into rows give the gradients of traces in rows of their own", async () => {
  const sequences = traces.map((trace) => ({ ...tokenise(trace, tokenizer), weight: 0.01 }));
  const gradients: Float32Array[] = [];
  for (const pack of [undefined, 256]) {
    const spec = { config, shards: 1, positions: 256, packed: true };
    const compute = new LocalCompute(await cpuProvider(), spec);
    compute.buffers.parameters.set(parameters);
    const batches = microBatches(sequences, { tokens: 1024, multiple: 32, ...(pack ? { pack } : {}) });
    const rows = batches.reduce((n, batch) => n + batch.rows, 0);
    assert.ok(pack === undefined ? rows === 12 : rows < 8, `${rows} rows`);
    await compute.gradients({ kind: "crossEntropy" }, [batches]);
    gradients.push(compute.gradient.slice());
    await compute.close();
  }
  const [apart, packed] = gradients as [Float32Array, Float32Array];
  const size = Math.sqrt(apart.reduce((n, x) => n + x * x, 0));
  const difference = Math.sqrt(apart.reduce((n, x, i) => n + (x - packed[i]!) ** 2, 0));
  assert.ok(size > 1e-3 && difference < 1e-5 * size, `${difference} of ${size}`);
});
