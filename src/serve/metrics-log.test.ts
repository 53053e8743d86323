import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { MetricsLog } from "./metrics-log.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "reckon-metrics-"));
});
after(() => rm(folder, { recursive: true }));

async function open(name: string, rows: readonly unknown[]): Promise<{ log: MetricsLog; path: string }> {
  const path = join(folder, name);
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const log = new MetricsLog(path);
  await log.poll();
  return { log, path };
}

describe("MetricsLog", () => {
  it("gives rows as they were logged, and null in columns where nothing was", async () => {
    const rows = [
      { step: 1, reward: 0.1 },
      { step: 2, reward: 0.123456789, "eval/accuracy": 0.5 },
      { step: 4, reward: null },
    ];
    const { log } = await open("rows", rows);
    assert.deepEqual(log.rows(0), [
      { step: 1, reward: 0.1 },
      { step: 2, reward: 0.123456789, "eval/accuracy": 0.5 },
      { step: 4 },
    ]);
    assert.deepEqual(log.columns(0), {
      steps: [1, 2, 4],
      columns: { reward: [0.1, 0.1234568, null], "eval/accuracy": [null, 0.5, null] },
    });
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((step) => log.indexAfter(step)),
      [0, 1, 2, 2, 3],
    );
  });

  it("picks metrics by name and by pattern", async () => {
    const { log } = await open("pick", [
      { step: 1, loss: 1, "eval/sort/accuracy": 2, "eval/accuracy": 3, "eval/format": 4 },
    ]);
    assert.deepEqual(log.rows(0, ["loss", "eval/*/accuracy"]), [{ step: 1, loss: 1, "eval/sort/accuracy": 2 }]);
    assert.deepEqual(log.rows(0, ["eval/*"]), [
      { step: 1, "eval/sort/accuracy": 2, "eval/accuracy": 3, "eval/format": 4 },
    ]);
  });

  it("takes the later row when a resumed run repeats steps without cutting its file", async () => {
    const { log, path } = await open(
      "resumed",
      [1, 2, 3, 4, 5].map((step) => ({ step, a: step, ...(step === 5 ? { b: 1 } : {}) })),
    );
    const generation = log.generation;
    await appendFile(path, `${JSON.stringify({ step: 3, a: 30 })}\n${JSON.stringify({ step: 4, a: 40 })}\n`);
    await log.poll();
    assert.equal(log.generation, generation + 1);
    assert.deepEqual(log.rows(0), [
      { step: 1, a: 1 },
      { step: 2, a: 2 },
      { step: 3, a: 30 },
      { step: 4, a: 40 },
    ]);
  });

  it("keeps columns aligned when metrics come and go, beyond its first block", async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => ({
      step: i,
      always: i,
      ...(i % 7 === 3 ? { sometimes: -i } : {}),
      ...(i > 900 ? { late: i } : {}),
    }));
    const { log } = await open("sparse", rows);
    assert.deepEqual(log.rows(0), rows);
    assert.deepEqual(log.rows(998), rows.slice(998));
  });
});
