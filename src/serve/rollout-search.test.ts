import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RunDirectory } from "../runs/run-directory.ts";
import type { RolloutRecord } from "../train/run-store.ts";
import { Random } from "../util/random.ts";
import { ProblemList } from "./problem-list.ts";
import { problemId } from "./rollout-columns.ts";
import { RolloutLog } from "./rollout-log.ts";
import { type RolloutQuery, RolloutSearch, type RolloutSort } from "./rollout-search.ts";

const FAMILIES = ["countdown", "addition", "max"] as const;
const STEPS = 1000;
const A_STEP = 100;

/** A rollout as the trainer writes it; into a third of them the second look is forced. */
function rollout(step: number, n: number, seed: number): RolloutRecord {
  const random = Random.of(seed, "rollout", step, n);
  const family = random.pick(FAMILIES);
  const level = random.int(0, 2);
  const right = random.chance(0.2 + step / 2000);
  const recheck = random.chance(0.3);
  const calculation = "12 + 7 = 19\n".repeat(random.int(1, 40));
  const thinking = `${calculation}${recheck ? "Wait, „nochmal“ 19\n" : ""}`;
  const forced =
    recheck && n % 3 === 0 ? [{ from: "<think>".length + calculation.length, count: "Wait".length }] : null;
  return {
    step,
    group: Math.floor(n / 10),
    index: n % 10,
    family,
    level,
    language: "en",
    prompt: `What is ${family} ${level} of ${n % 7}?`,
    completion: `<think>${thinking}</think><answer>${step}</answer>`,
    thinking,
    answer: String(step),
    finish: "stop",
    tokens: thinking.length,
    score: right ? 1 : 0,
    reason: right ? "right" : "it is another",
    reward: right ? 1.1 : 0.1,
    rewards: { accuracy: right ? 1 : 0, format: 1 },
    advantage: random.normal(),
    recheck,
    ...(forced === null ? {} : { forced }),
  };
}

const query = (change: Partial<RolloutQuery>): RolloutQuery => ({ sort: "newest", offset: 0, limit: 50, ...change });

describe("a hundred thousand rollouts", () => {
  let runsDir = "";
  const all: RolloutRecord[] = [];
  let log: RolloutLog;
  const search = new RolloutSearch();
  const page = (change: Partial<RolloutQuery>) => search.page([{ run: "big", log }], query(change));

  before(async () => {
    runsDir = await mkdtemp(join(tmpdir(), "reckon-search-"));
    const run = RunDirectory.create(runsDir, "big", {});
    for (let step = 1; step <= STEPS; step++) {
      const rows = Array.from({ length: A_STEP }, (_, n) => rollout(step, n, 0));
      run.rollouts(rows);
      all.push(...rows);
    }
    await run.close();
    log = new RolloutLog(join(runsDir, "big", "rollouts.jsonl"));
    await log.poll();
  });
  after(() => rm(runsDir, { recursive: true, force: true }));

  it("filters by every column, together and apart", async () => {
    assert.equal(log.length, STEPS * A_STEP);
    const expect = async (change: Partial<RolloutQuery>, keep: (rollout: RolloutRecord) => boolean): Promise<void> => {
      const wanted = all.filter(keep).length;
      assert.ok(wanted > 0 && wanted < all.length, `${JSON.stringify(change)} must be able to fail`);
      const { total, items } = await page(change);
      assert.equal(total, wanted, JSON.stringify(change));
      assert.ok(items.every(keep));
    };
    await expect({ family: "max", level: 2 }, (one) => one.family === "max" && one.level === 2);
    await expect({ stepFrom: 500, stepTo: 502 }, (one) => one.step >= 500 && one.step <= 502);
    await expect({ rewardFrom: 1.1 }, (one) => one.reward >= 1.1);
    await expect({ rewardTo: 1 }, (one) => one.reward <= 1);
    await expect({ tokensFrom: 100, tokensTo: 120 }, (one) => one.tokens >= 100 && one.tokens <= 120);
    await expect({ outcome: "wrong", recheck: true }, (one) => one.score < 1 && one.recheck);
    await expect({ search: "wait, „NOCHMAL“" }, (one) => one.recheck);
    await expect({ search: "<answer>77<" }, (one) => one.step === 77);
    const isForced = (one: RolloutRecord): boolean => one.forced !== undefined;
    await expect({ forced: true }, isForced);
    await expect({ forced: false, recheck: true }, (one) => one.recheck && !isForced(one));
    await expect({ search: "WAIT", own: true }, (one) => one.recheck && !isForced(one));
    await expect({ search: "wait", own: false }, (one) => one.recheck);
    await expect({ search: "„nochmal“", own: true }, (one) => one.recheck);
    const { family, level, prompt } = all[0]!;
    const problem = problemId(family, level, prompt);
    await expect(
      { problem, stepTo: 900 },
      (one) => one.prompt === prompt && one.family === family && one.level === level && one.step <= 900,
    );
    assert.equal((await page({ family: "sort" })).total, 0);
    assert.equal((await page({ problem: "0" })).total, 0);
  });

  it("sorts, and pages lead through everything exactly once", async () => {
    for (const [sort, key, sign] of [
      ["step", "step", 1],
      ["-reward", "reward", -1],
      ["-tokens", "tokens", -1],
      ["tokens", "tokens", 1],
      ["advantage", "advantage", 1],
    ] as const satisfies readonly (readonly [RolloutSort, keyof RolloutRecord, number])[]) {
      const values: number[] = [];
      const seen = new Set<number>();
      const filter = { family: "addition", stepTo: 20 };
      for (let offset = 0; ; ) {
        const { items, total } = await page({ ...filter, sort, offset, limit: 200 });
        for (const item of items) {
          values.push(item[key]);
          seen.add(item.id);
        }
        offset += items.length;
        if (offset >= total) break;
      }
      const wanted = all.filter((one) => one.family === "addition" && one.step <= 20).map((one) => one[key]);
      assert.deepEqual(
        values,
        wanted.sort((a, b) => sign * (a - b)),
        sort,
      );
      assert.equal(seen.size, values.length);
    }
  });

  it("reads the texts of one page, and each line once for a search", async () => {
    const { size } = await stat(log.path);
    let before = log.bytesRead;
    const { items } = await page({ sort: "-tokens", outcome: "right", offset: 30_000, limit: 50 });
    assert.equal(items.length, 50);
    // Lines that lie near each other are read in one go, with what is between them.
    assert.ok(log.bytesRead - before < size / 4, `${log.bytesRead - before} of ${size} bytes`);

    before = log.bytesRead;
    await page({ search: "no such words", family: "max" });
    const first = log.bytesRead - before;
    assert.ok(first > 0);
    before = log.bytesRead;
    await page({ search: "No such words", family: "max", sort: "reward", outcome: "right" });
    assert.equal(log.bytesRead - before, 0, "what was looked through is known");

    before = log.bytesRead;
    await page({ search: "no such words", own: true, family: "max" });
    assert.ok(log.bytesRead > before, "what stands in all of a text says nothing of what is the model's own");

    before = log.bytesRead;
    await page({ sort: "newest", limit: 20 });
    assert.ok(log.bytesRead - before < 100_000, "the newest lie together");
  });

  it("finds out once which problems there are, until the file grows", async () => {
    const problems = new ProblemList();
    const logs = [{ run: "big", log }];
    const first = await problems.page(logs, { offset: 0, limit: 20 });
    const rungs = new Set(all.map(({ family, level }) => `${family} ${level}`));
    assert.deepEqual(new Set(first.rungs.map(({ family, level }) => `${family} ${level}`)), rungs);
    const seen = new Set<string>();
    for (let offset = 0; offset < first.total; offset += 20)
      for (const { id } of (await problems.page(logs, { offset, limit: 20 })).items) seen.add(id);
    assert.deepEqual([seen.size, problems.groupings], [first.total, 1]);
    await problems.page(logs, { family: "max", offset: 0, limit: 20 });
    await problems.page(logs, { offset: 20, limit: 20 });
    assert.equal(problems.groupings, 2, "one more for the other question");

    // Of a copy, which may grow.
    const copy = join(runsDir, "copy.jsonl");
    await writeFile(
      copy,
      `${all
        .slice(0, 30)
        .map((one) => JSON.stringify(one))
        .join("\n")}\n`,
    );
    const growing = [{ run: "copy", log: new RolloutLog(copy) }];
    const answers = async (): Promise<number> =>
      (await problems.page(growing, { offset: 0, limit: 200 })).items.reduce((sum, one) => sum + one.answers, 0);
    assert.equal(await answers(), 30);
    await appendFile(copy, `${JSON.stringify(all[30])}\n`);
    assert.equal(await answers(), 31);
    await writeFile(
      copy,
      `${all
        .slice(50, 81)
        .map((one) => JSON.stringify(one))
        .join("\n")}\n`,
    );
    const { items } = await problems.page(growing, { offset: 0, limit: 200 });
    const [{ family, level, prompt }] = items as [(typeof items)[0]];
    assert.ok(
      all.slice(50, 81).some((one) => one.prompt === prompt && one.family === family && one.level === level),
      "as many rows of another file are others",
    );
    assert.equal(problems.groupings, 5);
  });
});

describe("several runs", () => {
  let runsDir = "";
  after(() => rm(runsDir, { recursive: true, force: true }));

  it("are searched as one, and a problem is the same in all of them", async () => {
    runsDir = await mkdtemp(join(tmpdir(), "reckon-search-"));
    const logs = ["a", "b"].map((name, seed) => {
      const run = RunDirectory.create(runsDir, name, {});
      for (const step of [5, 10]) run.rollouts(Array.from({ length: 30 }, (_, n) => rollout(step, n, seed)));
      void run.close();
      return { run: name, log: new RolloutLog(join(runsDir, name, "rollouts.jsonl")) };
    });
    const search = new RolloutSearch();
    const { items, total, steps, families, levels } = await search.page(logs, query({ sort: "-reward", limit: 200 }));
    assert.deepEqual([total, steps, families, levels], [120, [5, 10], [...FAMILIES].sort(), [0, 1, 2]]);
    assert.deepEqual(
      items.map(({ reward }) => reward),
      items.map(({ reward }) => reward).sort((a, b) => b - a),
    );
    assert.deepEqual(
      ["a", "b"].map((name) => items.filter(({ run }) => run === name).length),
      [60, 60],
    );

    const problems = await new ProblemList().page(logs, { offset: 0, limit: 200 });
    assert.equal(
      problems.items.reduce((sum, one) => sum + one.answers, 0),
      120,
    );
    const shared = problems.items.find(({ outcomes }) => new Set(outcomes.map(({ run }) => run)).size === 2)!;
    const same = await search.page(logs, query({ problem: shared.id, limit: 200 }));
    assert.equal(same.total, shared.answers);
    assert.ok(same.items.every(({ prompt }) => prompt === shared.prompt));
    for (const { run, step, answers, right } of shared.outcomes) {
      const there = same.items.filter((one) => one.run === run && one.step === step);
      assert.deepEqual([there.length, there.filter(({ score }) => score === 1).length], [answers, right]);
    }
  });
});
