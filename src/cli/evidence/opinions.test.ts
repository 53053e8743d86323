import assert from "node:assert/strict";
import { test } from "node:test";
import { condense, opinionsText } from "./opinions.ts";

const answer = (text: string, right: boolean, opinion: number | null) => ({ prompt: "1+1?", text, right, opinion });

test("opinions stand apart for right and wrong answers, and what is wrong and liked is shown", () => {
  const found = condense("GRPO", [
    answer("2", true, 0.5),
    answer("sure: 3", false, 0.9),
    answer("3", false, 0.1),
    answer("4", false, 0.3),
    answer("no format", false, null),
  ]);
  assert.deepEqual(
    { ...found, liked: found.liked.map(({ text }) => text) },
    {
      ...{ arm: "GRPO", right: 0.2, asked: 0.8, opinion: 0.45, ofRight: 0.5 },
      ofWrong: (0.9 + 0.1 + 0.3) / 3,
      liked: ["sure: 3", "4"],
    },
  );
  const none = condense("base", [answer("2", true, 0.7)]);
  assert.equal(none.ofWrong, null);
  const text = opinionsText([{ seed: 4, opinions: { arms: [none, found] } }]);
  assert.match(text, /\| 4 \| base \| 100\.0 % \| 100\.0 % \| 0\.700 \| 0\.700 \| – \|/);
  assert.match(text, /GRPO, opinion 0\.900:\n\n```text\n1\+1\?\nsure: 3\n```/);
});
