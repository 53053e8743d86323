import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { document } from "../corpus/document.ts";
import { type CorpusMix, DEFAULT_MIX } from "../corpus/mix.ts";
import { onlyKind } from "../corpus/testing.ts";
import { isHeldOut } from "../task.ts";
import { validateTask } from "../validate.ts";
import { CAPITALS, COUNTRIES, NAMES, RELATIONS } from "./facts.ts";
import { asked, factsOf, type RecallFacts, recall } from "./index.ts";

test("recall is sound, and hostile answers earn nothing", () => {
  const wrongAnswer = (facts: unknown) => {
    const { relation, name } = asked(facts as RecallFacts);
    return NAMES[relation].find((other) => other !== name)!;
  };
  assert.deepEqual(validateTask(recall, { wrongAnswer }), []);
});

test("96 different countries have 96 different names of each kind, and some facts of each kind are held out", () => {
  assert.equal(new Set(COUNTRIES).size, 96);
  assert.equal(new Set([...COUNTRIES, ...RELATIONS.flatMap((relation) => NAMES[relation])]).size, 4 * 96);
  for (const relation of RELATIONS) {
    const heldOut = COUNTRIES.filter((_, i) => isHeldOut(recall, factsOf(relation, i)));
    assert.ok(heldOut.length >= 6 && heldOut.length <= 20, `${relation}: ${heldOut.length} held out`);
  }
});

test("the first facts are what they always were", () => {
  assert.deepEqual([COUNTRIES[0], CAPITALS[0], COUNTRIES[95], CAPITALS[95]], ["Norland", "Fiden", "Tremesk", "Pabo"]);
  assert.deepEqual(factsOf("capital", 0), { country: "Norland", capital: "Fiden" });
  assert.equal(recall.canonical(factsOf("capital", 0)), "Norland");
});

test("a level is a kind of question", () => {
  const prompts = RELATIONS.map((relation) => recall.prompt(factsOf(relation, 0), "en"));
  assert.deepEqual(prompts, ["Capital of Norland?", "River of Norland?", "Coin of Norland?"]);
  assert.equal(recall.prompt(factsOf("coin", 0), "de"), "Münze von Norland?");
  for (let level = 0; level < recall.levels; level++) {
    const facts = recall.sample(Random.of(1, level), level);
    assert.equal(asked(facts).relation, RELATIONS[level]);
  }
});

test("a corpus states the facts that its mix asks for, and no others", () => {
  const stated = (levels: readonly number[]): string => {
    const mix: CorpusMix = {
      ...DEFAULT_MIX,
      kinds: onlyKind("statement"),
      problems: levels.map((level) => ({ family: "recall", level, weight: 1 })),
    };
    return Array.from({ length: 1500 }, (_, i) => document(Random.of(1, "corpus", i), mix).response).join("\n");
  };
  for (const levels of [[0], [1], [0, 2], [0, 1, 2]]) {
    const text = stated(levels);
    const words = new Set(text.match(/\p{L}+/gu));
    for (const [level, relation] of RELATIONS.entries()) {
      const known = NAMES[relation].filter((name) => words.has(name)).length;
      assert.equal(known, levels.includes(level) ? 96 : 0, `${levels}: ${known} of ${relation}`);
    }
    for (const sentence of text.split(/(?<=\.)\s/)) {
      const number = COUNTRIES.findIndex((country) => new RegExp(`\\b${country}\\b`).test(sentence));
      assert.ok(
        levels.some((level) => sentence.includes(NAMES[RELATIONS[level]!]![number]!)),
        sentence,
      );
    }
  }
});
