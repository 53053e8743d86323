import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { RolloutRecord, RunEvent, RunStore } from "../train/run-store.ts";
import { ReckonError } from "../util/errors.ts";
import { RunDirectory, type RunOptions } from "./run-directory.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-runs-"));
after(() => rmSync(root, { recursive: true, force: true }));

const RECIPE = { name: "test", seed: 7, stages: [{ kind: "pretrain", steps: 3 }] };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const files = (step: number): Map<string, Uint8Array> =>
  new Map([
    ["model.safetensors", bytes(`weights ${step}`.repeat(100))],
    ["trainer.json", bytes(`{"step":${step}}`)],
  ]);
const lines = (run: RunDirectory, name: string): Record<string, unknown>[] => {
  const path = join(run.path, name);
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  assert.ok(text === "" || text.endsWith("\n"), `${name} ends in a torn line`);
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};
const steps = (run: RunDirectory, name = "metrics.jsonl"): unknown[] => lines(run, name).map((line) => line["step"]);
const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof ReckonError, String(error));
  assert.equal(error.code, expected);
  return true;
};
const reopen = async (run: RunDirectory, options: RunOptions = {}): Promise<RunDirectory> => {
  await run.close("paused");
  return RunDirectory.open(root, run.name, options);
};
/** As every loop does before it goes on. */
const resume = async (store: RunStore): Promise<number | undefined> => {
  const checkpoint = await store.latestCheckpoint();
  await store.rewind(checkpoint?.step ?? -1);
  return checkpoint?.step;
};
const rollout = (step: number): RolloutRecord => ({
  step,
  group: 0,
  index: 0,
  family: "addition",
  level: 0,
  language: "en",
  prompt: "1+1 – ü?",
  completion: "<answer>2</answer>",
  thinking: "",
  answer: "2",
  finish: "stop",
  tokens: 3,
  score: 1,
  reason: "right",
  reward: 1,
  rewards: { accuracy: 1, other: null },
  advantage: 0.5,
  recheck: false,
});

test("a new run has its files, is listed, and is never overwritten", async () => {
  const run = RunDirectory.create(root, "new", RECIPE);
  assert.deepEqual(JSON.parse(readFileSync(join(run.path, "recipe.json"), "utf8")), RECIPE);
  assert.equal(run.state.status, "running");
  assert.throws(() => RunDirectory.create(root, "new", RECIPE), code("RUN_EXISTS"));
  run.metrics({ step: 1, loss: 0.1 + 0.2 });
  run.rollouts([rollout(1)]);
  run.event({ level: "info", code: "HELLO", step: 1, message: "hello" });
  run.progress(1, 3);
  assert.equal(RunDirectory.list(root).find((entry) => entry.name === "new")?.busy, true);
  await run.close();
  assert.deepEqual(lines(run, "metrics.jsonl"), [{ step: 1, loss: 0.1 + 0.2 }]);
  assert.deepEqual(lines(run, "rollouts.jsonl"), [rollout(1)]);
  assert.equal(lines(run, "events.jsonl")[0]?.["code"], "HELLO");
  assert.match(readFileSync(join(run.path, "log.txt"), "utf8"), /HELLO/);
  const listed = RunDirectory.list(root).find((entry) => entry.name === "new");
  assert.deepEqual(
    [listed?.busy, listed?.state?.status, listed?.state?.step, listed?.state?.steps],
    [false, "finished", 1, 3],
  );
  assert.throws(() => RunDirectory.create(root, "new", RECIPE), code("RUN_EXISTS"));
  assert.deepEqual(
    readdirSync(root).filter((name) => name.startsWith(".")),
    [],
  );
});

test("names that are no names, and runs that are no runs", async () => {
  for (const name of ["", ".", "..", "a/b", "../a", ".hidden", "a\0b", "x".repeat(129)]) {
    assert.throws(() => RunDirectory.create(root, name, RECIPE), code("RUN_NAME"), name);
    await assert.rejects(RunDirectory.open(root, name), code("RUN_UNKNOWN"), name);
  }
  mkdirSync(join(root, "somebody-elses"));
  writeFileSync(join(root, "somebody-elses", "notes.txt"), "mine");
  assert.throws(() => RunDirectory.create(root, "somebody-elses", RECIPE), code("RUN_EXISTS"));
  assert.equal(
    RunDirectory.list(root).some((entry) => entry.name === "somebody-elses"),
    false,
  );
  assert.deepEqual(RunDirectory.list(join(root, "nowhere")), []);
});

test("checkpoints come back as they were written; the last ones and those named are kept", async () => {
  const run = RunDirectory.create(root, "checkpoints", RECIPE, { keepSteps: [2] });
  assert.equal(await run.latestCheckpoint(), undefined);
  for (const step of [1, 2, 3, 4, 5]) {
    if (step === 3) run.keepCheckpoint(3);
    await run.saveCheckpoint(step, files(step));
  }
  assert.deepEqual(await run.checkpoints.steps(), [2, 3, 4, 5]);
  const latest = await run.latestCheckpoint();
  assert.equal(latest?.step, 5);
  assert.deepEqual(latest?.files, files(5));
  assert.equal(Object.getPrototypeOf(latest!.files.get("trainer.json")), Uint8Array.prototype);
  await run.close();
});

test("a checkpoint of the same step is replaced whole", async () => {
  const run = RunDirectory.create(root, "again", RECIPE);
  await run.saveCheckpoint(1, new Map([["old.json", bytes("old")]]));
  await run.saveCheckpoint(1, files(1));
  assert.deepEqual((await run.latestCheckpoint())?.files, files(1));
  await run.close();
});

const DAMAGES: readonly [string, (folder: string) => void][] = [
  ["no manifest", (folder) => rmSync(join(folder, "manifest.json"))],
  ["an empty manifest", (folder) => truncateSync(join(folder, "manifest.json"))],
  ["a manifest that is not one", (folder) => writeFileSync(join(folder, "manifest.json"), "null")],
  ["a missing file", (folder) => rmSync(join(folder, "trainer.json"))],
  ["a shortened file", (folder) => truncateSync(join(folder, "model.safetensors"), 10)],
  ["a changed byte", (folder) => writeFileSync(join(folder, "trainer.json"), '{"step":9}')],
];
for (const [name, damage] of DAMAGES) {
  test(`a checkpoint with ${name} is passed over, and an event says so`, async () => {
    let run = RunDirectory.create(root, `damage-${name.replaceAll(" ", "-")}`, RECIPE);
    for (const step of [1, 2]) {
      run.metrics({ step });
      await run.saveCheckpoint(step, files(step));
    }
    damage(run.checkpoints.path(2));
    run = await reopen(run);
    assert.equal(await resume(run), 1);
    assert.deepEqual(steps(run), [1]);
    const damaged = lines(run, "events.jsonl").find((event) => event["code"] === "CHECKPOINT_DAMAGED");
    assert.match(String(damaged?.["message"]), /step 2/);
    await run.close();
  });
}

test("what a killed writer left is removed, torn lines are cut, later steps are forgotten", async () => {
  let run = RunDirectory.create(root, "killed", RECIPE);
  for (let step = 0; step <= 6; step++) {
    run.metrics({ step, loss: step / 7 });
    run.rollouts([rollout(step), rollout(step)]);
    run.evaluations([rollout(step)]);
    run.event({ level: "info", code: "STEP", step, message: `step ${step}` });
    if (step === 3 || step === 4) await run.saveCheckpoint(step, files(step));
  }
  const half = join(run.path, "checkpoints", ".writing-6-123");
  mkdirSync(half);
  writeFileSync(join(half, "model.safetensors"), "half");
  for (const name of ["metrics", "rollouts", "evaluations", "events"])
    appendFileSync(join(run.path, `${name}.jsonl`), '{"step":7,"lo');
  run = await reopen(run);
  assert.equal(existsSync(half), false);
  assert.deepEqual(steps(run), [0, 1, 2, 3, 4, 5, 6]);
  assert.equal(await resume(run), 4);
  assert.deepEqual(steps(run), [0, 1, 2, 3, 4]);
  assert.deepEqual(steps(run, "rollouts.jsonl"), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
  assert.deepEqual(steps(run, "evaluations.jsonl"), [0, 1, 2, 3, 4]);
  assert.deepEqual(steps(run, "events.jsonl"), [0, 1, 2, 3, 4, 4]);
  assert.equal(lines(run, "events.jsonl").at(-1)?.["code"], "RUN_RESUMED");
  await run.rewind(3);
  assert.deepEqual(await run.checkpoints.steps(), [3]);
  await run.rewind(-1);
  assert.deepEqual([steps(run), await run.checkpoints.steps()], [[], []]);
  await run.close();
});

test("going back in a log of many megabytes with lines longer than a block", async () => {
  const run = RunDirectory.create(root, "long", RECIPE);
  const long = { ...rollout(0), completion: "ä".repeat(1_300_000) };
  for (let step = 0; step < 6; step++)
    run.rollouts([
      { ...long, step },
      { ...rollout(step), completion: "" },
    ]);
  await run.rewind(3);
  assert.deepEqual(steps(run, "rollouts.jsonl"), [0, 0, 1, 1, 2, 2, 3, 3]);
  await run.close();
});

test("pausing and stopping, from this process and from another", async () => {
  let run = RunDirectory.create(root, "control", RECIPE);
  run.progress(1, 3);
  assert.equal(run.stopRequested(), false);
  run.requestStop("stop");
  assert.equal(run.stopRequested(), true);
  await run.close();
  assert.equal(run.state.status, "stopped");
  assert.throws(() => RunDirectory.request(root, "control", "pause"), code("RUN_NOT_RUNNING"));
  assert.throws(() => RunDirectory.request(root, "nobody", "pause"), code("RUN_UNKNOWN"));

  run = await RunDirectory.open(root, "control");
  writeFileSync(join(run.path, "control.json"), '{"requ');
  assert.equal(run.stopRequested(), false);
  RunDirectory.request(root, "control", "pause");
  while (!run.stopRequested()) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(run.stopReason, "pause");
  await run.close();
  assert.equal(run.state.status, "paused");

  run = await RunDirectory.open(root, "control");
  run.progress(3, 3);
  run.requestStop();
  await run.close();
  assert.equal(run.state.status, "finished", "a request during the last step");

  writeFileSync(join(run.path, "control.json"), '{"request":"stop"}');
  run = await RunDirectory.open(root, "control");
  assert.equal(run.stopRequested(), false, "a request from before is not one to this process");
  await run.close("failed", "for a reason");
  assert.deepEqual([run.state.status, run.state.message], ["failed", "for a reason"]);
  assert.equal(
    (await RunDirectory.open(root, "control").then((again) => again.close("finished").then(() => again))).state.message,
    undefined,
  );
});

test("a run is written by one process; the lock of a killed one is taken over", async () => {
  const held = RunDirectory.create(root, "mine", RECIPE);
  await assert.rejects(RunDirectory.open(root, "mine"), code("RUN_BUSY"));
  const script = `
    const { RunDirectory } = await import(${JSON.stringify(join(import.meta.dirname, "run-directory.ts"))});
    const [root, name] = process.argv.slice(1);
    try {
      const run = await RunDirectory.open(root, name);
      console.log("open");
      setInterval(() => {}, 1000);
    } catch (error) { console.log(error.code) }`;
  const child = (name: string) =>
    spawn(process.execPath, ["--input-type=module", "-e", script, root, name], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  const refused = child("mine");
  assert.equal(String((await once(refused.stdout, "data"))[0]).trim(), "RUN_BUSY");
  await held.close();

  const killed = child("mine");
  assert.equal(String((await once(killed.stdout, "data"))[0]).trim(), "open");
  await assert.rejects(RunDirectory.open(root, "mine"), code("RUN_BUSY"));
  killed.kill("SIGKILL");
  await once(killed, "exit");
  const taken = await RunDirectory.open(root, "mine");
  await taken.close();
  assert.deepEqual(
    readdirSync(taken.path).filter((name) => name.includes("lock")),
    [],
  );
});

test("a lock whose process id is used again by another process is stale", async () => {
  const run = RunDirectory.create(root, "reused", RECIPE);
  const lock = readdirSync(run.path).find((name) => name.endsWith(".lock"))!;
  const holder = JSON.parse(readFileSync(join(run.path, lock), "utf8")) as Record<string, unknown>;
  await run.close();
  if (holder["started"] === "") return;
  writeFileSync(join(run.path, "writer-5.lock"), JSON.stringify({ ...holder, started: "1" }));
  await (await RunDirectory.open(root, "reused")).close();
  writeFileSync(join(run.path, "writer-5.lock"), JSON.stringify({ ...holder, boot: "another" }));
  await (await RunDirectory.open(root, "reused")).close();
  writeFileSync(join(run.path, "writer-5.lock"), JSON.stringify({ ...holder, host: "elsewhere" }));
  await assert.rejects(RunDirectory.open(root, "reused"), code("RUN_BUSY"));
});

test("a writer whose run was taken over saves no more checkpoints", async () => {
  const run = RunDirectory.create(root, "fenced", RECIPE);
  const lock = readdirSync(run.path).find((name) => name.endsWith(".lock"))!;
  writeFileSync(join(run.path, "writer-9.lock"), readFileSync(join(run.path, lock)));
  await assert.rejects(run.saveCheckpoint(1, files(1)), code("RUN_BUSY"));
  assert.deepEqual(await run.checkpoints.steps(), []);
  await run.close();
});

const full = existsSync("/dev/full");
test("a full disk: lines wait in order and are written when there is room", {
  skip: !full && "no /dev/full",
}, async () => {
  const events: RunEvent[] = [];
  const run = RunDirectory.create(root, "full", RECIPE, { observer: { event: (event) => events.push(event) } });
  run.metrics({ step: 1 });
  await run.saveCheckpoint(1, files(1));
  const path = join(run.path, "metrics.jsonl");
  const before = readFileSync(path);
  rmSync(path);
  symlinkSync("/dev/full", path);
  run.metrics({ step: 2 });
  run.metrics({ step: 3 });
  assert.deepEqual(
    events.map((event) => event.code),
    ["RUN_DISK"],
    "told once",
  );
  assert.match(events[0]!.message, /since step 2/);
  await assert.rejects(run.saveCheckpoint(3, files(3)), (error) => {
    code("RUN_DISK")(error);
    assert.match((error as Error).message, /ENOSPC.*step 1 is intact[\s\S]*--resume full/);
    return true;
  });
  assert.equal((await run.latestCheckpoint())?.step, 1);
  rmSync(path);
  writeFileSync(path, before);
  run.metrics({ step: 4 });
  assert.deepEqual(steps(run), [1, 2, 3, 4]);
  await run.saveCheckpoint(4, files(4));
  assert.equal((await run.latestCheckpoint())?.step, 4);
  await run.close();
});

/** A run in a process of its own, on a file system of 200 kB that only it sees. */
const TINY = `
  import assert from "node:assert/strict";
  import { statfsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
  const { RunDirectory } = await import(process.argv[1]);
  const root = process.argv[2];
  assert.ok(statfsSync(root).blocks * statfsSync(root).bsize < 1e6);
  const files = (step, size) => new Map([["model.safetensors", new Uint8Array(size).fill(step)]]);
  const run = RunDirectory.create(root, "tiny", {});
  run.metrics({ step: 1 });
  await run.saveCheckpoint(1, files(1, 60_000));
  await assert.rejects(run.saveCheckpoint(2, files(2, 400_000)), (error) => {
    assert.equal(error.code, "RUN_DISK", error.stack);
    assert.match(error.message, /disk is full[\\s\\S]*ENOSPC, .* free; the checkpoint of step 1 is intact/);
    return true;
  });
  writeFileSync(root + "/filler", new Uint8Array(40_000));
  const long = "x".repeat(3000);
  let step = 2;
  for (; step < 200; step++) { run.metrics({ step, long }); run.progress(step, 300); }
  const written = readFileSync(run.path + "/metrics.jsonl", "utf8").split("\\n").length - 1;
  assert.ok(written < 100, "the disk took " + written);
  await assert.rejects(run.saveCheckpoint(199, files(3, 100)), { code: "RUN_DISK" });
  assert.equal((await run.latestCheckpoint()).step, 1);
  await assert.rejects(run.close("failed", "full"), { code: "RUN_DISK" });
  rmSync(root + "/filler");
  const again = await RunDirectory.open(root, "tiny");
  const checkpoint = await again.latestCheckpoint();
  await again.rewind(checkpoint.step);
  assert.equal(checkpoint.step, 1);
  assert.deepEqual(checkpoint.files, files(1, 60_000));
  assert.equal(readFileSync(again.path + "/metrics.jsonl", "utf8"), '{"step":1}\\n');
  await again.saveCheckpoint(2, files(2, 1000));
  await again.close();
  console.log("all well");`;
const mount = [
  "--user",
  "--map-root-user",
  "--mount",
  "sh",
  "-c",
  'mount -t tmpfs -o size=200k none "$0" && exec "$@"',
];
const canMount = (): boolean => {
  const probe = mkdtempSync(join(root, "probe-"));
  return process.platform === "linux" && spawnSync("unshare", [...mount, probe, "true"]).status === 0;
};
test("a disk that is really full", { skip: !canMount() && "needs unshare with user namespaces" }, () => {
  const disk = mkdtempSync(join(root, "disk-"));
  const module = join(import.meta.dirname, "run-directory.ts");
  const node = [process.execPath, "--input-type=module", "-e", TINY, module, disk];
  const done = spawnSync("unshare", [...mount, disk, ...node], { encoding: "utf8" });
  assert.equal(done.stdout, "all well\n", done.stderr);
});
