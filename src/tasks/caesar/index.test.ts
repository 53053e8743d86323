import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { met } from "../corpus/leaks.ts";
import { sampleProblem } from "../task.ts";
import { Pen } from "../trace/pen.ts";
import { validateTask } from "../validate.ts";
import { caesar } from "./index.ts";
import { caesarMethod } from "./method.ts";

test("caesar is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(caesar, { wrongAnswer: () => "a-b" }), []);
});

test("shifts go round the alphabet both ways", () => {
  const forward = { text: "xyz", by: 2 };
  assert.equal(caesar.prompt(forward, "en"), "Shift x-y-z by +2.");
  assert.equal(caesar.prompt({ ...forward, by: -2 }, "de"), "Verschiebe x-y-z um -2.");
  assert.equal(caesar.gold(forward), "z-a-b");
  assert.equal(caesar.gold({ text: "abc", by: -2 }), "y-z-a");
  assert.equal(caesar.verify(forward, "z-a-b").score, 1);
  for (const answer of ["zab", "x-y-z", "z-a", "z-a-b-c", "Z-A-B"])
    assert.equal(caesar.verify(forward, answer).score, 0);
});

test("the work counts the shift down, and the check goes back", () => {
  const pen = new Pen(Random.of(1), "en", 0);
  assert.equal(caesarMethod.work({ text: "yab", by: 2 }, pen), "a-c-d");
  assert.equal(pen.text, "y+2=z+1=a a-b>a\na+2=b+1=c b>a-c\nb+2=c+1=d>a-c-d");
  assert.deepEqual(caesarMethod.check({ text: "ya", by: -1 }, "x-y", pen), { text: "x+1=y y+1=z", holds: false });
  for (let index = 0; index < 200; index++) {
    const { facts } = sampleProblem(caesar, { seed: 1, index, level: index % 5, split: "train" });
    assert.equal(caesar.verify(facts, caesarMethod.miss(facts, Random.of(1, index))).score, 0);
  }
});

test("the rest that a line restates and the letters already shifted are problems met on the way, where they are posed", () => {
  // By 2 back is posed from four letters on, by 2 forward from three.
  const work = (text: string, by: number): string => {
    const pen = new Pen(Random.of(1), "en", 0);
    caesarMethod.work({ text, by }, pen);
    return pen.text;
  };
  const texts = (thinking: string) => met("caesar", thinking).map(({ facts }) => (facts as { text: string }).text);
  assert.deepEqual(texts(work("yab", -2)), []);
  assert.deepEqual(texts(work("yabcd", -2)), ["abcd", "yabc"]);
  assert.deepEqual(texts(`${work("yabc", 2)}\nso a-c-d-e\nwarte ${work("yabc", 2)}`), ["abc", "yab", "abc", "yab"]);
  assert.deepEqual(met("caesar", work("yabc", 2)).slice(0, 1), [{ family: "caesar", facts: { text: "abc", by: 2 } }]);
});
