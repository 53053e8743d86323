import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type GradedTrace, gradedTraces, type Trace, traceLines } from "../tasks/index.ts";
import { TraceLog, type TraceQuery } from "./trace-log.ts";

const paging = { sort: "file", offset: 0, limit: 200 } as const;
let folder = "";
let path = "";
let graded: GradedTrace[] = [];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "reckon-traces-"));
  path = join(folder, "traces.jsonl");
  graded = Array.from({ length: 30 }, (_, index) => gradedTraces({ seed: 3, index, split: "train", chains: 4 })).flat();
  await writeFile(path, traceLines(graded));
});
after(() => rm(folder, { recursive: true, force: true }));

const meanOf = ({ ratings = {} }: Trace): number => {
  const given = Object.values(ratings);
  return given.reduce((sum, value) => sum + value, 0) / given.length;
};

test("rows that match, and what there is to choose from", async () => {
  const log = new TraceLog(path);
  const ask = async (query: Partial<TraceQuery>): Promise<string[]> =>
    (await log.page({ ...paging, ...query })).items.map(({ name }) => name);
  const expect = async (query: Partial<TraceQuery>, keep: (trace: GradedTrace) => boolean): Promise<void> => {
    const wanted = graded.filter(keep).map(({ id }) => id);
    assert.ok(wanted.length > 0 && wanted.length < graded.length, JSON.stringify(query));
    assert.deepEqual(await ask(query), wanted, JSON.stringify(query));
  };
  const { family, level, prompt } = graded[5]!;
  assert.deepEqual(
    await ask({}),
    graded.map(({ id }) => id),
  );
  await expect({ family }, (trace) => trace.family === family);
  await expect({ level }, (trace) => trace.level === level);
  await expect({ language: "de" }, (trace) => trace.language === "de");
  await expect({ outcome: "wrong" }, ({ score }) => score !== 1);
  await expect({ outcome: "right", ratingFrom: 4 }, (trace) => trace.score === 1 && meanOf(trace) >= 4);
  await expect(
    { aspect: "clarity", ratingTo: 2 },
    ({ ratings }) => ratings?.clarity !== undefined && ratings.clarity <= 2,
  );
  await expect({ search: ` ${prompt.toUpperCase()} ` }, (trace) => trace.prompt === prompt);
  const page = await log.page({ ...paging, search: "never written" });
  assert.deepEqual([page.total, page.rows, page.items], [0, graded.length, []]);
  assert.deepEqual(page.families, [...new Set(graded.map((trace) => trace.family!))].sort());
  assert.deepEqual(Object.keys(page.aspects).length, 5);
});

test("orders, and pages through them", async () => {
  const log = new TraceLog(path);
  const longest = await log.page({ ...paging, sort: "-length", limit: 10 });
  const lengths = graded.map(({ thinking }) => thinking.length).sort((a, b) => b - a);
  assert.deepEqual(
    longest.items.map(({ thinking }) => thinking.length),
    lengths.slice(0, 10),
  );
  const next = await log.page({ ...paging, sort: "-length", offset: 10, limit: 10 });
  assert.deepEqual([next.offset, next.items[0]!.thinking.length], [10, lengths[10]]);
  const worst = await log.page({ ...paging, sort: "rating", limit: 1 });
  assert.equal(meanOf(graded.find(({ id }) => id === worst.items[0]!.name)!), Math.min(...graded.map(meanOf)));
});

test("rows without ratings come last, broken ones are counted, a file that is written anew is read anew", async () => {
  const own = join(folder, "own.jsonl");
  const log = new TraceLog(own);
  assert.equal((await log.page(paging)).rows, 0, "there is none yet");
  const plain = { prompt: "Add 1 + 1.", thinking: "", answer: "2" };
  await writeFile(own, `${JSON.stringify(plain)}\n{"prompt": 1}\n${traceLines(graded.slice(0, 2))}`);
  const page = await log.page({ ...paging, sort: "rating" });
  assert.deepEqual([page.rows, page.broken], [3, 1]);
  assert.deepEqual([page.items.at(-1)!.name, page.items.at(-1)!.family], ["line-1", null]);
  await appendFile(own, traceLines(graded.slice(2, 3)));
  assert.equal((await log.page(paging)).rows, 4);
  await writeFile(own, traceLines(graded.slice(4, 5)));
  assert.deepEqual(
    (await log.page(paging)).items.map(({ name }) => name),
    [graded[4]!.id],
  );
});
