/** The parts over stages through the real command, with runs of a step or two: made once, kept, and read again. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { CourseRecord } from "./collection.ts";
import type { Opinions } from "./opinions.ts";
import type { Pairs } from "./pairs.ts";
import type { DataRecord, Measurement } from "./record.ts";

const main = join(import.meta.dirname, "..", "main.ts");
const folder = mkdtempSync(join(tmpdir(), "reckon-stages-"));
after(() => rmSync(folder, { recursive: true }));

const each = (recipe: string, stages: readonly string[], settings: readonly string[]): string[] =>
  stages.flatMap((stage) => settings.map((setting) => `${recipe}.${stage}${setting}`));

const REINFORCED = ["steps=2", "promptsPerStep=2", "samplesPerPrompt=2", "evaluateProblems=4", "maxNewTokens=48"];
const SETTINGS = [
  ...each("r1-zero", [""], REINFORCED),
  ...each("distil-rl", [""], REINFORCED),
  ...each("r1", ["stages.cold.", "stages.reject."], ["prompts=12"]),
  ...each("r1", ["stages.start.", "stages.tune."], ["epochs=1", "evaluateProblems=4"]),
  'r1.stages.tune.data=[{"data":"stage:reject"},{"data":"corpus:instructions","rows":10}]',
  ...each("r1", ["stages.helpful.", "stages.harmless."], ["steps=2", "promptsPerStep=2", "evaluatePrompts=6"]),
  ...each("r1", ["stages.reason.", "stages.rl."], REINFORCED),
  ...each("distil", ["stages.base."], ["steps=2", "evaluateProblems=4", "tokenizer.documents=500"]),
  ...each("distil", ["stages.teacher."], ["prompts=12"]),
  ...each("distil", ["stages.student."], ["epochs=1", "evaluateProblems=4"]),
  ...each("o1", ["stages.good."], ["prompts=12"]),
  ...each("o1", ["stages.tune."], ["epochs=1", "evaluateProblems=4"]),
  ...each("o1", ["stages.judge."], ["steps=2", "promptsPerStep=2", "evaluatePrompts=6"]),
  ...each("o1", ["stages.grpo.", "stages.ppo.", "stages.verified.", "stages.judged."], REINFORCED),
  "o1.stages.ppo.ppo.criticWarmup=0",
  ...each("o1-rules", [""], REINFORCED),
  ...each("direct", [""], ["steps=2", "evaluateProblems=4", 'data=[{"data":"corpus:answers","rows":50}]']),
];

const records = join(folder, "records");
const runs = join(folder, "runs");

function evidence(...args: string[]): { status: number | null; stderr: string; report: string } {
  const out = join(folder, "docs", "evidence.md");
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      ...[
        main,
        "evidence",
        "--scale",
        "tiny",
        "--seeds",
        "0",
        "--stage-problems",
        "12",
        "--instructions",
        "6",
        "--requests",
        "30",
        "--workers",
        "1",
      ],
      ...["--records", records, "--runs", runs, "--out", out, "--growth-seeds", "0"],
      ...["--distil-seeds", "0"],
      ...SETTINGS.flatMap((setting) => ["--set", setting]),
      ...args,
    ],
    { encoding: "utf8" },
  );
  return { status, stderr, report: status === 0 ? readFileSync(out, "utf8") : "" };
}

/** The parts that a report says are not measured. */
const missing = (report: string): readonly string[] =>
  (/## Not measured yet\n\n([^:]*):/.exec(report)?.[1] ?? "").split(", ");

const read = <T>(name: string): T => JSON.parse(readFileSync(join(records, `${name}.json`), "utf8")) as T;

test("languages are measured on the cold start alone, without the stages after it", () => {
  const { status, stderr, report } = evidence("--parts", "mixing");
  assert.equal(status, 0, stderr);
  assert.match(report, /\| cold start alone \| \d/);
  assert.ok(missing(report).includes("r1") && !missing(report).includes("mixing"));
  assert.deepEqual(
    ["cold", "start", "reason", "stale"].map((stage) => existsSync(join(runs, "r1-tiny-0", stage))),
    [true, true, false, false],
  );
  const rewarded = read<Measurement>("stage-tiny-0-rewarded");
  assert.equal(rewarded.traits?.language.length, 12);
});

test("the other parts go on from there, are kept, and read again without doing anything twice", () => {
  const start = join(runs, "r1-tiny-0", "start", "stage.json");
  const made = statSync(start).mtimeMs;
  const { status, stderr, report } = evidence("--parts", "r1,distil,o1,thinking");
  assert.equal(status, 0, stderr);
  assert.equal(statSync(start).mtimeMs, made, "the cold start was there already");
  assert.deepEqual(missing(report), ["small", "test-time", "sweeps", "growth"]);
  assert.match(report, /\| R1: strict format \| ≥ 99\.0 % \|/);
  assert.match(report, /With PPO 2 steps are too few to say whether they part/);
  assert.match(report, /### R1, told to answer at once/);
  assert.match(report, /### Zero, and the base taught to answer at once/);
  assert.match(report, /The base reinforced longer by the rules alone/);
  const page = readFileSync(join(folder, "docs", "transcripts.md"), "utf8");
  assert.match(page, /## instruct-\w+ \d/);
  assert.match(page, /tokens; accuracy \d.*overlong .*, helpful (?:–|[01]).*, harmless (?:–|[01])/);
  assert.equal([...page.matchAll(/^\*\*R1\*\*: /gm)].length, [...page.matchAll(/^## /gm)].length);

  const told = read<Measurement>("stage-tiny-0-rl-instructions");
  assert.equal(told.traits?.instructions.n, 6);
  assert.equal(read<Measurement>("thinking-tiny-0-rl-direct").sampling.thinkingBudget, 0);
  const student = read<Measurement>("distil-tiny-student-0");
  assert.ok(student.training!.tokens! > 0 && student.training!.flops > 0);
  assert.equal(read<DataRecord>("distil-tiny-0-teacher").counts.sampled, 24);
  assert.equal(read<Measurement>("o1-tiny-0-grpo").training!.rewards!.length, 2);
  assert.ok(read<Pairs>("o1-tiny-0-pairs").all.count > 12);
  const { arms } = read<Opinions>("o1-tiny-0-opinions");
  assert.equal(arms.length, 8);
  assert.ok(arms.every(({ asked, opinion }) => (opinion === null) === (asked === 0)));
  const { stages } = read<CourseRecord>("r1-tiny-0-course");
  assert.ok(stages.length === 8 && stages.every(({ seconds }) => seconds > 0));
  assert.ok(stages.find(({ stage }) => stage === "harmless")!.judge!.evaluation["eval/pair_accuracy"]! >= 0);
  assert.match(report, /\| harmless, seed 0 \| \d/);

  const times = () => readdirSync(records).map((name) => `${name} ${statSync(join(records, name)).mtimeMs}`);
  const before = times();
  const again = evidence("--parts", "none");
  assert.equal(again.status, 0, again.stderr);
  assert.deepEqual(times(), before);
  const body = (text: string): string => text.slice(text.indexOf("## "));
  assert.equal(body(again.report), body(report));
  // A changed last stage leaves the records of the others, but R1 as a whole has not been measured.
  const other = evidence("--parts", "none", "--set", "r1.stages.rl.steps=3");
  assert.ok(missing(other.report).includes("r1") && !missing(other.report).includes("mixing"));
});
