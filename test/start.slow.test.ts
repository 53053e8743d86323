/**
 * `reckon start` as a person meets it: a process that grows a model, is interrupted in every way there is, goes on where
 * it was, and says clearly when it cannot begin. `npm test` has built the page (dist/web) that it serves.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { resolveRecipe } from "../src/recipes/index.ts";
import { RunDirectory } from "../src/runs/run-directory.ts";

const clone = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "reckon-start-"));
const RUN = "first-growth";
const STEPS = 60;

/** Milliseconds to wait for anything: machines that run tests may be very busy. */
const PATIENCE = 120_000;

/** A growth of seconds. Its checkpoint is saved by nothing but an interruption and the end. */
const SHORT = [
  `steps=${STEPS}`,
  "promptsPerStep=2",
  "samplesPerPrompt=4",
  "maxNewTokens=24",
  "evaluateProblems=4",
  "evaluateEvery=1", // Each evaluation is told: also to a reader who is gone.
  "rolloutsEvery=20",
  "checkpointEvery=1000",
].flatMap((setting) => ["--set", setting]);

const started: ChildProcess[] = [];
after(() => {
  for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** A running `reckon start`. */
class Start {
  readonly child: ChildProcess;
  readonly #ended: Promise<number | string>;
  output = "";

  /** @param program what Node runs; default: the sources' entrance */
  constructor(args: readonly string[], program = join(clone, "src", "cli", "main.ts")) {
    const { NODE_TEST_CONTEXT: _, RECKON_LAUNCHED: __, ...env } = process.env;
    this.child = spawn(process.execPath, ["--conditions=reckon-source", program, "start", "--port", "0", ...args], {
      cwd: folder,
      env: { ...env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    started.push(this.child);
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
    this.#ended = new Promise((resolve) => this.child.on("close", (code, signal) => resolve(code ?? signal!)));
  }

  async says(words: RegExp): Promise<RegExpExecArray> {
    return until(
      () => words.exec(this.output) ?? undefined,
      () => `${words} was not said:\n${this.output}`,
    );
  }

  async url(): Promise<string> {
    return (await this.says(/http:\/\/127\.0\.0\.1:\d+/))[0];
  }

  /** The exit code, or the signal that ended it. */
  async ended(): Promise<number | string> {
    const late = sleep(PATIENCE, "it did not end", { ref: false });
    return Promise.race([this.#ended, late]);
  }

  async interrupt(): Promise<void> {
    this.child.kill("SIGINT");
    assert.equal(await this.ended(), 0, this.output);
    assert.match(this.output, /nothing is lost/);
  }
}

/** Waits until `look` finds something. */
async function until<T>(look: () => T | undefined, failure: () => string): Promise<T> {
  const begun = performance.now();
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    assert.ok(performance.now() - begun < PATIENCE, failure());
    await sleep(20);
  }
}

const runOf = (runs: string, name = RUN) => RunDirectory.list(runs).find((run) => run.name === name);

const reaches = (runs: string, step: number): Promise<unknown> =>
  until(
    () => ((runOf(runs)?.state?.step ?? 0) >= step ? true : undefined),
    () => `step ${step} was not reached: ${JSON.stringify(runOf(runs))}`,
  );

/** The step at which a run stands, saved, with nobody writing it. */
async function saved(runs: string): Promise<number> {
  const { state, directory } = await until(
    () => {
      const run = runOf(runs);
      return run && !run.busy && run.state?.status !== "running" ? run : undefined;
    },
    () => `the run was not saved: ${JSON.stringify(runOf(runs))}`,
  );
  assert.equal(state?.status, "paused");
  const kept = readdirSync(join(directory, "checkpoints")).map((name) => Number(name.replace("step-", "")));
  assert.equal(Math.max(...kept), state.step);
  return state.step;
}

const steps = (runs: string): number[] =>
  readFileSync(join(runs, RUN, "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { step: number }).step);

describe("reckon start", () => {
  it("grows a model; interrupted or killed at any moment it is saved; the next start goes on; what is done stays so", async () => {
    const runs = join(folder, "growth");
    const args = ["--runs", runs, ...SHORT];

    // Interrupted before training has begun: nothing is broken.
    const hasty = new Start(args);
    await hasty.url();
    await hasty.interrupt();
    assert.notEqual(runOf(runs)?.busy, true);

    const first = new Start(args);
    const url = await first.url();
    assert.match(await (await fetch(url)).text(), /<title>/);
    await until(
      () => (existsSync(join(runs, RUN, "metrics.jsonl")) && steps(runs).length > 0 ? true : undefined),
      () => `no point came:\n${first.output}`,
    );
    const rows = (await (await fetch(`${url}/api/runs/${RUN}/metrics`)).json()) as Record<string, number>[];
    assert.equal(rows[0]!["step"], 0);
    assert.ok(rows[0]!["eval/accuracy"]! >= 0 && rows[0]!["eval/chance"]! > 0);
    await reaches(runs, 2);
    await first.interrupt();
    const one = await saved(runs);
    assert.ok(one >= 2 && one < STEPS);

    // The process that is in the foreground is killed: the training saves by itself.
    const second = new Start(args);
    await second.says(/Going on with the growth/);
    await second.says(/without --set/);
    await reaches(runs, one + 2);
    second.child.kill("SIGKILL");
    assert.equal(await second.ended(), "SIGKILL");
    const two = await saved(runs);
    assert.ok(two > one && two < STEPS);

    // The launcher that npm start runs in is killed: so does everything behind it.
    const third = new Start(["--runs", runs], join(clone, "bin", "reckon.mjs"));
    const gone = await third.url();
    await reaches(runs, two + 2);
    third.child.kill("SIGKILL");
    const three = await saved(runs);
    assert.ok(three > two && three < STEPS);
    while (
      await fetch(gone).then(
        () => true,
        () => false,
      )
    )
      await sleep(50);

    const fourth = new Start(["--runs", runs]);
    await fourth.says(/The growth is done/);
    assert.equal(runOf(runs)?.state?.status, "finished");
    assert.deepEqual(
      steps(runs),
      Array.from({ length: STEPS + 1 }, (_, step) => step),
      "every step once",
    );
    await fourth.interrupt();

    const before = readFileSync(join(runs, RUN, "state.json"), "utf8");
    const fifth = new Start(["--runs", runs]);
    await fifth.says(/The growth has finished/);
    const models = (await (await fetch(`${await fifth.url()}/api/models`)).json()) as { id: string }[];
    assert.ok(models.some(({ id }) => id === `runs/${RUN}`));
    await fifth.interrupt();
    assert.equal(readFileSync(join(runs, RUN, "state.json"), "utf8"), before);
    assert.deepEqual(readdirSync(runs), [RUN]);
  });

  it("goes on with a run on a user's own task", async () => {
    const runs = join(folder, "own");
    const task = join(folder, "difference.ts");
    writeFileSync(
      task,
      `import { defineTask } from "reckon/tasks";
export default defineTask<{ a: number; b: number }>({
  name: "difference",
  sample: (random) => ({ a: random.int(0, 99), b: random.int(0, 99) }),
  prompt: ({ a, b }) => \`\${a}-\${b}?\`,
  verify: ({ a, b }, answer) => ({ score: answer === String(a - b) ? 1 : 0, reason: "compared" }),
  gold: ({ a, b }) => String(a - b),
});
`,
    );
    const recipe = resolveRecipe({
      name: "own",
      description: "",
      stages: [
        {
          kind: "reinforce",
          from: "models/base",
          problems: [{ family: "difference", level: 0, weight: 1 }],
          tasks: [task],
          steps: 2,
          promptsPerStep: 2,
          samplesPerPrompt: 2,
          maxNewTokens: 16,
          learningRate: 1e-4,
          schedule: { kind: "constant", warmup: 0 },
          optimizer: { name: "adamw" },
          evaluateProblems: 2,
          rolloutsEvery: 1,
        },
      ],
    });
    const run = RunDirectory.create(runs, "own", recipe);
    run.progress(0, 2);
    await run.close("paused");
    const start = new Start(["--runs", runs, "--no-grow"]);
    const url = await start.url();
    const response = await fetch(`${url}/api/runs/own/resume`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    assert.equal(response.status, 200, await response.text());
    await until(
      () => (runOf(runs, "own")?.state?.status === "finished" ? true : undefined),
      () => `it has not finished: ${JSON.stringify(runOf(runs, "own"))}\n${start.output}`,
    );
    const rollouts = readFileSync(join(run.path, "rollouts.jsonl"), "utf8").trimEnd().split("\n");
    assert.equal(rollouts.length, 2 * 2 * 2);
    for (const line of rollouts) assert.equal((JSON.parse(line) as { family: string }).family, "difference");
    await start.interrupt();
    assert.deepEqual(readdirSync(runs), ["own"]);
  });

  it("says so when a training that it has started fails, and serves on; the next start begins it anew", async () => {
    const runs = join(folder, "failing");
    const start = new Start(["--runs", runs, "--set", "from=no-such-model"]);
    await start.says(/MODEL_UNKNOWN.*no-such-model/s);
    assert.equal((await fetch(`${await start.url()}/api/runs`)).status, 200);
    assert.equal(runOf(runs)?.state?.status, "failed");
    await start.interrupt();
    // The next start does not go on with what could not begin.
    const next = new Start(["--runs", runs, ...SHORT, "--set", "steps=2"]);
    await next.says(/The growth is done/);
    assert.equal(runOf(runs)?.state?.status, "finished");
    await next.interrupt();
    assert.deepEqual(readdirSync(runs), [RUN]);
  });

  it("names a port that is taken, a setting that there is not, and a page that was not built, and begins nothing", async () => {
    const runs = join(folder, "none");
    const holder = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const { port } = holder.address() as { port: number };
    const taken = new Start(["--runs", runs, "--port", String(port)]);
    assert.equal(await taken.ended(), 1);
    assert.match(taken.output, new RegExp(`PORT_TAKEN.*${port} is in use.*--port`, "s"));
    holder.close();

    const wrong = new Start(["--runs", runs, "--set", "stepz=3"]);
    assert.equal(await wrong.ended(), 2);
    assert.match(wrong.output, /RECIPE_INVALID.*stepz/s);

    const bare = join(folder, "bare");
    mkdirSync(bare);
    for (const part of ["src", "models", "package.json"])
      cpSync(join(clone, part), join(bare, part), { recursive: true });
    symlinkSync(join(clone, "node_modules"), join(bare, "node_modules"));
    const unbuilt = new Start(["--runs", runs], join(bare, "src", "cli", "main.ts"));
    assert.equal(await unbuilt.ended(), 1);
    assert.match(unbuilt.output, /STUDIO_NOT_BUILT.*build/s);
    for (const { output } of [taken, wrong, unbuilt]) assert.doesNotMatch(output, /^\s+at /m, "no stack");
    assert.equal(existsSync(runs), false);
  });
});
