/** Runs that are started in one folder and go on from another, through the real command line. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RECIPES, resolveRecipe } from "../recipes/index.ts";
import { RunDirectory } from "../runs/run-directory.ts";
import { skippingBroken } from "./training.ts";
import { freeUnbegun } from "./unbegun.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "reckon-paths-")));
after(() => rmSync(root, { recursive: true, force: true }));
const runs = join(root, "runs");
const here = join(root, "here");
const there = join(root, "there");
for (const folder of [here, there]) mkdirSync(folder);

const args = (...more: string[]): string[] => [
  "--conditions=reckon-source",
  join(import.meta.dirname, "main.ts"),
  "train",
  ...more,
  "--workers",
  "1",
];

/** Trains in a folder until the run has so many rows of metrics, then pauses it. */
async function trainUntil(rows: number, cwd: string, ...more: string[]): Promise<void> {
  const child = spawn(process.execPath, args(...more), { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const exit = once(child, "close");
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const log = join(runs, "own", "metrics.jsonl");
  while (!existsSync(log) || readFileSync(log, "utf8").split("\n").length <= rows) {
    assert.equal(child.exitCode, null, errors);
    await sleep(20);
  }
  RunDirectory.request(runs, "own", "pause");
  assert.deepEqual(await exit, [0, null], errors);
  // As it is printed it goes on from this folder.
  const place = more[more.indexOf("--runs") + 1];
  assert.ok(said.includes(`Go on with: reckon train --resume own --runs ${place}\n`), said);
}

const stageOf = (name: string): Record<string, unknown> => {
  const recipe = JSON.parse(readFileSync(join(runs, name, "recipe.json"), "utf8")) as { stages: object[] };
  return recipe.stages[0] as Record<string, unknown>;
};

test("a run with a task, a reward and a base of one's own goes on from another folder, and says when a file is gone", async () => {
  writeFileSync(
    join(here, "minimum.ts"),
    `import { defineTask } from "reckon/tasks";
export default defineTask<{ a: number; b: number }>({
  name: "minimum",
  sample: (random) => ({ a: random.int(0, 99), b: random.int(0, 99) }),
  prompt: ({ a, b }) => \`Min of \${a}, \${b}.\`,
  verify: ({ a, b }, answer) => ({ score: answer === String(Math.min(a, b)) ? 1 : 0, reason: "compared" }),
  gold: ({ a, b }) => String(Math.min(a, b)),
});
`,
  );
  mkdirSync(join(here, "rewards"));
  writeFileSync(
    join(here, "rewards", "brief.mjs"),
    "export default function brief({ length }) { return 1 / length; }\n",
  );
  cpSync(join(import.meta.dirname, "..", "..", "models", "base"), join(here, "base"), { recursive: true });
  const settings = {
    tasks: '["./minimum.ts"]',
    userRewards: '["rewards/brief.mjs"]',
    problems: '[{"family":"minimum","level":0,"weight":1}]',
    from: "./base",
    steps: "5000",
    promptsPerStep: "2",
    samplesPerPrompt: "2",
    maxNewTokens: "16",
    evaluateEvery: "0",
    evaluateProblems: "2",
  };
  const set = Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  await trainUntil(2, here, "r1-zero", "--name", "own", "--runs", "../runs", ...set);
  const { tasks, userRewards, from } = stageOf("own");
  assert.deepEqual(
    [tasks, userRewards, from],
    [[join(here, "minimum.ts")], [join(here, "rewards", "brief.mjs")], join(here, "base")],
  );
  const rows = readFileSync(join(runs, "own", "metrics.jsonl"), "utf8").split("\n").length;
  await trainUntil(rows + 1, there, "--resume", "own", "--runs", runs);

  rmSync(join(here, "minimum.ts"));
  const gone = spawnSync(process.execPath, args("--resume", "own", "--runs", "../runs"), {
    cwd: there,
    encoding: "utf8",
  });
  assert.equal(gone.status, 1);
  assert.ok(gone.stderr.includes(join(here, "minimum.ts")), gone.stderr);
  assert.match(gone.stderr, /MODULE_MISSING.*no such file.*recipe\.json/s);
  assert.doesNotMatch(gone.stderr, /^ +at /m, "no stack");
});

test("shipped models keep their names in a recipe, wherever the command is given", () => {
  for (const from of ["models/base", "base"]) {
    const dry = spawnSync(process.execPath, args("r1-zero", "--set", `from=${from}`, "--dry-run", "--json"), {
      cwd: there,
      encoding: "utf8",
    });
    assert.equal(dry.status, 0, dry.stderr);
    const { recipe } = JSON.parse(dry.stdout) as { recipe: { stages: { from: string }[] } };
    assert.equal(recipe.stages[0]!.from, from);
  }
});

test("a value that was meant as JSON and is none is told as such; a text may begin like JSON", () => {
  for (const value of ['[{"family"', "[{family:addition,level:0,weight:1}]", '{"family":"addition"'])
    assert.throws(() => resolveRecipe(RECIPES["r1-zero"]!.tiny, ["steps=5", `problems=${value}`]), {
      code: "RECIPE_SETTING",
      message: /value of problems begins like JSON, but cannot be read[\s\S]*--set 'problems=…'[\s\S]*JSON at position/,
    });
  assert.throws(() => resolveRecipe(RECIPES["r1-zero"]!.tiny, ["problems=addition"]), { code: "RECIPE_INVALID" });
  assert.equal(resolveRecipe(RECIPES["r1-zero"]!.tiny, ["description={prompt} first"]).description, "{prompt} first");
});

test("a recipe of several stages says what each of them will take, and a setting names its stage", () => {
  const dry = spawnSync(process.execPath, args("r1", "--set", "stages.rl.steps=5", "--dry-run", "--json"), {
    cwd: there,
    encoding: "utf8",
  });
  assert.equal(dry.status, 0, dry.stderr);
  const { recipe, estimate } = JSON.parse(dry.stdout) as {
    recipe: { stages: { name: string; steps?: number; data?: unknown }[] };
    estimate: { flops: number; stages: { name: string; flops: number; minutes: number }[] };
  };
  assert.deepEqual(
    estimate.stages.map(({ name }) => name),
    recipe.stages.map(({ name }) => name),
  );
  const sum = estimate.stages.reduce((total, { flops }) => total + flops, 0);
  assert.ok(Math.abs(sum - estimate.flops) < 1e-6 * sum && estimate.stages.every(({ minutes }) => minutes > 0));
  assert.equal(recipe.stages.at(-1)!.steps, 5);
  assert.equal(recipe.stages[1]!.data, "stage:cold", "no path, wherever the command was given");
});

test("a dry run and a run refuse a recipe whose later stages could not begin, and a dry run asks for no key yet", () => {
  const train = (...more: string[]) => {
    const { NO_SUCH_KEY: _, ...env } = process.env;
    return spawnSync(process.execPath, args(...more, "--runs", "../runs"), { cwd: here, encoding: "utf8", env });
  };
  const typo = '[{"family":"additon","level":0,"weight":1}]';
  for (const [name, setting, status, words] of [
    ["r1", `stages.rl.problems=${typo}`, 2, /TASK_UNKNOWN.*stage rl: .*additon/s],
    ["o1", "stages.judge.data=missing.jsonl", 1, /DATA_UNREADABLE.*stage judge: .*here.missing\.jsonl/s],
  ] as const)
    for (const dry of [["--dry-run"], []]) {
      const refused = train(name, "--set", setting, ...dry);
      assert.equal(refused.status, status, refused.stderr);
      assert.match(refused.stderr, words);
      assert.equal(refused.stdout, "");
      assert.ok(!existsSync(join(runs, name)), "nothing is begun");
    }
  const teacher = '{"url":"http://127.0.0.1:1/v1","model":"wise","apiKeyEnv":"NO_SUCH_KEY"}';
  const api = JSON.parse(JSON.stringify(RECIPES["distil"]!.tiny)) as { stages: Record<string, unknown>[] };
  const { from: _, ...asked } = api.stages[1]!;
  api.stages[1] = { ...asked, teacher: JSON.parse(teacher) };
  writeFileSync(join(here, "asked.json"), JSON.stringify(api));
  const dry = train("asked.json", "--dry-run", "--json");
  assert.equal(dry.status, 0, dry.stderr);
  assert.match(dry.stderr, /warning: .*NO_SUCH_KEY is not set/);
  assert.ok(JSON.parse(dry.stdout).estimate.flops > 0);
  const refused = train("asked.json");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /TEACHER_KEY.*stage teacher: .*NO_SUCH_KEY is not set/s);
  assert.ok(!existsSync(join(runs, "distil")));
});

test("a dry run of a run that goes on shows the recipe that it keeps, and does nothing to it", () => {
  const graded = (name: string) => ({
    kind: "graded",
    name,
    prompts: 3,
    problems: [{ family: "addition", level: 0, weight: 1 }],
  });
  for (const [name, stages] of [
    ["one", ["first"]],
    ["two", ["first", "second"]],
  ] as const) {
    writeFileSync(join(here, `${name}.json`), JSON.stringify({ name, description: "", stages: stages.map(graded) }));
    const reckon = (...more: string[]) =>
      spawnSync(process.execPath, args("--runs", runs, ...more), { cwd: here, encoding: "utf8" });
    const trained = reckon(`${name}.json`, "--set", "seed=5");
    assert.equal(trained.status, 0, trained.stderr);
    const contents = () => {
      const files = readdirSync(join(runs, name), { recursive: true, encoding: "utf8" }).sort();
      return files.map((file) => [file, statSync(join(runs, name, file)).mtimeMs]);
    };
    const before = contents();
    const dry = reckon("--resume", name === "two" ? "two/second" : name, "--dry-run", "--json");
    assert.equal(dry.status, 0, dry.stderr);
    const { recipe } = JSON.parse(dry.stdout) as { recipe: { seed: number; stages: { name: string }[] } };
    assert.equal(recipe.seed, 5);
    assert.deepEqual(
      recipe.stages.map((stage) => stage.name),
      stages,
    );
    assert.match(dry.stderr, new RegExp(`the whole of ${name}`));
    assert.deepEqual(contents(), before);
  }
  const unknown = spawnSync(process.execPath, args("--resume", "nowhere", "--dry-run", "--runs", runs), {
    encoding: "utf8",
  });
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /RUN_UNKNOWN.*"nowhere"/);
});

test("broken rows of a data set are named, and left out when they shall be", () => {
  writeFileSync(join(here, "traces.jsonl"), '{"prompt":"x"}\n{"prompt":"1+1?","thinking":"","answer":"2"}\n');
  const stage = {
    ...{ kind: "supervise", from: "base", data: "traces.jsonl", steps: 1, tokensPerStep: 64, learningRate: 1e-3 },
    ...{ problems: [{ family: "addition", level: 0, weight: 1 }], evaluateEvery: 0, evaluateProblems: 1 },
    ...{ schedule: { kind: "constant", warmup: 0 }, optimizer: { name: "adamw" } },
  };
  writeFileSync(join(here, "tuned.json"), JSON.stringify({ name: "tuned", description: "", stages: [stage] }));
  const train = (...more: string[]) =>
    spawnSync(process.execPath, args("tuned.json", "--runs", "../runs", ...more), { cwd: here, encoding: "utf8" });
  const refused = train("--name", "refused");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /DATA_ROWS.*line 1: thinking is missing.*--skip-broken/s);
  assert.doesNotMatch(refused.stderr, /^ +at /m, "no stack");
  const trained = train("--name", "tuned", "--skip-broken");
  assert.equal(trained.status, 0, trained.stderr);
  assert.match(trained.stderr, /1 rows of .*traces\.jsonl were left out: line 1: thinking is missing/);
  assert.equal(stageOf("tuned")["data"], join(here, "traces.jsonl"));
});

test("broken rows of a reward model's file are treated as those of any data set", () => {
  const rows = Array.from({ length: 40 }, (_, i) =>
    JSON.stringify({ prompt: `${i}+1?`, thinking: "", answer: String(i + 1), score: i % 2 }),
  );
  const file = join(here, "rated.jsonl");
  writeFileSync(file, ["no", ...rows, '{"prompt":"x"}', ""].join("\n"));
  const set = ["data=rated.jsonl", "loss=binary", "steps=1", "promptsPerStep=4", "evaluatePrompts=4"];
  const train = (...more: string[]) =>
    spawnSync(
      process.execPath,
      args("reward", "--runs", "../runs", ...set.flatMap((setting) => ["--set", setting]), ...more),
      { cwd: here, encoding: "utf8" },
    );
  const refused = train("--name", "judge-refused");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /DATA_ROWS.*2 rows.*line 1: not JSON; line 42: thinking is missing.*--skip-broken/s);
  const trained = train("--name", "judge", "--skip-broken");
  assert.equal(trained.status, 0, trained.stderr);
  assert.match(
    trained.stderr,
    /2 rows of .*rated\.jsonl were left out: line 1: not JSON; line 42: thinking is missing/,
  );
  assert.equal(stageOf("judge")["broken"], "skip");
  // What the program writes itself has no broken rows: its key stays.
  const corpus = resolveRecipe(RECIPES["reward"]!.tiny, ["data=corpus:helpful"]);
  assert.deepEqual(skippingBroken(corpus), corpus);
});

test("a run that was refused before it began leaves its name to the corrected command", () => {
  const stage = { kind: "graded", prompts: 3, problems: [{ family: "addition", level: 0, weight: 1 }] };
  writeFileSync(join(here, "chains.json"), JSON.stringify({ name: "chains", description: "", stages: [stage] }));
  const train = (...more: string[]) =>
    spawnSync(process.execPath, args("--runs", "../runs", ...more), { cwd: here, encoding: "utf8" });
  const problems = '[{"family":"instruct-list","level":0,"weight":1}]';
  for (const [recipe, setting, status, words] of [
    ["chains.json", `problems=${problems}`, 2, /RECIPE_INVALID.*no chains of thought can be written of instruct-list/s],
    ["r1-zero", "from=./nope", 1, /MODEL_UNKNOWN.*nope/s],
  ] as const) {
    const refused = train(recipe, "--name", "again", "--set", setting);
    assert.equal(refused.status, status, refused.stderr);
    assert.match(refused.stderr, words);
    assert.doesNotMatch(refused.stderr, /^ +at /m, "no stack");
    assert.ok(!existsSync(join(runs, "again")), "nothing is left");
  }
  const corrected = train("chains.json", "--name", "again");
  assert.equal(corrected.status, 0, corrected.stderr);
  const twice = train("chains.json", "--name", "again");
  assert.equal(twice.status, 1);
  assert.match(twice.stderr, /RUN_EXISTS/);
});

test("a run that failed later, with nothing to show for it, leaves its name too; one with anything keeps it", async () => {
  const failed = async (name: string, make: (run: RunDirectory) => void = () => {}): Promise<string> => {
    const run = RunDirectory.create(runs, name, resolveRecipe(RECIPES["r1-zero"]!.tiny));
    make(run);
    run.event({ level: "error", code: "FAULT", step: 0, message: "told" });
    await run.close("failed", "told");
    freeUnbegun(runs, name);
    return run.path;
  };
  assert.ok(!existsSync(await failed("idle")));
  assert.ok(existsSync(await failed("measured", (run) => run.metrics({ step: 0, "eval/accuracy": 0 }))));
  assert.ok(existsSync(await failed("saved", (run) => mkdirSync(join(run.path, "checkpoints", "step-0")))));
  assert.ok(existsSync(await failed("paid", (run) => writeFileSync(join(run.path, "answers.jsonl"), "{}\n"))));
  const paused = RunDirectory.create(runs, "hasty", resolveRecipe(RECIPES["r1-zero"]!.tiny));
  await paused.close("paused");
  freeUnbegun(runs, "hasty");
  assert.ok(existsSync(paused.path));
  assert.deepEqual(
    readdirSync(runs).filter((name) => name.startsWith(".")),
    [],
  );
});

test("broken rows of questions are left out where that is said; modules have none", () => {
  const tasks = ["./my.ts", "./rows.jsonl", { file: "./other.jsonl", name: "other" }];
  const [stage] = skippingBroken(resolveRecipe(RECIPES["r1-zero"]!.tiny, [`tasks=${JSON.stringify(tasks)}`])).stages;
  assert.ok(stage?.kind === "reinforce");
  assert.deepEqual(stage.tasks, [
    "./my.ts",
    { file: "./rows.jsonl", broken: "skip" },
    { file: "./other.jsonl", name: "other", broken: "skip" },
  ]);
  const shipped = resolveRecipe(RECIPES["r1-zero"]!.tiny);
  assert.deepEqual(skippingBroken(shipped), shipped);
});
