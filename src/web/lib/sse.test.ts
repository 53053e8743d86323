import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { readEvents, type ServerEvent, SseParser } from "./sse.ts";

const TEXT = [
  ": hello\n\n",
  'event: delta\ndata: {"text":"a"}\n\n',
  "event:delta\r\ndata:no blank\r\n\r\n",
  "data: one\ndata: two\nid: 4\n\n",
  "event: nothing\n\n",
  "event: done\ndata: ü → ✓\n\n",
].join("");
const EVENTS: readonly ServerEvent[] = [
  { event: "delta", data: '{"text":"a"}' },
  { event: "delta", data: "no blank" },
  { event: "message", data: "one\ntwo" },
  { event: "done", data: "ü → ✓" },
];

it("reads the same events whatever the chunks, down to single characters", () => {
  assert.deepEqual(new SseParser().push(TEXT), EVENTS);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 60 }), (sizes) => {
      const parser = new SseParser();
      const events: ServerEvent[] = [];
      let at = 0;
      for (let i = 0; at < TEXT.length; i++) {
        events.push(...parser.push(TEXT.slice(at, at + sizes[i % sizes.length]!)));
        at += sizes[i % sizes.length]!;
      }
      assert.deepEqual(events, EVENTS);
    }),
    { seed: 5, numRuns: 200 },
  );
});

it("reads an answer's body, also when a character is cut in two", async () => {
  const bytes = new TextEncoder().encode(TEXT);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let i = 0; i < bytes.length; i += 3) controller.enqueue(bytes.slice(i, i + 3));
      controller.close();
    },
  });
  const events: ServerEvent[] = [];
  for await (const event of readEvents(new Response(body))) events.push(event);
  assert.deepEqual(events, EVENTS);
});
