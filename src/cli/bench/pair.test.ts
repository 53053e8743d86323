/** Two processes as one contestant: timed together, both closed; and which way of PyTorch counts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { bothAgreements, fasterWay, halves, lowerBound, NOT_ADDED_UP, Pair, withLowerBound } from "./pair.ts";
import type { Side } from "./result.ts";

/** A process that takes so long, and answers with its own idea of it. */
function fake(wait: number, cpu: number) {
  const self = {
    asked: [] as string[],
    closed: 0,
    call: async (what: string) => {
      self.asked.push(what);
      return { choices: { micro: wait } };
    },
    time: async () => {
      await sleep(wait);
      return { wait, wall: wait / 2, cpu };
    },
    close: () => {
      self.closed++;
    },
  };
  return self;
}

function starting(...outcomes: (ReturnType<typeof fake> | string | Error)[]) {
  return async () => {
    const outcome = outcomes.shift()!;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
}

test("both work at once: the wall-clock is until the last answer, processor times add up", async () => {
  const both = [fake(20, 3), fake(60, 4)] as const;
  // Each answers only when the other has been asked, too.
  const asked = both.map(() => Promise.withResolvers<void>());
  const meeting = both.map((one, i) => ({
    ...one,
    time: async () => {
      asked[i]!.resolve();
      await asked[1 - i]!.promise;
      return one.time();
    },
  }));
  const pair = await Pair.start(starting(...meeting));
  const { wall, cpu } = await pair.time("gradients");
  assert.ok(wall >= 59, String(wall));
  assert.equal(cpu, 7);
  assert.equal(await pair.tune("tune-step"), "micro 20; the other micro 60");
  assert.deepEqual([both[0].asked, both[1].asked], [["tune-step"], ["tune-step"]]);
  assert.match(pair.contestant("gradients").name, /^peer, two processes of one thread$/);
  pair.close();
  const alike = await Pair.start(starting(fake(1, 1), fake(1, 1)));
  assert.equal(await alike.tune("tune-step"), "micro 1");
});

test("none is left behind where the second does not start, nor where the first cannot be closed", async () => {
  for (const failure of ["no memory", new Error("no memory")]) {
    const first = fake(1, 1);
    await assert.rejects(Pair.start(starting(first, failure)), (error: Error & { got?: string }) =>
      /no memory/.test(error.got ?? error.message),
    );
    assert.equal(first.closed, 1);
  }
  await assert.rejects(Pair.start(starting("no Python")), { code: "BENCH_PEER" });
  const second = fake(1, 1);
  const stuck = { ...fake(1, 1), close: () => assert.fail("stuck") };
  const pair = await Pair.start(starting(stuck, second));
  assert.throws(() => pair.close(), /stuck/);
  assert.equal(second.closed, 1);
});

test("rows are halved in order", () => {
  assert.deepEqual(halves([1, 2, 3, 4]), [
    [1, 2],
    [3, 4],
  ]);
  assert.deepEqual(halves([1, 2, 3]), [[1, 2], [3]]);
});

const side = (wall: number, how: string): Side => ({ wall, cpu: 2 * wall, tokensPerSecond: 1, gflops: 1, how });

test("decoding's peer is the faster way and says which; the other stands beside it", () => {
  const inside = fasterWay(side(10, "x"), side(12, "y"));
  assert.deepEqual([inside.wall, inside.how], [10, "two threads inside each operator: x"]);
  assert.deepEqual(inside.other, { "two processes of one thread": { wall: 12, cpu: 24, how: "y" } });
  const processes = fasterWay(side(10, "x"), side(9, "y"));
  assert.deepEqual([processes.wall, processes.how], [9, "two processes of one thread: y"]);
  assert.deepEqual(processes.other, { "two threads inside each operator": { wall: 10, cpu: 20, how: "x" } });
});

test("training's peer stays the one process, even where two are faster; results without it are read", () => {
  const peer = withLowerBound(side(10, "x"), side(6, "y"));
  assert.equal(peer.wall, 10);
  assert.deepEqual(peer.other, { [NOT_ADDED_UP]: { wall: 6, cpu: 12, how: "y" } });
  assert.deepEqual(lowerBound({ ours: side(8, ""), peer }), { wall: 6, ratio: 0.75 });
  assert.equal(lowerBound({ ours: side(8, ""), peer: side(10, "x") }), null);
  assert.equal(lowerBound({ ours: side(8, ""), peer: null }), null);
  assert.deepEqual(bothAgreements({ loss: 1 }, { loss: 2 }), { loss: 1, "loss of two processes": 2 });
});
