import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Schedule, scheduleFactor } from "./schedule.ts";

fc.configureGlobal({ seed: 8 });

const at = (schedule: Schedule, steps: number, ...which: number[]): number[] =>
  which.map((step) => Number(scheduleFactor(schedule, step, steps).toFixed(6)));

test("warm-up climbs in equal parts, begins above zero and reaches the peak at its last step", () => {
  for (const kind of ["constant", "linear", "cosine"] as const)
    assert.deepEqual(at({ kind, warmup: 4 }, 100, 0, 1, 2, 3).slice(0, 4), [0.25, 0.5, 0.75, 1], kind);
  assert.deepEqual(at({ kind: "wsd", warmup: 4, decay: 0.2 }, 100, 0, 3, 4), [0.25, 1, 1]);
  assert.deepEqual(at({ kind: "constant", warmup: 0 }, 10, 0, 9), [1, 1]);
});

test("wsd: level until the decay, then down in a line to above its floor at the last step", () => {
  const schedule: Schedule = { kind: "wsd", warmup: 2, decay: 0.2 };
  assert.deepEqual(at(schedule, 100, 50, 79, 80, 81, 90, 99), [1, 1, 1, 0.95, 0.5, 0.05]);
  assert.deepEqual(at({ ...schedule, floor: 0.1 }, 100, 80, 90, 99), [1, 0.55, 0.145]);
  assert.deepEqual(at({ kind: "wsd", warmup: 0, decay: 0 }, 10, 0, 9), [1, 1], "no decay");
  assert.deepEqual(at({ kind: "wsd", warmup: 0, decay: 1 }, 4, 0, 1, 2, 3), [1, 0.75, 0.5, 0.25], "nothing but decay");
});

test("cosine and linear: the peak after the warm-up, half-way in the middle, the floor at the end", () => {
  assert.deepEqual(at({ kind: "cosine", warmup: 10 }, 110, 10, 60, 110), [1, 0.5, 0]);
  assert.deepEqual(at({ kind: "linear", warmup: 10 }, 110, 10, 60, 109, 110), [1, 0.5, 0.01, 0]);
  assert.deepEqual(at({ kind: "cosine", warmup: 0, floor: 0.2 }, 100, 0, 50, 100), [1, 0.6, 0.2]);
});

test("corners: one step, a warm-up longer than the run, steps beyond the end", () => {
  for (const kind of ["linear", "cosine"] as const) {
    assert.deepEqual(at({ kind, warmup: 0 }, 1, 0), [1], kind);
    assert.deepEqual(at({ kind, warmup: 50 }, 10, 0, 9), [0.02, 0.2], kind);
    assert.deepEqual(at({ kind, warmup: 0, floor: 0.3 }, 10, 10, 500), [0.3, 0.3], kind);
  }
  assert.deepEqual(at({ kind: "wsd", warmup: 50, decay: 0.1 }, 10, 0, 9), [0.02, 0.2]);
});

test("every factor lies in 0..1, is above zero within the run, and rises no more after the warm-up", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const schedule = fc.oneof(
    fc.record({ kind: fc.constant("wsd" as const), warmup: fc.nat(50), decay: share, floor: share }),
    fc.record({ kind: fc.constantFrom("cosine" as const, "linear" as const), warmup: fc.nat(50), floor: share }),
    fc.record({ kind: fc.constant("constant" as const), warmup: fc.nat(50) }),
  );
  fc.assert(
    fc.property(schedule, fc.integer({ min: 1, max: 300 }), (given, steps) => {
      let before = Number.POSITIVE_INFINITY;
      for (let step = 0; step < steps; step++) {
        const factor = scheduleFactor(given, step, steps);
        assert.ok(factor > 0 && factor <= 1, `${factor} at step ${step} of ${steps}`);
        if (step > given.warmup) assert.ok(factor <= before + 1e-12);
        before = factor;
      }
    }),
  );
});
