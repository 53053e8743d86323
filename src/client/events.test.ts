import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EventReader, type ServerEvent } from "./events.ts";

function read(pieces: readonly string[]): ServerEvent[] {
  const reader = new EventReader();
  return [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
}

test("events, comments, names, several data lines, every kind of line end", () => {
  const text =
    ": ping\r\n\r\ndata: a\r\rdata:b\ndata: c\n\nevent: error\r\ndata:  d\r\n\r\nid: 7\nretry: 3\n\ndata\n\ndata: last";
  assert.deepEqual(read([text]), [
    { event: "", data: "a" },
    { event: "", data: "b\nc" },
    { event: "error", data: " d" },
    { event: "", data: "" },
    { event: "", data: "last" },
  ]);
});

test("where the pieces are cut changes nothing", () => {
  const line = fc.constantFrom("data: x", "data: y: z", "data:", ": c", "event: e", "id: 1", "", "nonsense");
  const text = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r", "\r\n")), { maxLength: 20 });
  fc.assert(
    fc.property(text, fc.array(fc.nat(200), { maxLength: 8 }), (lines, cuts) => {
      const whole = lines.map(([words, end]) => words + end).join("");
      const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
      const pieces = at.slice(1).map((end, i) => whole.slice(at[i], end));
      assert.deepEqual(read(pieces), read([whole]));
      assert.deepEqual(read([...whole]), read([whole]));
    }),
  );
});

test("a line of many megabytes in small pieces takes time in its length", () => {
  const read = (pieces: number): number => {
    const reader = new EventReader();
    const piece = "x".repeat(64);
    const before = process.cpuUsage();
    reader.push("data: ");
    for (let i = 0; i < pieces; i++) reader.push(piece);
    const [event] = reader.end();
    assert.equal(event!.data.length, 64 * pieces);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  read(10_000);
  assert.ok(read(160_000) < 100_000 + 100 * read(10_000), "linear would be 16 times as long, quadratic 256");
});
