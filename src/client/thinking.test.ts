import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { splitThinking, ThinkingSplitter } from "./thinking.ts";
import type { ChatDelta } from "./types.ts";

test("thinking in the text: opened by the model, by its prompt, never closed, none", () => {
  assert.deepEqual(splitThinking("<think>\na < b\n</think>\n\n42"), { thinking: "a < b", content: "42" });
  assert.deepEqual(splitThinking("  <think></think>42"), { thinking: "", content: "42" });
  assert.deepEqual(splitThinking("so 6*7\n</think>\n42"), { thinking: "so 6*7", content: "42" });
  assert.deepEqual(splitThinking("<think>so 6*7"), { thinking: "so 6*7", content: "" });
  assert.deepEqual(splitThinking("42 <think>"), { thinking: "", content: "42 <think>" });
  assert.deepEqual(splitThinking(""), { thinking: "", content: "" });
});

test("piece by piece it says the same, wherever the pieces are cut", () => {
  const text = fc.array(fc.constantFrom("<think>", "</think>", "<", "a", "</", "thi", " ", "\n"), { maxLength: 12 });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 9 }), (parts, size) => {
      const whole = parts.join("");
      const splitter = new ThinkingSplitter();
      const deltas: ChatDelta[] = [];
      for (let i = 0; i < whole.length; i += size) deltas.push(...splitter.push(whole.slice(i, i + size)));
      deltas.push(...splitter.end());
      const of = (phase: string): string =>
        deltas
          .filter((delta) => delta.phase === phase)
          .map((delta) => delta.text)
          .join("");
      const { thinking, content } = splitThinking(whole);
      if (!whole.trimStart().startsWith("<think>")) assert.equal(of("content"), whole);
      else {
        assert.equal(of("thinking").trim(), thinking);
        assert.equal(of("content").trimStart(), content);
      }
    }),
  );
});
