/** Rating a file of traces over the HTTP API: real files, as somebody may have left them. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Hono } from "hono";
import { noSmallDisk, onSmallDisk } from "../../test/small-disk.ts";
import { gradedTraces, readTraces } from "../tasks/index.ts";
import { errorResponse } from "./http-errors.ts";
import { LabelFile } from "./label-file.ts";
import { labelRoutes } from "./label-routes.ts";
import type { LabelInfo, LabelItem } from "./wire.ts";

const folder = mkdtempSync(join(tmpdir(), "reckon-label-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const ROWS = [
  '{"id":"a","prompt":"1+1=?","thinking":"1+1=2","answer":"2","mine":{"x":[1]}}',
  "",
  "{broken",
  '{"id":"b","prompt":"2+2=?","thinking":"","answer":"5","score":0,"ratings":{"correctness":1,"clarity":2,"coherence":3,"completeness":1,"efficiency":5}}',
  '{"prompt":"3+3=?","thinking":"3+3=6","answer":"6"}',
];

function appOf(file: LabelFile | undefined): Hono {
  const app = new Hono();
  app.onError(errorResponse);
  return app.route("/", labelRoutes(file));
}

async function opened(name: string, text = `\ufeff${ROWS.join("\r\n")}\r\n`) {
  const path = join(folder, name);
  writeFileSync(path, text);
  const app = appOf(await LabelFile.open(path));
  const rate = (index: number, body: unknown) =>
    app.request(`/label/${index}`, { method: "POST", body: JSON.stringify(body) });
  return { path, app, rate };
}

const json = async <T>(response: Response | Promise<Response>): Promise<T> => (await (await response).json()) as T;

test("the file is shown, with what it lacks and what cannot be read", async () => {
  const { app } = await opened("shown.jsonl");
  assert.deepEqual(await json<LabelInfo>(app.request("/label")), {
    ...{ file: "shown.jsonl", traces: 3, rated: 1, first: 0, broken: 1 },
  });
  const item = await json<LabelItem>(app.request("/label/1"));
  assert.deepEqual([item.id, item.answer, item.score, item.ratings["clarity"], item.next], ["b", "5", 0, 2, 2]);
  assert.equal((await app.request("/label/3")).status, 404);
  assert.equal((await app.request("/label/-1")).status, 404);
  assert.deepEqual(await json(appOf(undefined).request("/label")), {
    ...{ file: null, traces: 0, rated: 0, first: null, broken: 0 },
  });
  assert.equal((await appOf(undefined).request("/label/0")).status, 404);
});

test("without thinking three aspects are enough; a file that is not in UTF-8 is refused and stays as it is", async () => {
  const { app, rate } = await opened("short.jsonl", '{"prompt":"1","thinking":"","answer":"1"}');
  const { aspects } = await json<LabelItem>(app.request("/label/0"));
  assert.deepEqual(aspects, ["correctness", "completeness", "efficiency"]);
  const some = await json<{ info: LabelInfo }>(rate(0, { ratings: { correctness: 5, completeness: 4 } }));
  assert.equal(some.info.rated, 0);
  const all = { correctness: 5, completeness: 4, efficiency: 5 };
  assert.equal((await json<{ info: LabelInfo }>(rate(0, { ratings: all }))).info.rated, 1);
  const path = join(folder, "latin.jsonl");
  const bytes = Buffer.from('{"prompt":"für","thinking":"1","answer":"1"}\n', "latin1");
  writeFileSync(path, bytes);
  await assert.rejects(LabelFile.open(path), { code: "LABEL_FILE", expected: /UTF-8/ });
  assert.deepEqual(readFileSync(path), bytes);
});

test("a rating is in the file when it is answered; other rows and fields stay as they are", async () => {
  const { path, app, rate } = await opened("rated.jsonl");
  const answer = await json<{ info: LabelInfo; item: LabelItem }>(rate(0, { ratings: { correctness: 5, clarity: 4 } }));
  assert.deepEqual(answer.item.ratings, { correctness: 5, clarity: 4 });
  assert.equal(answer.info.rated, 1, "two of five are not all");
  const lines = readFileSync(path, "utf8").split("\n");
  assert.deepEqual(JSON.parse(lines[0]!), { ...JSON.parse(ROWS[0]!), ratings: { correctness: 5, clarity: 4 } });
  assert.deepEqual(lines.slice(1), [...ROWS.slice(1).map((row) => `${row}\r`), ""]);
  // The row without an id keeps none, and is the right one.
  const all = { correctness: 1, clarity: 1, coherence: 1, completeness: 1, efficiency: 1 };
  assert.equal((await rate(2, { ratings: all })).status, 200);
  assert.deepEqual(JSON.parse(readFileSync(path, "utf8").split("\n")[4]!), { ...JSON.parse(ROWS[4]!), ratings: all });
  assert.equal((await json<LabelItem>(app.request("/label/2"))).next, 0);
});

test("quick ratings of one trace and another all arrive", async () => {
  const traces = Array.from({ length: 5 }, (_, index) => gradedTraces({ seed: 0, index, split: "train" })).flat();
  const rows = traces.map(({ ratings, ...trace }) => JSON.stringify(trace)).join("\n");
  const { path, rate } = await opened("quick.jsonl", rows);
  await Promise.all(traces.map((_, i) => rate(i, { ratings: { efficiency: 1 + (i % 5) } })));
  const read = readTraces(readFileSync(path, "utf8"));
  assert.deepEqual(read.faults, []);
  assert.deepEqual(
    read.traces.map(({ ratings }) => ratings),
    traces.map((_, i) => ({ efficiency: 1 + (i % 5) })),
  );
});

test("what is no rating is refused, and the file is as it was", async () => {
  const { path, rate } = await opened("refused.jsonl");
  const before = readFileSync(path, "utf8");
  for (const body of [{}, { ratings: { beauty: 3 } }, { ratings: { clarity: 6 } }, { ratings: { clarity: "5" } }, 7])
    assert.equal((await rate(0, body)).status, 400, JSON.stringify(body));
  assert.equal(readFileSync(path, "utf8"), before);
});

test("a file that another program has written to since is left alone", async () => {
  const { path, rate } = await opened("changed.jsonl");
  const other = `${ROWS[0]}\n`;
  writeFileSync(path, other);
  utimesSync(path, new Date(), new Date(Date.now() + 5000));
  const response = await rate(0, { ratings: { clarity: 1 } });
  assert.equal(response.status, 409);
  assert.equal(((await response.json()) as { error: { code: string } }).error.code, "LABEL_CHANGED");
  assert.equal(readFileSync(path, "utf8"), other);
});

test("a rating for which a full disk has no room is told as lost, the others stay, and it can be given again", {
  skip: noSmallDisk(),
}, () => {
  const { stdout, stderr } = onSmallDisk("1m", "full-disk-label-child.ts");
  assert.equal(stdout, "all well\n", stderr);
});

test("files with nothing to rate are refused in words", async () => {
  const empty = join(folder, "empty.jsonl");
  writeFileSync(empty, "{}\n");
  await assert.rejects(LabelFile.open(empty), { code: "LABEL_FILE" });
  await assert.rejects(LabelFile.open(join(folder, "nowhere.jsonl")), { code: "LABEL_FILE" });
});
