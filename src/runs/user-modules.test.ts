import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { formatCompletion, getTask, type Problem, parseCompletion, sampleProblem } from "../tasks/index.ts";
import { DEFAULT_REWARDS, ruleJudge } from "../train/judge.ts";
import type { Rollout } from "../train/rollout.ts";
import { ReckonError } from "../util/errors.ts";
import { createJudge, loadUserReward, loadUserTask, type UserReward, type UserTask } from "./user-modules.ts";

// Outside the repository, as users' modules are.
const folder = mkdtempSync(join(tmpdir(), "reckon-user-"));
const open: { close(): Promise<void> }[] = [];
after(async () => {
  for (const module of open) await module.close();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
async function reward(name: string, content: string, timeoutMs = 400): Promise<UserReward> {
  const loaded = await loadUserReward(file(name, content), { timeoutMs, heapMiB: 64 });
  open.push(loaded);
  return loaded;
}
async function task(name: string, content: string, timeoutMs = 400): Promise<UserTask> {
  const loaded = await loadUserTask(file(name, content), { timeoutMs });
  open.push(loaded);
  return loaded;
}
const fails =
  (code: string, ...words: (string | RegExp)[]) =>
  (error: unknown) => {
    assert.ok(error instanceof ReckonError, String(error));
    assert.equal(error.code, code);
    for (const word of words) {
      const found = word instanceof RegExp ? word.test(error.message) : error.message.includes(word);
      assert.ok(found, `${word} is not in: ${error.message}`);
    }
    return true;
  };

/** A rollout with this answer to a problem. */
function rollout(problem: Problem, answer: string, text = `${formatCompletion("thinking", answer)}<|end|>`): Rollout {
  return { problem, segments: [], text, parsed: parseCompletion(text), finish: "stop", length: text.length };
}
const addition = sampleProblem(getTask("addition"), { seed: 1, index: 0, level: 0, split: "train" });
const right = rollout(addition, getTask("addition").gold(addition.facts));
const wrong = rollout(addition, "nonsense");

const PARITY = `
import { defineTask, type Language } from "reckon/tasks";
interface Facts { readonly n: number }
export default defineTask<Facts>({
  name: "parity",
  ladder: { digits: [2, 4] },
  sample: (random, level) => ({ n: random.int(0, 10 ** (level + 2)) }),
  prompt: ({ n }: Facts, language: Language) => (language === "de" ? "Gerade? " : "Even? ") + n,
  verify({ n }, answer) {
    if (answer === "loop") for (;;) {}
    if (answer === "throw") throw "a text";
    if (answer === "two") return { score: 2, reason: "twice as right" };
    if (answer === "nan") return { score: NaN, reason: "" };
    if (answer === "nothing") return undefined as never;
    return { score: answer === (n % 2 === 0 ? "yes" : "no") ? 1 : 0, reason: "by the last digit" };
  },
  gold: ({ n }) => (n % 2 === 0 ? "yes" : "no"),
  chance: () => 0.5,
});
`;

test("a task in TypeScript outside the repository: drawn and verified in its thread", async () => {
  const parity = await task("parity.ts", PARITY);
  assert.deepEqual([parity.name, parity.levels, parity.ladder], ["parity", 2, { digits: [2, 4] }]);
  assert.match(parity.hash, /^[0-9a-f]{64}$/);
  const request = { seed: 3, index: 5, level: 1, split: "train" } as const;
  const problem = await parity.problem(request);
  assert.deepEqual(await parity.problem(request), problem);
  assert.notDeepEqual((await parity.problem({ ...request, index: 6 })).facts, problem.facts);
  assert.deepEqual([problem.id, problem.family, problem.chance], ["parity/1/train/3/5", "parity", 0.5]);
  const gold = (problem.facts as { n: number }).n % 2 === 0 ? "yes" : "no";
  const answers = [gold, "maybe"].map((answer) => ({ facts: problem.facts, answer }));
  assert.deepEqual(await parity.verify(answers), [
    { score: 1, reason: "by the last digit" },
    { score: 0, reason: "by the last digit" },
  ]);
});

test("the judge: users' tasks and shipped ones, format and weights as by the rules", async () => {
  const parity = await task("judged.ts", PARITY);
  const problem = await parity.problem({ seed: 0, index: 0, level: 0, split: "train" });
  const gold = (problem.facts as { n: number }).n % 2 === 0 ? "yes" : "no";
  const judge = createJudge({ rewards: DEFAULT_REWARDS, userTasks: [parity] });
  const list = [
    rollout(problem, gold),
    right,
    rollout(problem, "maybe"),
    wrong,
    rollout(problem, "", `<answer>${gold}</answer>`),
    { ...rollout(problem, gold), finish: "length" as const },
  ];
  const judged = await judge(list);
  assert.deepEqual(
    judged.map(({ score, reward, rewards }) => [score, reward, rewards["accuracy"], rewards["format"]]),
    [
      [1, 1.1, 1, 1],
      [1, 1.1, 1, 1],
      [0, 0.1, 0, 1],
      [0, 0.1, 0, 1],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ],
  );
  assert.deepEqual([judged[1], judged[3]], await ruleJudge()([right, wrong]));
});

test("a verifier that loops, throws or returns nonsense costs its own sample alone", async () => {
  const parity = await task("hostile.ts", PARITY);
  const problem = await parity.problem({ seed: 0, index: 0, level: 0, split: "train" });
  const gold = (problem.facts as { n: number }).n % 2 === 0 ? "yes" : "no";
  const judge = createJudge({ rewards: DEFAULT_REWARDS, userTasks: [parity] });
  const answers = [gold, "loop", gold, "throw", "two", gold, "nan", "nothing", "loop", gold];
  const judged = await judge(answers.map((answer) => rollout(problem, answer)));
  judged.forEach(({ score, reward, rewards, failures }, i) => {
    const good = answers[i] === gold;
    assert.deepEqual(
      [score, reward, rewards],
      good ? [1, 1.1, { accuracy: 1, format: 1 }] : [0, 0.1, { accuracy: null, format: 1 }],
    );
    assert.equal(failures?.[0]?.name, good ? undefined : "parity", answers[i]);
  });
  const messages = judged.flatMap(({ failures }) => failures?.map(({ message }) => message) ?? []);
  const expected = [/within 400 ms/, /"a text"/, /score 2/, /score NaN/, /a undefined|undefined/, /within 400 ms/];
  expected.forEach((pattern, i) => {
    assert.match(messages[i]!, pattern);
  });
});

test("rewards: a function, a named one with a weight, a promise, null", async () => {
  const plain = await reward("short.mjs", "export default (rollout) => 1 / (1 + rollout.parsed.answer.length)");
  const named = await reward(
    "named.ts",
    `import type { Problem } from "reckon/tasks";
     export default {
       name: "bonus", weight: 0.5,
       reward: async (rollout: { problem: Problem; score: number }): Promise<number | null> =>
         rollout.problem.family !== "addition" ? -1 : rollout.score === 1 ? 1 : null,
     };`,
  );
  const typeless = await reward(
    "old.js",
    "export default ({ length, finish, text }) => finish === 'stop' ? length / text.length : 0",
  );
  assert.deepEqual(
    [plain.name, plain.weight, named.name, named.weight, typeless.name],
    ["short", 1, "bonus", 0.5, "old"],
  );
  const judge = createJudge({ rewards: DEFAULT_REWARDS, userRewards: [plain, named, typeless] });
  const [first, second] = await judge([right, wrong]);
  const short = 1 / (1 + right.parsed.answer!.length);
  assert.deepEqual(first!.rewards, { accuracy: 1, format: 1, short, bonus: 1, old: 1 });
  assert.equal(first!.reward, 1.1 + short + 0.5 + 1);
  assert.equal(second!.rewards["bonus"], null);
  assert.equal(second!.score, 0);
  assert.equal(second!.failures, undefined);
});

const HOSTILE: readonly [string, string, RegExp][] = [
  ["loops forever", "for (;;) {}", /within 400 ms/],
  ["never resolves", "return new Promise(() => {})", /within 400 ms/],
  ["waits in a regular expression", "return /^(a+)+$/.test('a'.repeat(50) + 'b') ? 1 : 0", /within 400 ms/],
  ["floods the console", "for (;;) console.log('x'.repeat(1000))", /within 400 ms/],
  ["allocates", "const all = []; for (;;) all.push(new Array(10_000).fill(Math.sqrt(all.length)))", /memory|within/],
  ["throws an error", "throw new TypeError('no such thing')", /^no such thing \(throws_an_error.mjs:1\)$/],
  ["throws a text", "throw 'a text'", /"a text"/],
  ["throws nothing", "throw undefined", /undefined/],
  [
    "throws what cannot be shown",
    "throw Object.setPrototypeOf({ get message() { throw 1 } }, Error.prototype)",
    /cannot be shown/,
  ],
  ["overflows the stack", "const f = () => f() + 1; return f()", /stack/],
  ["returns NaN", "return NaN", /NaN/],
  ["returns Infinity", "return Infinity", /Infinity/],
  ["returns nothing", "", /undefined/],
  ["returns a text", "return '1'", /"1"/],
  ["returns true", "return true", /a boolean/],
  ["returns a huge number", "return 1e300", /1e\+300/],
  ["returns an object", "return { valueOf: () => 1 }", /an object/],
  ["ends the process", "process.exit(3)", /exit code 3/],
  ["aborts", "process.abort()", /abort/],
  ["throws later", "setTimeout(() => { throw new Error('too late') }); return new Promise(() => {})", /too late/],
  ["rejects later", "Promise.reject(new Error('astray')); return new Promise(() => {})", /astray/],
];
for (const [name, body, expected] of HOSTILE) {
  test(`a reward that ${name} costs its sample, and those before and after stand`, async () => {
    const source = `export default ({ text }) => { if (text !== "bad") return 0.5; ${body} }`;
    const hostile = await reward(`${name.replaceAll(" ", "_")}.mjs`, source);
    const bad = rollout(addition, "", "bad");
    const judge = createJudge({ rewards: DEFAULT_REWARDS, userRewards: [hostile] });
    const judged = await judge([right, right, bad, right, right]);
    const values = judged.map(({ rewards }) => rewards[hostile.name]);
    assert.deepEqual(values, [0.5, 0.5, null, 0.5, 0.5], JSON.stringify(judged.map((j) => j.failures)));
    assert.deepEqual(
      judged.map((j) => j.reward),
      [1.6, 1.6, 0, 1.6, 1.6],
    );
    assert.equal(judged[2]!.failures?.length, 1);
    assert.equal(judged[2]!.failures![0]!.name, hostile.name);
    assert.match(judged[2]!.failures![0]!.message, expected);
    assert.equal((await judge([right]))[0]!.rewards[hostile.name], 0.5, "and the next batch is as ever");
  });
}

test("a reward that always hangs ends after eight of a batch", async () => {
  const hanging = await reward("always.mjs", "export default () => { for (;;) {} }", 50);
  const values = await hanging.reward(Array.from({ length: 40 }, () => ({ ...right, score: 1 })));
  assert.equal(values.filter((value) => /within 50 ms/.test(String(value))).length, 8);
  assert.equal(values.filter((value) => /not called/.test(String(value))).length, 32);
});

test("a thread that something left behind ends or blocks between batches is begun again, without blame", async () => {
  const source = (late: string) =>
    `export default ({ text }) => { if (text === "bad") setTimeout(() => { ${late} }, 20); return 0.5; }`;
  for (const [name, late] of [
    ["throws-behind", "throw new Error('astray')"],
    ["blocks-behind", "for (;;) {}"],
  ] as const) {
    const left = await reward(`${name}.mjs`, source(late));
    assert.deepEqual(await left.reward([{ ...right, text: "bad", score: 0 }]), [0.5]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(await left.reward([{ ...right, score: 1 }]), [0.5], name);
  }
});

test("512 rollouts are one batch, in order", async () => {
  const order = await reward("order.mjs", "export default ({ length }) => length");
  const rollouts = Array.from({ length: 512 }, (_, length) => ({ ...right, length, score: 0 }));
  assert.deepEqual(
    await order.reward(rollouts),
    rollouts.map(({ length }) => length),
  );
  assert.deepEqual(await Promise.all([order.reward(rollouts.slice(1, 2)), order.reward(rollouts.slice(7, 9))]), [
    [1],
    [7, 8],
  ]);
});

test("what a module prints is passed on, up to a limit, and never to our own output", async () => {
  let printed = "";
  const path = file(
    "prints.mjs",
    "export default () => { console.log('hello'); console.error('x'.repeat(30_000)); return 1 }",
  );
  const loud = await loadUserReward(path, { output: (text) => (printed += text) });
  open.push(loud);
  for (let i = 0; i < 5; i++) assert.deepEqual(await loud.reward([{ ...right, score: 1 }]), [1]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.match(printed, /^hello\n/);
  assert.ok(printed.length < 80_000, String(printed.length));
  assert.match(printed, /left out/);
});

test("modules that cannot be loaded are refused by path, with what was expected", async () => {
  const refused = async (
    kind: "task" | "reward",
    name: string,
    content: string,
    code: string,
    ...words: (string | RegExp)[]
  ) => {
    const load = kind === "task" ? loadUserTask : loadUserReward;
    await assert.rejects(load(file(name, content)), fails(code, join(folder, name), "expected:", ...words), name);
  };
  await assert.rejects(loadUserReward(join(folder, "none.ts")), fails("MODULE_MISSING", "none.ts", "no such file"));
  await assert.rejects(loadUserTask(folder), fails("MODULE_MISSING"));
  await refused("reward", "syntax.ts", "export default (a: number => 1", "MODULE_LOAD");
  await refused("reward", "syntax.mjs", "export default 1 +", "MODULE_LOAD");
  await refused("reward", "enum.ts", "enum A { B }\nexport default () => A.B", "MODULE_LOAD", /enum/i);
  await refused(
    "reward",
    "imports.ts",
    'import "./not-there.ts";\nexport default () => 1',
    "MODULE_LOAD",
    "not-there.ts",
  );
  await refused("reward", "throws.ts", "throw new Error('at once')", "MODULE_LOAD", "at once (throws.ts:1)");
  await refused("reward", "exits.ts", "process.exit(0)", "MODULE_LOAD", "exit code 0");
  await refused("reward", "named-only.ts", "export const reward = () => 1", "MODULE_EXPORT", "only the exports reward");
  await refused("reward", "empty.ts", "export {}", "MODULE_EXPORT", "exports nothing");
  await refused("reward", "number.ts", "export default 1", "MODULE_EXPORT", "a number", "(rollout) => number | null");
  await refused("reward", "name.ts", "export default { name: 'format', reward: () => 1 }", "REWARD_INVALID", "format");
  await refused("reward", "weight.ts", "export default { weight: NaN, reward: () => 1 }", "REWARD_INVALID", "NaN");
  await refused("task", "function.ts", "export default () => 1", "MODULE_EXPORT", "a function", "defineTask");
  await refused(
    "task",
    "no-gold.ts",
    "export default { name: 'x', sample() {}, prompt() {}, verify() {} }",
    "MODULE_EXPORT",
    "gold",
  );
  await refused("task", "bad-name.ts", PARITY.replace('"parity"', '"Is even?"'), "TASK_INVALID", "Is even?");
  await refused("task", "taken.ts", PARITY.replace('"parity"', '"countdown"'), "TASK_INVALID", "built-in");
  await refused(
    "task",
    "bad-gold.ts",
    PARITY.replace('"yes" : "no"),\n  chance', '"no" : "yes"),\n  chance'),
    "TASK_INVALID",
    "gold answer",
  );
  await refused("task", "bad-chance.ts", PARITY.replace("() => 0.5", "() => 50"), "TASK_INVALID", "chance is 50");
  const hanging = file("hangs.ts", "for (;;) {}");
  await assert.rejects(loadUserReward(hanging, { loadTimeoutMs: 300 }), fails("MODULE_LOAD", hanging, "300 ms"));
});

test("two modules of one name are refused", async () => {
  mkdirSync(join(folder, "other"));
  const one = await reward("same.mjs", "export default () => 1");
  const two = await reward("other/same.mjs", "export default () => 1");
  assert.throws(
    () => createJudge({ rewards: DEFAULT_REWARDS, userRewards: [one, two] }),
    fails("REWARD_INVALID", "other"),
  );
});

test("problems that cannot be drawn are replaced by stand-ins, and refused where there are none", async () => {
  const sometimes = PARITY.replace(
    "sample: (random, level) =>",
    "sample: (random, level) => level === 1 && late() ? fail(random) :",
  );
  const late = `
    let draws = 0; const late = () => ++draws > 100;
    const fail = (random: { next(): number; int(a: number, b: number): number }): never => { throw new Error("no luck") };`;
  const all = await task("never.ts", `${sometimes}${late}`);
  const request = { seed: 0, index: 0, level: 1, split: "train" } as const;
  for (let i = 0; i < 200; i++) await all.problem({ ...request, index: i }).catch(() => {});
  await assert.rejects(all.problem(request), fails("TASK_FAILED", "never.ts", "no luck"));
  const half = `${sometimes}${late.replace("never => {", "never => { if (random.next() < 0.9) return { n: random.int(0, 9999) } as never;")}`;
  const some = await task("half.ts", half);
  for (let i = 0; i < 200; i++) assert.equal((await some.problem({ ...request, index: i })).family, "parity");
});

test("a program that forgets to close its modules ends all the same", () => {
  const path = file("idle.mjs", "setInterval(() => {}, 1000); export default () => 1");
  const script = `
    const { loadUserReward } = await import(${JSON.stringify(join(import.meta.dirname, "user-modules.ts"))});
    console.log(await (await loadUserReward(${JSON.stringify(path)})).reward([{}]));`;
  const done = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 30_000,
  });
  assert.deepEqual([done.status, done.stdout], [0, "[ 1 ]\n"], done.stderr);
});

test("a problem that is none is replaced by a stand-in, and a task without any says why", async () => {
  const odd = await task(
    "odd.ts",
    `import { defineTask } from "reckon/tasks";
    // The validation at loading sees none of what is odd.
    let drawn = 0;
    const odd = (n: number): boolean => drawn > 200 && n % 3 === 0;
    export default defineTask<{ n: number }>({
      name: "odd",
      levels: 2,
      sample: (random, level) => {
        drawn++;
        return { n: level === 1 && drawn > 200 ? 3 * random.int(0, 99) : random.int(0, 99) };
      },
      prompt: ({ n }) => (odd(n) ? ([7, "", " ", undefined, "long".repeat(4000)][n % 5] as string) : "Say " + n),
      verify: ({ n }, answer) => ({ score: answer === String(n) ? 1 : 0, reason: "compared" }),
      gold: ({ n }) => String(n),
      chance: ({ n }) => (drawn > 200 && n % 7 === 0 ? NaN : 0.01),
    });`,
  );
  const drawn = [];
  for (let index = 0; index < 300; index++) drawn.push(await odd.problem({ seed: 1, index, level: 0, split: "train" }));
  for (const { prompt, chance } of drawn) {
    assert.match(prompt, /^Say \d+$/);
    assert.equal(chance, 0.01);
  }
  assert.ok(new Set(drawn.map(({ id }) => id.split("/").at(-1))).size > 250);
  assert.ok(
    drawn.some(({ id }) => Number(id.split("/").at(-1)) > 300),
    "no stand-in: the test would show nothing",
  );
  await assert.rejects(
    odd.problem({ seed: 1, index: 0, level: 1, split: "train" }),
    fails("TASK_FAILED", /prompt returned/),
  );
});
