import assert from "node:assert/strict";
import { test } from "node:test";
import { goldTrace } from "../corpus/gold.ts";
import { met } from "../corpus/leaks.ts";
import { solvedFamily } from "../instructions/index.ts";
import { getTask, listInstructions, listTasks } from "../registry.ts";
import { isHeldOut, sampleProblem } from "../task.ts";
import { inLanguage, languageShare, WORDS } from "../trace/words.ts";
import { type Candidate, faultOf, repetition, selectTraces } from "./select.ts";

const candidate = (prompt: string, thinking: string, family = "addition", tokens = thinking.length): Candidate => ({
  trace: { id: `${prompt} ${thinking}`, prompt, thinking, answer: "1", family, language: "en" },
  tokens,
});
const settings = { maxRepetition: 0.2, oneLanguage: true };
const texts = (list: readonly Candidate[]): string[] => list.map(({ trace }) => `${trace.prompt}:${trace.thinking}`);

test("a thought turned into the other language word by word is what that language's writer writes", () => {
  let turned = 0;
  for (const task of [...listTasks(), ...listInstructions()]) {
    for (let level = 0; level < task.levels; level++) {
      for (let index = 0; index < 4; index++) {
        const problem = sampleProblem(task, { seed: 5, index, level, split: "train" });
        const [en, de] = [goldTrace(problem, "en").thinking, goldTrace(problem, "de").thinking];
        // A search has so much room in characters, and words of other lengths fill it otherwise.
        const searches = ["countdown", "puzzle24"].includes(solvedFamily(problem));
        if (!searches) assert.equal(inLanguage(en, "de"), de, problem.id);
        assert.equal(inLanguage(inLanguage(en, "de"), "en"), en, problem.id);
        assert.equal(languageShare(inLanguage(en, "de"), "de"), 1);
        if (en !== de) turned++;
        assert.equal(languageShare(inLanguage(`${en}\n${de}`, "en"), "en"), 1);
      }
    }
  }
  assert.ok(turned > 120, `only ${turned} had any words`);
  assert.equal(inLanguage("Rest so sofa", "en"), "left so sofa", "whole words only");
});

test("every word of one language has one of its own in the other", () => {
  const [en, de] = [Object.values(WORDS.en), Object.values(WORDS.de)];
  assert.equal(new Set([...en, ...de]).size, en.length + de.length);
});

test("repetition is the share of lines that were there before, and all of a thought that goes in circles", () => {
  assert.equal(repetition(""), 0);
  assert.equal(repetition("a\nb\n\nc\nd"), 0);
  assert.equal(repetition("a\nb\na\na"), 0.5);
  assert.equal(repetition(`7${" 7".repeat(5)}`), 1);
  assert.equal(repetition(`7${" 7".repeat(4)}`), 0);
  assert.equal(repetition("x ".repeat(1e6)), 1);
});

test("what is not readable is refused for its first reason", () => {
  assert.equal(faultOf(candidate("p", "1+2=3\nso 3"), settings), undefined);
  assert.equal(faultOf(candidate("p", "1+2=3\n1+2=3\nalso 3"), settings), "repetitive");
  assert.equal(faultOf(candidate("p", "1+2=3\nalso 3"), settings), "mixed");
  assert.equal(faultOf(candidate("p", "1+2=3\nalso 3"), { ...settings, oneLanguage: false }), undefined);
  assert.equal(faultOf(candidate("p", "1+2=3"), { ...settings, maxThinkingTokens: 4 }), "long");
  assert.equal(faultOf(candidate("p", "1+2=3"), { ...settings, maxThinkingTokens: 5 }), undefined);
});

test("a search that meets a held-out puzzle is refused", () => {
  let refused = 0;
  for (let index = 0; index < 200; index++) {
    const problem = sampleProblem(getTask("countdown"), { seed: 8, index, level: 2, split: "train", language: "en" });
    const { thinking } = goldTrace(problem, "en");
    const meets = met("countdown", thinking).some(({ family, facts }) => isHeldOut(getTask(family), facts));
    const fault = faultOf(candidate(problem.prompt, thinking, "countdown"), { ...settings, maxRepetition: 1 });
    assert.equal(fault, meets ? "held-out" : undefined);
    refused += meets ? 1 : 0;
  }
  assert.ok(refused > 5 && refused < 195, `${refused} of 200: the test would show nothing`);
});

test("of a prompt the cleanest are kept, among these the shortest; the same text once", () => {
  const given = [
    candidate("p", "long long"),
    candidate("p", "a\na"),
    candidate("p", "ab"),
    candidate("q", "x"),
    candidate("p", "ab"),
    candidate("q", "x"),
  ];
  const { kept, duplicate, surplus, unbalanced } = selectTraces(given, { perPrompt: 2 });
  assert.deepEqual(texts(kept), ["p:long long", "p:ab", "q:x"]);
  assert.deepEqual([texts(duplicate), texts(surplus), unbalanced], [["p:ab", "q:x"], ["p:a\na"], []]);
  const one = selectTraces(given, { perPrompt: 1 });
  assert.deepEqual(texts(one.kept), ["p:ab", "q:x"]);
});

test("rows are shared out as equally as the families allow, the best of each prompt first", () => {
  const given = [
    ...Array.from({ length: 10 }, (_, i) => candidate(`a${i}`, "1")),
    ...Array.from({ length: 10 }, (_, i) => candidate(`a${i}`, "22")),
    ...Array.from({ length: 3 }, (_, i) => candidate(`b${i}`, "1", "max")),
    ...Array.from({ length: 8 }, (_, i) => candidate(`c${i}`, "1", "sort")),
  ];
  const size = (rows: number): number[] => {
    const { kept, unbalanced } = selectTraces(given, { perPrompt: 2, rows });
    assert.equal(kept.length, Math.min(rows, given.length));
    assert.equal(kept.length + unbalanced.length, given.length);
    return ["addition", "max", "sort"].map((family) => kept.filter(({ trace }) => trace.family === family).length);
  };
  assert.deepEqual(size(6), [2, 2, 2]);
  assert.deepEqual(size(13), [5, 3, 5]);
  assert.deepEqual(size(24), [13, 3, 8]);
  assert.deepEqual(size(99), [20, 3, 8]);
  const { kept } = selectTraces(given, { perPrompt: 2, rows: 23 });
  const second = kept.filter(({ trace }) => trace.thinking === "22").map(({ trace }) => trace.prompt);
  assert.deepEqual(second, ["a0", "a1"], "only when every prompt has its best");
});
