/** Preferences: deterministic, spoilt in the way that they say and no other, and never on held-out problems. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { meetsHeldOut } from "../corpus/leaks.ts";
import { smallMix } from "../corpus/small-mix.ts";
import { asInstruction, solvedFamily } from "../instructions/index.ts";
import { getTask } from "../registry.ts";
import { isHeldOut, type Language } from "../task.ts";
import { languageShare } from "../trace/words.ts";
import { readTraces, traceLines } from "../traces/index.ts";
import { repetition } from "../traces/select.ts";
import { PREFERENCES, type Preference, type PreferenceTrace, preferenceTraces } from "./index.ts";

const write = (about: Preference, count: number, split: "train" | "heldout" = "train"): PreferenceTrace[][] =>
  Array.from({ length: count }, (_, index) => preferenceTraces({ about, seed: 3, index, split, problems: smallMix }));
const groups = { helpful: write("helpful", 200), harmless: write("harmless", 200) };
const preferred = (about: Preference) => groups[about].flat().filter(({ score }) => score === 1);
const others = (about: Preference, defect: string) =>
  groups[about].flat().filter(({ defects }) => defects.includes(defect));
const followed = ({ family, facts, language, thinking, answer }: PreferenceTrace): number | undefined =>
  asInstruction(getTask(family!))?.follows({ facts, language: language! }, thinking, answer).score;

test("the same request gives the same responses, which read back as traces, each prompt with both kinds", () => {
  for (const about of PREFERENCES) {
    assert.deepEqual(write(about, 8)[7], groups[about][7]);
    const again = preferenceTraces({ about, seed: 4, index: 7, split: "train", problems: smallMix });
    assert.notDeepEqual(again, groups[about][7]);
    const all = groups[about].flat();
    assert.deepEqual(readTraces(traceLines(all)), { traces: all, faults: [] });
    for (const group of groups[about]) {
      assert.equal(new Set(group.map(({ prompt }) => prompt)).size, 1);
      assert.equal(new Set(group.map(({ thinking, answer }) => `${thinking}\n${answer}`)).size, group.length);
      assert.deepEqual([...new Set(group.map(({ score }) => score))].sort(), [0, 1], group[0]!.prompt);
      for (const { score, defects } of group) assert.equal(defects.length, 1 - score!);
    }
    const instructed = all.filter(({ family }) => family!.startsWith("instruct-")).length / all.length;
    assert.ok(instructed > 0.35 && instructed < 0.65, `${instructed}`);
  }
});

test("train prompts are not held out, nor met on the way; held-out ones are", () => {
  for (const about of PREFERENCES) {
    for (const { family, facts, thinking } of groups[about].flat()) {
      assert.equal(isHeldOut(getTask(family!), facts), false);
      assert.equal(meetsHeldOut(solvedFamily({ family: family!, facts }), thinking), false);
    }
    for (const { family, facts } of write(about, 30, "heldout").flat()) assert.ok(isHeldOut(getTask(family!), facts));
  }
});

test("helpful: preferred answers are as they were told, right ones and wrong ones; the others are not, by each of the ways", () => {
  const right = preferred("helpful").map(({ family, facts, answer }) => getTask(family!).verify(facts, answer).score);
  const share = right.reduce((a, b) => a + b, 0) / right.length;
  assert.ok(share > 0.4 && share < 0.8, `${share} right`);
  for (const trace of preferred("helpful")) {
    // Of the thought nothing is said: it is the same in both, and an answer alone is judged.
    assert.notEqual(followed({ ...trace, thinking: "" }), 0, `${trace.prompt} ${trace.answer}`);
  }
  for (const defect of ["untold", "sentence", "twice", "thought"]) {
    const list = others("helpful", defect);
    assert.ok(list.length >= 15, `${list.length} ${defect}`);
    for (const trace of list) {
      const { family, facts, answer, prompt } = trace;
      assert.equal(getTask(family!).verify(facts, answer).score * (followed(trace) ?? 1), 0, `${prompt} ${answer}`);
      if (defect === "untold") assert.match(family!, /^instruct-(words|list|greeting)$/);
    }
  }
});

test("harmless: preferred responses are in one language without needless thoughts; the others are spoilt as they say", () => {
  const foreign = ({ thinking, language }: PreferenceTrace) => 1 - languageShare(thinking, language as Language);
  for (const trace of preferred("harmless")) {
    assert.equal(foreign(trace), 0, trace.thinking);
    assert.notEqual(followed(trace), 0, `${trace.prompt} ${trace.answer}`);
  }
  const of = (defect: string): PreferenceTrace[] => {
    const list = others("harmless", defect);
    assert.ok(list.length >= 8, `${list.length} ${defect}`);
    return list;
  };
  assert.ok(of("mixed").every((trace) => foreign(trace) > 0 && foreign(trace) < 1));
  assert.ok(of("foreign").every((trace) => foreign(trace) > 0));
  assert.ok(of("repeats").every(({ thinking }) => repetition(thinking) > 0));
  for (const trace of [...of("tongue"), ...of("needless")])
    assert.equal(followed(trace), 0, `${trace.prompt} ${trace.thinking} ${trace.answer}`);
  // What is wrong is the manner: the answer beside a spoilt thought is one of those that are preferred.
  for (const group of groups.harmless) {
    const answers = new Set(group.filter(({ score }) => score === 1).map(({ answer }) => answer));
    for (const { answer, defects } of group)
      if (!defects.includes("tongue")) assert.ok(answers.has(answer), `${answer} of ${[...answers]}`);
  }
});
