import assert from "node:assert/strict";
import { test } from "node:test";
import { type Observation, Watch } from "./watch.ts";

const healthy: Omit<Observation, "step"> = {
  deadGroups: 0.2,
  meanLength: 80,
  clipped: 0.05,
  format: 0.9,
  entropy: 0.5,
  rewardFailures: [],
};

/** What a watch says over steps 1, 2, …, as `step CODE`; one that is restored before every step says the same. */
function observe(...states: Partial<Observation>[]): string[] {
  const watch = new Watch();
  let saved = JSON.stringify(watch.state);
  return states.flatMap((state, i) => {
    const now = { step: i + 1, ...healthy, ...state };
    const restored = new Watch(JSON.parse(saved));
    const events = watch.observe(now);
    assert.deepEqual(restored.observe(now), events);
    saved = JSON.stringify(restored.state);
    return events.map((event) => `${event.step} ${event.code}`);
  });
}
const repeat = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

const troubles: { code: string; patience: number; state: Partial<Observation>; words: RegExp }[] = [
  { code: "DEAD_GROUPS", patience: 3, state: { deadGroups: 1 }, words: /nothing to learn from/ },
  { code: "LENGTH_COLLAPSED", patience: 5, state: { meanLength: 23 }, words: /from 80 to 23 tokens/ },
  { code: "ANSWERS_CUT", patience: 5, state: { clipped: 0.31 }, words: /31 % of the answers/ },
  { code: "FORMAT_LOST", patience: 5, state: { format: 0.44 }, words: /from 90 to 44 %/ },
  { code: "ENTROPY_COLLAPSED", patience: 5, state: { entropy: 0.009 }, words: /0\.0090 nats/ },
];

for (const { code, patience, state, words } of troubles) {
  test(`${code}: told once when it has lasted, again at ten times that, and when it is over`, () => {
    const [first, again] = [1 + patience, 1 + 10 * patience];
    assert.deepEqual(observe({}, ...repeat(patience - 1, state), {}, ...repeat(patience - 1, state)), [], "too short");
    assert.deepEqual(observe({}, ...repeat(again + 20, state)), [`${first} ${code}`, `${again} ${code}`]);
    assert.deepEqual(observe({}, ...repeat(patience, state), {}, {}), [
      `${first} ${code}`,
      `${first + 1} ${code}_OVER`,
    ]);
    assert.deepEqual(
      observe({}, ...repeat(patience, state), {}, ...repeat(patience, state)).filter((line) => line.endsWith(code)),
      [`${first} ${code}`, `${first + 1 + patience} ${code}`],
      "it may come back",
    );
    const watch = new Watch();
    watch.observe({ step: 4, ...healthy });
    const events = repeat(patience, state).flatMap((s, i) => watch.observe({ step: 5 + i, ...healthy, ...s }));
    assert.equal(events[0]!.level, "warning");
    assert.match(events[0]!.message, words);
    assert.match(events[0]!.message, /since step 5$/, "since when");
    assert.ok(events[0]!.help!.length > 20, "what usually helps");
  });
}

test("a healthy run says nothing, however it began", () => {
  assert.deepEqual(observe(...repeat(200, {})), []);
  const poor = { meanLength: 10, format: 0.01, entropy: 0.02 };
  assert.deepEqual(observe(...repeat(60, poor)), [], "what has always been so is no change");
  assert.deepEqual(observe(poor, ...repeat(60, {})), []);
});

test("steps without an update have no entropy: that is not taken for a collapse", () => {
  const none = { entropy: undefined };
  assert.deepEqual(observe({}, ...repeat(20, none)), []);
  assert.deepEqual(
    observe(none, {}, ...repeat(5, { entropy: 0.001 })),
    ["7 ENTROPY_COLLAPSED"],
    "the first that is known counts",
  );
});

test("several troubles at once are told each by itself", () => {
  const both = { deadGroups: 1, clipped: 0.9 };
  assert.deepEqual(observe({}, ...repeat(5, both)), ["4 DEAD_GROUPS", "6 ANSWERS_CUT"]);
});

test("a reward that fails is named the first time, the tenth and the hundredth", () => {
  const failure = (name: string) => ({ name, message: `${name} is broken` });
  let watch = new Watch();
  const told: string[] = [];
  for (let step = 1; step <= 60; step++) {
    if (step % 7 === 0) watch = new Watch(JSON.parse(JSON.stringify(watch.state)));
    const rewardFailures = [failure("brevity"), failure("brevity"), ...(step === 7 ? [failure("style")] : [])];
    for (const event of watch.observe({ step, ...healthy, rewardFailures })) {
      assert.deepEqual([event.code, event.level], ["REWARD_FAILED", "warning"]);
      told.push(`${step}: ${event.message}`);
    }
  }
  assert.deepEqual(told, [
    "1: reward brevity failed: brevity is broken",
    "5: reward brevity failed for the 10th time: brevity is broken",
    "7: reward style failed: style is broken",
    "50: reward brevity failed for the 100th time: brevity is broken",
  ]);
});
