import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Hono } from "hono";
import { ReckonError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { createStudioApp } from "./app.ts";
import { startStudio } from "./listen.ts";
import type { ChatChunk, StudioServices } from "./services.ts";
import { builtInTasks } from "./task-catalog.ts";
import { metricsRow, writeTestRun } from "./test-run.ts";
import type { MetricColumns, Rollout, RolloutPage, RunDetail, RunSummary, SampledProblem, TaskInfo } from "./wire.ts";

let folder = "";
let runsDir = "";
let webDir = "";
let app: Hono;
const asked: string[] = [];

/** The sum in a prompt. */
function sum(prompt: string): string {
  const [, a, b] = /(\d+) \+ (\d+)/.exec(prompt) ?? ["", "0", "0"];
  return String(Number(a) + Number(b));
}

const services: StudioServices = {
  control: (run) => ({ pause: run === "live", resume: false }),
  async pause(run) {
    asked.push(`pause ${run}`);
    if (asked.length > 1) throw new ReckonError("RUN_ENDING", "The run is about to end.", { help: "Wait for it." });
  },
  async resume(run) {
    asked.push(`resume ${run}`);
  },
  async models() {
    return [{ id: "base", label: "base", role: "base" }];
  },
  async *chat({ prompt, maxTokens }): AsyncGenerator<ChatChunk> {
    if (prompt === "fail") throw new ReckonError("MODEL_BUSY", "The model is being saved.", { help: "Ask again." });
    for (const text of ["18 and", "\n47"]) yield { type: "delta", phase: "thinking", text };
    yield { type: "delta", phase: "answer", text: sum(prompt) };
    const tokens = { prompt: 6, thinking: maxTokens, answer: 2 };
    yield {
      type: "done",
      thinking: "18 and\n47",
      answer: prompt === "silent" ? null : sum(prompt),
      tokens,
      seconds: 0.25,
      finish: "stop",
    };
  },
  tasks: builtInTasks(),
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "reckon-studio-"));
  runsDir = join(folder, "runs");
  webDir = join(folder, "web");
  await mkdir(join(webDir, "assets"), { recursive: true });
  await writeFile(join(webDir, "index.html"), "<!doctype html><title>page</title>");
  await writeFile(join(webDir, "assets", "a.js"), "1");
  await writeFile(join(folder, "secret.txt"), "secret");
  await writeTestRun(runsDir, "done", { steps: 40, startedAt: new Date("2026-01-01") });
  await writeTestRun(runsDir, "live", {
    steps: 20,
    planned: 100,
    status: "running",
    startedAt: new Date("2026-02-01"),
  });
  await mkdir(join(runsDir, "not-a-run"));
  await symlink(folder, join(runsDir, ".hidden"));
  app = createStudioApp({ runsDir, webDir, services, pollMs: 10 });
});
after(() => rm(folder, { recursive: true }));

async function json<T>(path: string, status = 200): Promise<T> {
  const response = await app.request(path);
  assert.equal(response.status, status, `${path}: ${await response.clone().text()}`);
  return (await response.json()) as T;
}

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return Promise.resolve(
    app.request(path, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    }),
  );
}

interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly help: string | null };
}

describe("runs", () => {
  it("lists run directories, newest first, and nothing else", async () => {
    const runs = await json<RunSummary[]>("/api/runs");
    assert.deepEqual(
      runs.map(({ name, lastStep }) => [name, lastStep]),
      [
        ["live", 20],
        ["done", 40],
      ],
    );
    const none = createStudioApp({ runsDir: join(folder, "nowhere"), webDir, services });
    assert.deepEqual(await (await none.request("/api/runs")).json(), []);
  });

  it("tells recipe, state and what can be done", async () => {
    const run = await json<RunDetail>("/api/runs/live");
    assert.equal((run.recipe as { name: string }).name, "r1-zero");
    assert.equal(run.state?.status, "running");
    assert.equal(run.state?.alive, true);
    assert.deepEqual(run.control, { pause: true, resume: false });
  });

  it("sees that the process of a running run is gone", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    await writeTestRun(runsDir, "dead", {
      steps: 3,
      planned: 9,
      status: "running",
      pid: child.pid!,
      startedAt: new Date("2020-01-01"),
    });
    const run = await json<RunDetail>("/api/runs/dead");
    assert.equal(run.state?.alive, false);
    // A paused run needs no process.
    const paused = {
      steps: 3,
      planned: 9,
      status: "paused",
      pid: child.pid!,
      startedAt: new Date("2020-01-01"),
    } as const;
    await writeTestRun(runsDir, "dead", paused);
    assert.equal((await json<RunDetail>("/api/runs/dead")).state?.alive, true);
    await rm(join(runsDir, "dead"), { recursive: true });
  });

  it("refuses names that are not one plain path segment", async () => {
    for (const name of [
      "..",
      "%2e%2e",
      "..%2fsecret.txt",
      "%2e%2e%2f%2e%2e",
      ".hidden",
      "a%2fb",
      "%00",
      "not-a-run",
      "nope",
      "a".repeat(300),
    ]) {
      const response = await app.request(`/api/runs/${name}/metrics`);
      assert.equal(response.status, 404, name);
      assert.match(((await response.json()) as ErrorBody).error.code, /^(RUN_UNKNOWN|NOT_FOUND)$/);
    }
  });

  it("gives metrics after a step, as rows and as columns", async () => {
    const rows = await json<Record<string, number>[]>("/api/runs/done/metrics?after=38");
    assert.deepEqual(
      rows.map((row) => row["step"]),
      [39, 40],
    );
    assert.deepEqual(rows[0], JSON.parse(JSON.stringify(metricsRow(39, 40, Random.of(0, "metrics", 39), false))));
    const columns = await json<MetricColumns>("/api/runs/done/metrics?format=columns&keys=reward,eval/accuracy");
    assert.equal(columns.steps.length, 40);
    assert.deepEqual(Object.keys(columns.columns).sort(), ["eval/accuracy", "reward"]);
    assert.equal(columns.columns["eval/accuracy"]!.filter((value) => value !== null).length, 5);
    assert.equal((await json<ErrorBody>("/api/runs/done/metrics?after=x", 400)).error.code, "BAD_REQUEST");
  });

  it("gives events", async () => {
    const events = await json<{ code: string; help: string | null }[]>("/api/runs/done/events");
    assert.deepEqual(
      events.map(({ code }) => code),
      ["RUN_STARTED", "GROUPS_ALIKE"],
    );
    assert.equal(events[0]!.help, null);
  });
});

describe("rollouts", () => {
  const page = (query: string): Promise<RolloutPage> => json<RolloutPage>(`/api/runs/done/rollouts?${query}`);

  it("pages through all of them exactly once", async () => {
    const seen = new Set<number>();
    let offset = 0;
    let total = 0;
    do {
      const { items, ...rest } = await page(`offset=${offset}&limit=37`);
      total = rest.total;
      for (const item of items) seen.add(item.id);
      offset += items.length;
      if (items.length === 0) break;
    } while (offset < total);
    assert.equal(total, 5 * 4 * 8);
    assert.equal(seen.size, total);
  });

  it("filters by step, verdict, second look and group", async () => {
    const all = (await page("limit=200")).items;
    const expect = async (query: string, keep: (rollout: Rollout) => boolean): Promise<void> => {
      const found = await page(`${query}&limit=200`);
      assert.deepEqual(found.items, all.filter(keep), query);
      assert.ok(found.items.length > 0 && found.items.length < all.length, `${query} must be able to fail`);
    };
    await expect("step=10", ({ step }) => step === 10);
    await expect("step=latest", ({ step }) => step === 40);
    await expect("outcome=right", ({ score }) => score === 1);
    await expect("outcome=wrong&recheck=true", ({ score, recheck }) => score < 1 && recheck);
    await expect("step=20&group=2", ({ step, group }) => step === 20 && group === 2);
    assert.deepEqual((await page("step=11")).items, []);
    assert.deepEqual((await page("family=none")).steps, [1, 10, 20, 30, 40]);
  });

  it("searches as text, whatever JSON does to it", async () => {
    const all = (await page("limit=200")).items;
    const contains = (text: string) =>
      all.filter(({ prompt, completion, reason }) =>
        [prompt, completion, reason].some((one) => one.toLowerCase().includes(text)),
      );
    for (const text of ["wait, try", "no closing", "\nthat is not", "</think>"]) {
      const found = await page(`search=${encodeURIComponent(text.toUpperCase())}&limit=200`);
      assert.deepEqual(found.items, contains(text), text);
      assert.ok(found.total > 0, text);
    }
    // Names of fields and JSON's own marks are not text.
    for (const text of ['"step"', "advantage", "\\n"])
      assert.equal((await page(`search=${encodeURIComponent(text)}`)).total, 0, text);
  });

  it("sorts", async () => {
    for (const [sort, key, sign] of [
      ["-advantage", "advantage", -1],
      ["advantage", "advantage", 1],
      ["-tokens", "tokens", -1],
      ["reward", "reward", 1],
    ] as const) {
      const values = (await page(`sort=${sort}&limit=200`)).items.map((item) => item[key]);
      assert.deepEqual(
        values,
        [...values].sort((a, b) => sign * (a - b)),
        sort,
      );
    }
    await json("/api/runs/done/rollouts?sort=sideways", 400);
    await json("/api/runs/done/rollouts?limit=100000", 400);
  });
});

describe("pause and resume", () => {
  it("calls the service; 409 with the reason when it cannot be", async () => {
    assert.equal((await post("/api/runs/live/pause", {})).status, 200);
    assert.deepEqual(asked, ["pause live"]);
    const again = await post("/api/runs/live/pause", {});
    assert.equal(again.status, 409);
    assert.deepEqual(await again.json(), {
      error: { code: "RUN_ENDING", message: "The run is about to end.", help: "Wait for it." },
    });
    const resume = await post("/api/runs/done/resume", {});
    assert.equal(resume.status, 409);
    assert.equal(((await resume.json()) as ErrorBody).error.code, "RUN_BUSY");
    assert.equal((await post("/api/runs/nope/pause", {})).status, 404);
    assert.ok(!asked.includes("resume done"));
  });
});

describe("tasks and chat", () => {
  it("lists families with levels and chance, and draws problems that verify", async () => {
    const tasks = await json<TaskInfo[]>("/api/tasks");
    const countdown = tasks.find(({ family }) => family === "countdown")!;
    assert.ok(countdown.levels.length > 1 && countdown.levels.every(({ chance }) => chance > 0 && chance < 1));
    const problem = await json<SampledProblem>("/api/tasks/countdown/sample?level=1&seed=7&language=de");
    assert.deepEqual(await json("/api/tasks/countdown/sample?level=1&seed=7&language=de"), problem);
    assert.notEqual(
      (await json<SampledProblem>("/api/tasks/countdown/sample?level=1&seed=8&language=de")).prompt,
      problem.prompt,
    );
    assert.equal((await json<ErrorBody>("/api/tasks/nope/sample", 404)).error.code, "TASK_UNKNOWN");
    assert.equal((await json<ErrorBody>("/api/tasks/countdown/sample?level=99", 400)).error.code, "TASK_LEVEL");
    await json("/api/tasks/countdown/sample?language=xx", 404);
    await json("/api/tasks/countdown/sample?seed=-1", 400);
  });

  const problem = { family: "addition", level: 0, seed: 3, language: "en" };

  async function chatEvents(body: unknown): Promise<[string, Record<string, unknown>][]> {
    const response = await post("/api/chat", body);
    assert.equal(response.status, 200, await response.clone().text());
    const blocks = (await response.text()).trim().split("\n\n");
    return blocks.map((block) => [
      /^event: (.*)$/m.exec(block)![1]!,
      JSON.parse(/^data: (.*)$/m.exec(block)![1]!) as Record<string, unknown>,
    ]);
  }

  it("streams thinking and answer, and judges the answer itself", async () => {
    const { prompt } = await json<SampledProblem>("/api/tasks/addition/sample?level=0&seed=3");
    const events = await chatEvents({ model: "base", prompt, problem, maxTokens: 40 });
    assert.deepEqual(events.slice(0, 3), [
      ["delta", { phase: "thinking", text: "18 and" }],
      ["delta", { phase: "thinking", text: "\n47" }],
      ["delta", { phase: "answer", text: sum(prompt) }],
    ]);
    const [name, result] = events[3]!;
    assert.equal(name, "done");
    assert.deepEqual(result["verdict"], { score: 1, reason: "right" });
    assert.deepEqual(result["tokens"], { prompt: 6, thinking: 40, answer: 2 });
  });

  it("gives no verdict on free text, and says why on failure", async () => {
    const [, , , done] = await chatEvents({ model: "base", prompt: "1 + 1" });
    assert.equal("verdict" in done![1], false);
    const failed = await chatEvents({ model: "base", prompt: "fail" });
    assert.deepEqual(failed, [
      ["error", { code: "MODEL_BUSY", message: "The model is being saved.", help: "Ask again." }],
    ]);
  });

  it("refuses what does not fit", async () => {
    const refused = async (body: unknown, status: number, code: string): Promise<void> => {
      const response = await post("/api/chat", body);
      assert.equal(response.status, status);
      assert.equal(((await response.json()) as ErrorBody).error.code, code);
    };
    await refused({ model: "nope", prompt: "x" }, 404, "MODEL_UNKNOWN");
    await refused({ model: "base", prompt: "" }, 400, "BAD_REQUEST");
    await refused({ model: "base", prompt: "x", temperature: -1 }, 400, "BAD_REQUEST");
    await refused({ model: "base", prompt: "x", maxTokens: 1e9 }, 400, "BAD_REQUEST");
    await refused({ model: "base", prompt: "x", surprise: 1 }, 400, "BAD_REQUEST");
    await refused({ model: "base", prompt: "another text", problem }, 400, "PROMPT_CHANGED");
    await refused("{", 400, "BAD_REQUEST");
    await refused({ model: "base", prompt: "x".repeat(300_000) }, 413, "TOO_LARGE");
  });
});

describe("safety", () => {
  it("answers to names of this machine only", async () => {
    for (const host of ["localhost:4180", "127.0.0.1:1", "[::1]:80"]) {
      assert.equal((await app.request("/api/runs", { headers: { host } })).status, 200, host);
    }
    for (const host of ["evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", "169.254.1.1", ""]) {
      const response = await app.request("/api/runs", { headers: { host } });
      assert.equal(response.status, 403, host);
    }
    assert.equal((await app.request("http://evil.example/api/runs")).status, 403);
    assert.equal((await app.request("/", { headers: { host: "evil.example" } })).status, 403);
  });

  it("refuses writes from other sites and anything but JSON", async () => {
    assert.equal((await post("/api/runs/live/pause", {}, { origin: "https://evil.example" })).status, 403);
    assert.equal((await post("/api/runs/live/pause", {}, { "sec-fetch-site": "cross-site" })).status, 403);
    assert.equal((await post("/api/runs/live/pause", "a=b", { "content-type": "text/plain" })).status, 415);
    assert.equal((await post("/api/runs/nope/pause", {}, { origin: "http://localhost" })).status, 404);
  });

  it("sends its rules with every answer and no CORS header", async () => {
    for (const path of ["/", "/api/runs", "/api/nope"]) {
      const { headers } = await app.request(path, { headers: { origin: "https://evil.example" } });
      assert.match(
        headers.get("content-security-policy") ?? "",
        /default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'/,
      );
      assert.equal(headers.get("cross-origin-opener-policy"), "same-origin");
      assert.equal(headers.get("cross-origin-embedder-policy"), "require-corp");
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("x-frame-options"), "DENY");
      assert.equal(headers.get("access-control-allow-origin"), null);
    }
  });

  it("serves the page, and nothing outside its folder", async () => {
    assert.match(await (await app.request("/")).text(), /<title>page/);
    assert.equal((await app.request("/")).headers.get("cache-control"), "no-cache");
    assert.match((await app.request("/assets/a.js")).headers.get("cache-control") ?? "", /immutable/);
    for (const path of [
      "/../secret.txt",
      "/..%2fsecret.txt",
      "/%2e%2e/secret.txt",
      "/assets/..%2f..%2fsecret.txt",
      "/..\\secret.txt",
    ]) {
      const response = await app.request(path);
      assert.equal(response.status, 404, path);
      assert.doesNotMatch(await response.text(), /^secret/);
    }
    const unbuilt = createStudioApp({ runsDir, webDir: join(folder, "unbuilt"), services });
    const response = await unbuilt.request("/");
    assert.equal(response.status, 503);
    assert.match(await response.text(), /vite build/);
  });
});

describe("startStudio", () => {
  it("listens on this machine, ends its streams when it closes, and names a taken port", async () => {
    const server = await startStudio({ runsDir, webDir, services, port: 0 });
    const stream = await fetch(`${server.url}/api/runs/live/stream`);
    assert.equal(stream.status, 200);
    const reader = stream.body!.getReader();
    await reader.read();
    await assert.rejects(
      startStudio({ runsDir, webDir, services, port: server.port }),
      (error) => error instanceof ReckonError && error.code === "PORT_TAKEN",
    );
    // As a browser would after DNS rebinding: the socket reaches us, the name is another's.
    const status = await new Promise<number>((resolve, reject) => {
      httpRequest(
        { host: "127.0.0.1", port: server.port, path: "/api/runs", headers: { host: "evil.example" } },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      )
        .on("error", reject)
        .end();
    });
    assert.equal(status, 403);
    const ended = (async () => {
      while (!(await reader.read()).done);
    })().catch(() => undefined);
    await server.close();
    await ended;
    await assert.rejects(fetch(`${server.url}/api/runs`));
  });
});
