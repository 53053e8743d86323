import assert from "node:assert/strict";
import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { JsonlTail } from "./jsonl-tail.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "reckon-tail-"));
});
after(() => rm(folder, { recursive: true }));

function follow(path: string) {
  const lines: unknown[] = [];
  let resets = 0;
  const tail = new JsonlTail(path, {
    reset: () => {
      lines.length = 0;
      resets++;
    },
    line: (value) => {
      lines.push(value);
    },
  });
  return { tail, lines, resets: () => resets };
}

describe("JsonlTail", () => {
  it("waits for a file that is not there yet and for a line that is not whole", async () => {
    const path = join(folder, "late.jsonl");
    const { tail, lines } = follow(path);
    assert.equal(await tail.poll(), false);
    await writeFile(path, '{"a":1}\n{"a":');
    assert.equal(await tail.poll(), true);
    assert.deepEqual(lines, [{ a: 1 }]);
    assert.equal(await tail.poll(), false);
    await appendFile(path, "2}\n");
    await tail.poll();
    assert.deepEqual(lines, [{ a: 1 }, { a: 2 }]);
    assert.equal(tail.badLines, 0);
  });

  it("steps over lines that are not JSON", async () => {
    const path = join(folder, "bad.jsonl");
    await writeFile(path, '{"a":1}\n{"a":{"a":2}\n\n{"a":3}\n');
    const { tail, lines } = follow(path);
    await tail.poll();
    assert.deepEqual(lines, [{ a: 1 }, { a: 3 }]);
    assert.equal(tail.badLines, 1);
  });

  it("begins again when the file is cut, even if it has grown past its old end since", async () => {
    const path = join(folder, "cut.jsonl");
    const line = (n: number): string => `{"n":${n}}\n`;
    await writeFile(path, [1, 2, 3, 4].map(line).join(""));
    const { tail, lines, resets } = follow(path);
    await tail.poll();
    await truncate(path, 2 * line(1).length);
    await appendFile(path, [13, 14, 15, 16].map(line).join(""));
    await tail.poll();
    assert.deepEqual(
      lines,
      [1, 2, 13, 14, 15, 16].map((n) => ({ n })),
    );
    assert.equal(resets(), 1);
  });

  it("begins again when another file takes its place, and when it is gone", async () => {
    const path = join(folder, "replaced.jsonl");
    await writeFile(path, '{"n":1}\n');
    const { tail, lines, resets } = follow(path);
    await tail.poll();
    await writeFile(`${path}.new`, '{"n":1}\n{"n":9}\n');
    await rename(`${path}.new`, path);
    await tail.poll();
    assert.deepEqual(lines, [{ n: 1 }, { n: 9 }]);
    assert.equal(resets(), 1);
    await rm(path);
    assert.equal(await tail.poll(), true);
    assert.deepEqual(lines, []);
  });

  it("reads a line longer than its block, and positions that find it again", async () => {
    const path = join(folder, "long.jsonl");
    const long = "ä".repeat(1_500_000);
    await writeFile(path, `{"n":1}\n${JSON.stringify({ long })}\n{"n":3}\n`);
    const positions: number[][] = [];
    const tail = new JsonlTail(path, {
      reset: () => undefined,
      line: (_, { line, offset, length }) => positions.push([line, offset, length]),
    });
    await tail.poll();
    const second = Buffer.byteLength(JSON.stringify({ long }));
    assert.deepEqual(positions, [
      [0, 0, 7],
      [1, 8, second],
      [2, 8 + second + 1, 7],
    ]);
  });

  it("gives the same lines whatever the pieces in which they are written", async () => {
    const values = fc.array(fc.record({ text: fc.string({ unit: "grapheme" }), n: fc.integer() }), { maxLength: 12 });
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(values, cuts, async (written, sizes) => {
        const path = join(folder, `pieces-${run++}.jsonl`);
        const bytes = Buffer.from(written.map((value) => `${JSON.stringify(value)}\n`).join(""));
        const { tail, lines } = follow(path);
        let at = 0;
        for (let i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length]!;
          await appendFile(path, bytes.subarray(at, at + size));
          at += size;
          await tail.poll();
        }
        assert.deepEqual(lines, JSON.parse(JSON.stringify(written)));
      }),
      { seed: 1, numRuns: 40 },
    );
  });
});
