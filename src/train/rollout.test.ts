import assert from "node:assert/strict";
import { test } from "node:test";
import { rolloutOf } from "./rollout.ts";
import { digitProblem, tokenizer } from "./testing.ts";

test("a rollout knows which of its text was forced, whatever bytes the model wrote before", () => {
  const word = tokenizer.encodePlain("\nwait");
  const bytes = tokenizer.encodePlain("„€“");
  // The second half-written character is one broken one, before a word and without.
  for (const before of [tokenizer.encode("<think>a"), bytes, bytes.slice(0, -1)]) {
    const tokens = [...before, ...word, ...tokenizer.encode("b</think>"), ...word];
    const forced = [
      { from: before.length, count: word.length },
      { from: tokens.length - word.length, count: word.length },
    ];
    const logprobs = new Float32Array(tokens.length);
    const completion = { prompt: 0, tokens, logprobs, finish: "stop" } as const;
    const { text, forcedText } = rolloutOf(digitProblem(1), [1], { ...completion, forced }, tokenizer);
    assert.deepEqual(
      forcedText?.map(({ from, count }) => text.slice(from, from + count)),
      ["\nwait", "\nwait"],
    );
    assert.ok(!("forcedText" in rolloutOf(digitProblem(1), [1], completion, tokenizer)));
  }
});
