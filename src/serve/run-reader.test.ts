import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { RunDirectory } from "../runs/run-directory.ts";
import { Random } from "../util/random.ts";
import { createStudioApp } from "./app.ts";
import { RunReader } from "./run-reader.ts";
import type { StudioServices } from "./services.ts";
import { metricsRow, rolloutRows, writeTestRun } from "./test-run.ts";

let runsDir = "";
before(async () => {
  runsDir = await mkdtemp(join(tmpdir(), "reckon-reader-"));
});
after(() => rm(runsDir, { recursive: true }));

it("reads what the trainer's run directory writes, through pause and resume", async () => {
  const reader = new RunReader(runsDir);
  const step = (run: RunDirectory, n: number): void => {
    run.metrics(metricsRow(n, 10, Random.of(0, "m", n), true));
    run.rollouts(rolloutRows(n, 10, Random.of(0, "r", n), 1, 4));
    run.progress(n, 10);
  };
  const run = RunDirectory.create(runsDir, "real", { name: "r1-zero" });
  for (let n = 1; n <= 4; n++) step(run, n);
  run.event({ level: "warning", code: "DEAD_GROUPS", step: 4, message: "nothing to learn", help: "change the level" });
  const logs = await reader.logs("real");
  const read = async () => {
    await Promise.all([logs.metrics.poll(), logs.rollouts.poll(), logs.events.poll()]);
    return {
      steps: logs.metrics.rows(0, []).map((row) => row.step),
      rollouts: logs.rollouts.length,
      codes: logs.events.items.map(({ code }) => code),
    };
  };
  assert.deepEqual(await read(), { steps: [1, 2, 3, 4], rollouts: 16, codes: ["DEAD_GROUPS"] });
  const running = await reader.get("real");
  assert.deepEqual(
    [running.state?.status, running.state?.step, running.state?.steps, running.state?.alive],
    ["running", 4, 10, true],
  );

  run.requestStop("pause");
  await run.close();
  assert.deepEqual([(await logs.state())?.status, (await logs.state())?.alive], ["paused", true]);

  const again = await RunDirectory.open(runsDir, "real");
  await again.rewind(2);
  step(again, 3);
  assert.deepEqual(await read(), { steps: [1, 2, 3], rollouts: 12, codes: ["RUN_RESUMED"] });
  await again.close("finished");
  assert.equal((await reader.list())[0]?.state?.status, "finished");
});

it("shows what there is of a run that was copied in part, and says what is missing", async () => {
  const whole = await writeTestRun(runsDir, "whole", { steps: 20 });
  const copy = join(runsDir, "copy-2");
  await cp(whole, copy, { recursive: true });
  const flaws = async () => {
    const { flaws } = await new RunReader(runsDir).contents("copy-2");
    return flaws.map(({ file, problem }) => `${file} ${problem.split(" ", 3).join(" ")}`);
  };
  assert.deepEqual(await flaws(), ["checkpoints are missing: it"]);
  await rm(join(copy, "state.json"));
  await writeFile(join(copy, "recipe.json"), '{"name": "r1-ze');
  await appendFile(join(copy, "metrics.jsonl"), "garbage\n");
  assert.deepEqual(await flaws(), [
    "recipe.json is damaged: its",
    "state.json is missing: how",
    "metrics.jsonl has 1 line",
  ]);
  await rm(join(copy, "recipe.json"));
  const reader = new RunReader(runsDir);
  assert.ok((await reader.list()).some(({ name, state }) => name === "copy-2" && state === null));
  const { metrics } = await reader.logs("copy-2");
  await metrics.poll();
  assert.equal(metrics.lastStep, 20, "curves of a folder that has nothing but logs");
  for (const name of ["metrics", "rollouts"]) await rm(join(copy, `${name}.jsonl`));
  await assert.rejects(reader.get("copy-2"), { code: "RUN_UNKNOWN" });
});

it("sees that a run was killed", async () => {
  const script = `
    import { RunDirectory } from ${JSON.stringify(new URL("../runs/run-directory.ts", import.meta.url).href)};
    RunDirectory.create(${JSON.stringify(runsDir)}, "killed", {}).progress(1, 9);
    setInterval(() => {}, 1000);
    console.log("ready");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  assert.equal((await new RunReader(runsDir).get("killed")).state?.alive, true);
  child.kill("SIGKILL");
  await once(child, "exit");
  const deadline = performance.now() + 10_000;
  while ((await new RunReader(runsDir).get("killed")).state?.alive === true) {
    assert.ok(performance.now() < deadline, "noticed");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

it("lists the stages of a run that has several beside other runs, and opens them by both names", async () => {
  const folder = await mkdtemp(join(tmpdir(), "reckon-stages-"));
  try {
    await writeTestRun(folder, "alone", { steps: 3 });
    await writeTestRun(join(folder, "r1"), "rl", { steps: 5 });
    await writeTestRun(join(folder, "r1"), "tune", { steps: 2 });
    await writeTestRun(join(folder, "r1", "stale"), "tune-01234567", { steps: 2 });
    await writeFile(join(folder, "r1", "pipeline.json"), "{}");
    await writeTestRun(join(folder, "no-pipeline"), "hidden", { steps: 2 });
    const reader = new RunReader(folder);
    const names = (await reader.list()).map(({ name }) => name);
    assert.deepEqual(names.sort(), ["alone", "r1/rl", "r1/tune"]);
    const { metrics } = await reader.logs("r1/rl");
    await metrics.poll();
    assert.equal(metrics.lastStep, 5);
    const app = createStudioApp({ runsDir: folder, webDir: folder, services: {} as StudioServices });
    const response = await app.request(`/api/runs/${encodeURIComponent("r1/rl")}/metrics?format=rows&keys=reward`);
    assert.equal(response.status, 200);
    assert.equal(((await response.json()) as unknown[]).length, 5);
    for (const name of ["r1/stale/tune-01234567", "r1/../alone", "r1/none", "/r1"]) {
      await assert.rejects(reader.get(name), /no run called/, name);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
