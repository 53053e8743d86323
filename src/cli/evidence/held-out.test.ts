import assert from "node:assert/strict";
import { test } from "node:test";
import { getTask, isHeldOut, smallCorpusMix, smallMix } from "../../tasks/index.ts";
import { canonicalKey, heldOutOfAll, heldOutSet, readHeldOut } from "./held-out.ts";

const heldOut = readHeldOut();

test("the rungs of bench/heldout.json are those that the corpus and reinforcement pose", () => {
  const keys = (rungs: readonly { family: string; level: number }[]) =>
    rungs.map((r) => `${r.family}/${r.level}`).sort();
  assert.deepEqual(keys(heldOut.rungs), keys(smallMix));
  assert.deepEqual(keys(heldOut.rungs), keys(smallCorpusMix));
  assert.ok(new Set(heldOut.rungs.map(({ family }) => family)).size >= 20);
});

test("a rung's problems are held out, different, and the first of more of them", () => {
  const few = heldOutSet(heldOut, 4);
  const more = heldOutSet(heldOut, 8);
  for (const { family, level } of heldOut.rungs) {
    const of = (list: typeof few) => list.filter((p) => p.family === family && p.level === level);
    const task = getTask(family);
    assert.ok(of(more).length >= 4, `${family} ${level}: ${of(more).length}`);
    assert.equal(new Set(of(more).map((p) => task.canonical(p.facts))).size, of(more).length);
    assert.ok(of(more).every((p) => isHeldOut(task, p.facts)));
    assert.deepEqual(of(few), of(more).slice(0, 4));
  }
});

test("no problem stands in two rungs, however many are drawn", () => {
  // The numbers of a level of factors may be those of the next one as well.
  const rungs = [0, 1, 2].map((level) => ({ family: "factors", level }));
  const [few, many] = [20, 60].map((count) => heldOutSet({ about: "", seed: 3, rungs }, count));
  assert.equal(new Set(many!.map(canonicalKey)).size, many!.length);
  for (const { level } of rungs) {
    const of = (list: typeof few) => list!.filter((problem) => problem.level === level).map(({ id }) => id);
    assert.deepEqual(of(few), of(many).slice(0, of(few).length));
  }
});

test("rungs with few problems are made up for by the others", () => {
  // Of the numbers that level 0 of factors poses some fifteen are held out.
  const rungs = ["factors", "addition", "clock"].map((family) => ({ family, level: 0 }));
  const list = heldOutOfAll({ about: "", seed: 3, rungs }, 100);
  const sizes = rungs.map(({ family }) => list.filter((problem) => problem.family === family).length);
  assert.ok(sizes[0]! < 30 && sizes[1] === sizes[2], sizes.join(", "));
  assert.ok(list.length >= 100 && list.length < 103, `${list.length}`);
  assert.equal(new Set(list.map(({ id }) => id)).size, list.length);
  const all = heldOutOfAll({ about: "", seed: 3, rungs: rungs.slice(0, 1) }, 100);
  assert.equal(all.length, sizes[0]);
});
