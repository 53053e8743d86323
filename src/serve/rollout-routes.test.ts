import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { Hono } from "hono";
import { MOST_RUNS } from "../report/most-runs.ts";
import { errorResponse } from "./http-errors.ts";
import { rolloutRoutes } from "./rollout-routes.ts";
import { RunReader } from "./run-reader.ts";
import { writeTestRun } from "./test-run.ts";
import type { ApiError, ProblemPage, RolloutPage } from "./wire.ts";

let folder = "";
const app = new Hono();
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "reckon-routes-"));
  const runsDir = join(folder, "runs");
  await writeTestRun(runsDir, "a", { steps: 20, seed: 1 });
  await writeTestRun(runsDir, "b", { steps: 20, seed: 2 });
  await writeTestRun(folder, "outside", { steps: 2 });
  app.onError(errorResponse);
  app.route("/api", rolloutRoutes(new RunReader(runsDir)));
});
after(() => rm(folder, { recursive: true, force: true }));

async function json<T>(path: string, status = 200): Promise<T> {
  const response = await app.request(path);
  assert.equal(response.status, status, path);
  return (await response.json()) as T;
}

it("searches training and held-out answers of several runs", async () => {
  const training = await json<RolloutPage>("/api/rollouts?runs=a,b&limit=200&sort=-tokens");
  assert.equal(training.total, 2 * 3 * 4 * 8);
  assert.deepEqual([...new Set(training.items.map(({ run }) => run))].sort(), ["a", "b"]);
  const heldOut = await json<RolloutPage>("/api/rollouts?runs=a&source=heldout&step=latest&outcome=right");
  assert.ok(heldOut.items.every(({ step, score, advantage }) => step === 20 && score === 1 && advantage === 0));
  const { items } = await json<ProblemPage>("/api/problems?runs=a&source=heldout");
  assert.equal(items.length, 6, "the same problems at every test");
  for (const { id, outcomes } of items) {
    assert.deepEqual(
      outcomes.map(({ step }) => step),
      [1, 10, 20],
    );
    assert.equal((await json<RolloutPage>(`/api/rollouts?runs=a&source=heldout&problem=${id}`)).total, 3);
  }
});

it("goes over as many runs as can be chosen, and says how many that is where there are more", async () => {
  const names = Array.from({ length: MOST_RUNS }, (_, i) => `many-${i}`);
  for (const name of names) await writeTestRun(join(folder, "runs"), name, { steps: 1, groups: 1, groupSize: 2 });
  const of = `runs=${names.join(",")}`;
  const { total, items } = await json<RolloutPage>(`/api/rollouts?${of}&limit=200`);
  assert.equal(total, MOST_RUNS * 2);
  assert.equal(new Set(items.map(({ run }) => run)).size, MOST_RUNS);
  // The runs are of one seed: they were asked the same.
  const problems = await json<ProblemPage>(`/api/problems?${of}&source=heldout`);
  assert.deepEqual([problems.total, problems.items[0]!.answers], [6, MOST_RUNS]);
  for (const path of ["rollouts", "problems"]) {
    const { error } = await json<ApiError>(`/api/${path}?${of},one-more`, 400);
    assert.deepEqual(error, {
      code: "RUNS_TOO_MANY",
      message: `${MOST_RUNS + 1} runs cannot be searched at once: at most ${MOST_RUNS} can.`,
      help: "Choose fewer of them.",
    });
  }
});

it("goes to no folder but those of the runs, and over no more of them than it can hold", async () => {
  for (const name of ["../outside", "..%2Foutside", "%2e%2e/outside", "a,../outside", "/etc", ".", "a%00b"]) {
    const { error } = await json<ApiError>(`/api/rollouts?runs=${name}`, 400);
    assert.equal(error.code, "BAD_REQUEST");
    await json<ApiError>(`/api/problems?runs=${name}`, 400);
  }
  await json("/api/rollouts?runs=a,nobody", 404);
  await json("/api/runs/nobody/rollouts", 404);
  await json("/api/rollouts?runs=", 400);
  assert.equal((await json<ApiError>("/api/rollouts", 400)).error.message, "runs: names no run");
  const many = Array.from({ length: MOST_RUNS + 1 }, (_, i) => `run-${i}`).join(",");
  await json(`/api/rollouts?runs=${many}`, 400);
  for (const bad of ["tokensFrom=many", "level=-1", "problem=xyz", "source=elsewhere", "sort=sideways", "limit=100000"])
    await json(`/api/rollouts?runs=a&${bad}`, 400);
});

it("leaves out lines that cannot be read, and follows a file that was cut", async () => {
  const path = join(folder, "runs", "b", "rollouts.jsonl");
  await writeFile(path, `{"step": 3, "prompt": "1+1", "score": 1}\nnot JSON\n{"step": "x"}\n`);
  const { total, items } = await json<RolloutPage>("/api/rollouts?runs=b");
  assert.deepEqual([total, items[0]!.step, items[0]!.prompt], [1, 3, "1+1"]);
});
