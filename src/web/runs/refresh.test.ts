import assert from "node:assert/strict";
import { it } from "node:test";
import type { RunState } from "../../serve/wire.ts";
import { isDue } from "./refresh.ts";

const state = (status: RunState["status"], alive = true): RunState => ({
  ...{ status, alive, step: 3, steps: 9 },
  ...{ startedAt: null, updatedAt: null, message: null },
});
/** Of rounds 1 to 20, how many ask for it. */
const asked = (of: RunState | null | undefined): number =>
  Array.from({ length: 20 }, (_, i) => isDue(of, i + 1)).filter(Boolean).length;

it("asks for what grows in every round, for what may be resumed now and then, and for what is done no more", () => {
  assert.deepEqual([asked(state("running")), asked(undefined)], [20, 20]);
  for (const resting of [state("paused"), state("stopped"), state("failed"), state("running", false), null])
    assert.equal(asked(resting), 4, JSON.stringify(resting));
  assert.equal(asked(state("finished")), 0);
});
