import assert from "node:assert/strict";
import { test } from "node:test";
import { isHeldOut } from "../task.ts";
import { validateTask } from "../validate.ts";
import { CAPITALS, COUNTRIES } from "./facts.ts";
import { recall } from "./index.ts";

test("recall is sound, and hostile answers earn nothing", () => {
  const wrongAnswer = (facts: unknown) => CAPITALS.find((name) => name !== (facts as { capital: string }).capital)!;
  assert.deepEqual(validateTask(recall, { wrongAnswer }), []);
});

test("96 different countries have 96 different capitals, and some facts are held out", () => {
  assert.equal(new Set(COUNTRIES).size, 96);
  assert.equal(new Set(CAPITALS).size, 96);
  assert.equal(new Set([...COUNTRIES, ...CAPITALS]).size, 192);
  const heldOut = COUNTRIES.filter((country, i) => isHeldOut(recall, { country, capital: CAPITALS[i]! }));
  assert.ok(heldOut.length >= 6 && heldOut.length <= 20, `${heldOut.length} held out`);
});
