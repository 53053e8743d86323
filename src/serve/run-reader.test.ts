import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { RunDirectory } from "../runs/run-directory.ts";
import { Random } from "../util/random.ts";
import { RunReader } from "./run-reader.ts";
import { metricsRow, rolloutRows } from "./test-run.ts";

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
