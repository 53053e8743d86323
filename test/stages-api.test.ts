/** The studio's API over runs of several stages that were really made: how far they are, what lies aside, what they wrote. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { LocalServices } from "../src/cli/studio-services.ts";
import { resolveRecipe, runPipeline } from "../src/recipes/index.ts";
import { createStudioApp } from "../src/serve/app.ts";
import type { PipelineDetail, PipelineSummary, TracePage } from "../src/serve/wire.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-stages-"));
after(() => rmSync(root, { recursive: true, force: true }));
const services = new LocalServices(root);
after(() => services.close());
const app = createStudioApp({ runsDir: root, webDir: root, services });

/** Two stages that need no model: chains of differing quality, all of them and the good ones. */
const recipe = (prompts = 20) =>
  resolveRecipe({
    name: "chains",
    description: "Chains with ratings.",
    stages: [
      { kind: "graded", name: "all", problems: [{ family: "addition", level: 0, weight: 1 }], prompts: 20 },
      { kind: "graded", name: "good", problems: [{ family: "max", level: 1, weight: 1 }], prompts, least: 4 },
    ],
  });

async function run(name: string, prompts: number, stages: number): Promise<string> {
  const ending = new AbortController();
  let done = 0;
  const { status } = await runPipeline(recipe(prompts), {
    ...{ root, name, workers: 1, signal: ending.signal },
    onStage: (_, what) => {
      if (what === "is done" && ++done === stages) ending.abort();
    },
  });
  return status;
}

async function get<T>(path: string): Promise<T> {
  const response = await app.request(`http://127.0.0.1/api/${path}`);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as T;
}

before(async () => {
  assert.equal(await run("whole", 20, 2), "finished");
  assert.equal(await run("half", 20, 1), "paused");
});

test("runs of several stages, each with how far it is", async () => {
  const list = await get<PipelineSummary[]>("pipelines");
  assert.deepEqual(
    list.map(({ name, stages, finished, status }) => [name, stages, finished, status]),
    [
      ["half", 2, 1, "paused"],
      ["whole", 2, 2, "finished"],
    ],
  );
  const half = await get<PipelineDetail>("pipelines/half");
  assert.deepEqual(half.control, { pause: false, resume: true }, "nothing was left half done, and there is more to do");
  const [all, good] = half.stageList;
  const rows = readFileSync(join(root, "half", "all", "traces.jsonl"), "utf8")
    .trim()
    .split("\n").length;
  assert.deepEqual(
    [all?.status, all?.run, all?.kept, all?.result],
    ["finished", "half/all", false, { what: "data", rows }],
  );
  assert.deepEqual([good?.status, good?.run, good?.earlier, good?.result], ["waiting", null, false, null]);
  assert.deepEqual((await get<PipelineDetail>("pipelines/whole")).control, { pause: false, resume: false });
});

test("what was passed over, and what other settings made, is told", async () => {
  assert.equal(await run("whole", 25, 9), "finished");
  const { stageList, stale } = await get<PipelineDetail>("pipelines/whole");
  assert.deepEqual(
    stageList.map(({ name, kept }) => [name, kept]),
    [
      ["all", true],
      ["good", false],
    ],
  );
  assert.equal(stale.length, 1);
  assert.match(stale[0]!.folder, /^stale\/good-[0-9a-f]{8}$/);
});

test("a stage whose process is gone is told as such, whatever was written last", async () => {
  const folder = join(root, "gone");
  cpSync(join(root, "half"), folder, { recursive: true });
  const path = join(folder, "pipeline.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"waiting"', '"running"'));
  const told = async (): Promise<string[]> => {
    const { status, stageList } = await get<PipelineDetail>("pipelines/gone");
    return [status, ...stageList.map((stage) => stage.status)];
  };
  assert.deepEqual(await told(), ["lost", "finished", "lost"], "killed before the stage had a folder");
  const state = JSON.parse(readFileSync(join(folder, "all", "state.json"), "utf8")) as object;
  cpSync(join(folder, "all"), join(folder, "good"), { recursive: true });
  const write = (change: object): void =>
    writeFileSync(join(folder, "good", "state.json"), JSON.stringify({ ...state, ...change }));
  write({ status: "running", pid: 2 ** 22 - 1 });
  assert.deepEqual(await told(), ["lost", "finished", "lost"]);
  write({ status: "failed" });
  assert.deepEqual(await told(), ["failed", "finished", "failed"]);
  write({ status: "running", pid: process.pid });
  assert.deepEqual(await told(), ["running", "finished", "running"]);
  rmSync(folder, { recursive: true });
});

test("the rows of a stage's data, filtered", async () => {
  const page = await get<TracePage>("runs/whole%2Fgood/traces?ratingFrom=4.5&sort=-rating&limit=5");
  assert.ok(page.items.length === 5 && page.total > 5 && page.total < page.rows);
  assert.ok(page.items.every(({ ratings }) => Object.keys(ratings).length === 5));
  assert.deepEqual([page.families, page.counts], [["max"], {}]);
});

test("a copy that broke off shows what it has; what is not there is said", async () => {
  cpSync(join(root, "whole"), join(root, "copy"), { recursive: true });
  writeFileSync(join(root, "copy", "table.json"), '[{"name": "all"}, ');
  assert.deepEqual((await get<PipelineDetail>("pipelines/copy")).table, []);
  writeFileSync(join(root, "copy", "pipeline.json"), "{");
  assert.equal((await get<PipelineSummary[]>("pipelines")).length, 2);
  for (const path of ["pipelines/copy", "pipelines/nope", "pipelines/..%2Fwhole", "runs/nope/traces"]) {
    assert.equal((await app.request(`http://127.0.0.1/api/${path}`)).status, 404, path);
  }
  const bad = await app.request("http://127.0.0.1/api/runs/whole%2Fgood/traces?ratingFrom=9");
  assert.equal(bad.status, 400);
});

test("a run that was paused between its stages goes on from the page", async () => {
  const resume = (): Response | Promise<Response> =>
    app.request("http://127.0.0.1/api/pipelines/half/resume", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
  const response = await resume();
  assert.equal(response.status, 200, await response.text());
  assert.equal((await resume()).status, 409, "it runs already");
  for (let i = 0; i < 900; i++) {
    const { status } = await get<PipelineDetail>("pipelines/half");
    if (status === "finished") break;
    await new Promise((done) => setTimeout(done, 100));
  }
  const { stageList, control } = await get<PipelineDetail>("pipelines/half");
  assert.deepEqual(
    stageList.map(({ status, kept, result }) => [status, kept, result?.what]),
    [
      ["finished", true, "data"],
      ["finished", false, "data"],
    ],
  );
  assert.equal(control.resume, false);
});
