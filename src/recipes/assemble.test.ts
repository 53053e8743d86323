import assert from "node:assert/strict";
import { test } from "node:test";
import type { RestoredTrainer } from "../train/checkpoint.ts";
import { REINFORCE_START } from "../train/reinforce.ts";
import { MemoryStore } from "../train/testing.ts";
import { restoredState } from "./assemble.ts";

const checkpoint = (state: object): RestoredTrainer => ({ trainer: { state } }) as unknown as RestoredTrainer;

test("a checkpoint of an older version can be resumed: what it did not count begins at 0, which the run says", () => {
  const store = new MemoryStore();
  const state = restoredState(checkpoint({ step: 20, tokens: 500, problems: 320 }), REINFORCE_START, store);
  assert.deepEqual(state, { ...REINFORCE_START, step: 20, tokens: 500, problems: 320 });
  assert.deepEqual(
    store.events.map(({ code, step }) => [code, step]),
    [["COUNT_RESTARTED", 20]],
  );
  assert.match(store.events[0]!.message, /promptTokens/);
  const whole = new MemoryStore();
  assert.deepEqual(restoredState(checkpoint(state), REINFORCE_START, whole), state);
  const fresh = restoredState(undefined, REINFORCE_START, whole);
  assert.deepEqual(fresh, REINFORCE_START);
  assert.notEqual(fresh, REINFORCE_START, "the loop writes into it");
  assert.deepEqual(whole.events, []);
});
