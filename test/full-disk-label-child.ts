/**
 * For src/serve/label.test.ts: rates traces on a small file system (argv[2]) that is full. For label.browser.test.ts, with the
 * folder of the studio's page (argv[3]): serves it there; `fill` and `room` come on standard input.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { LocalServices } from "../src/cli/studio-services.ts";
import { LabelFile, startStudio } from "../src/serve/index.ts";
import type { ApiError, LabelItem } from "../src/serve/wire.ts";
import { gradedTraces, readTraces } from "../src/tasks/index.ts";
import { fill, makeRoom } from "./small-disk.ts";

const [disk, webDir] = process.argv.slice(2) as [string, string?];
const file = join(disk, "chains.jsonl");
const runsDir = join(disk, "runs");
mkdirSync(runsDir);
const traces = gradedTraces({ seed: 5, index: 1, split: "train", chains: 4 });
writeFileSync(file, traces.map(({ ratings, ...trace }) => `${JSON.stringify(trace)}\n`).join(""));
const services = new LocalServices(runsDir, { workers: 1 });
const label = await LabelFile.open(file);
const server = await startStudio({ runsDir, webDir: webDir ?? disk, services, port: 0, label });

async function close(): Promise<void> {
  await server.close();
  await services.close();
}

async function check(): Promise<void> {
  const at = (index: number): string => `${server.url}/api/label/${index}`;
  const rate = (index: number, ratings: object): Promise<Response> =>
    fetch(at(index), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ratings }),
    });
  const ratings = () => readTraces(readFileSync(file, "utf8")).traces.map((trace) => trace.ratings);
  assert.equal((await rate(0, { clarity: 2 })).status, 200);
  fill(disk);
  const before = readFileSync(file, "utf8");
  const refused = await rate(0, { clarity: 5 });
  assert.equal(refused.status, 507);
  const { error } = (await refused.json()) as ApiError;
  assert.equal(error.code, "LABEL_DISK");
  assert.equal(error.message, `${file} cannot be written: the disk is full. This rating was not kept.`);
  assert.equal(error.help, "Free some space, then give the rating again.");
  assert.equal(readFileSync(file, "utf8"), before);
  const known = (await (await fetch(at(0))).json()) as LabelItem;
  assert.deepEqual(known.ratings, { clarity: 2 }, "what is not in the file is not told as if it were");
  makeRoom(disk);
  assert.equal((await rate(0, { clarity: 5 })).status, 200);
  assert.equal((await rate(1, { clarity: 1 })).status, 200);
  assert.deepEqual(ratings().slice(0, 2), [{ clarity: 5 }, { clarity: 1 }]);
}

if (webDir === undefined) {
  await check();
  await close();
  process.stdout.write("all well\n");
} else {
  process.stdout.write(`${server.url}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "fill") fill(disk);
    else makeRoom(disk);
    process.stdout.write(`${line}\n`);
  }
  await close();
}
