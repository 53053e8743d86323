/** Setting up a clone and running the program: real processes, real signals, the real npm on tiny projects. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "..");
const moduleUrl = (...path: string[]) => JSON.stringify(pathToFileURL(join(root, ...path)).href);
const posix = process.platform !== "win32";

function temporary(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "reckon-launch-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a script and collects what it writes; `saw` waits for a text. */
function start(script: string, options: { detached?: boolean; env?: Record<string, string> } = {}) {
  const child: ChildProcess = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: options.detached ?? false,
    env: { ...process.env, ...options.env },
  });
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const closed = once(child, "close");
  let output = "";
  let wake = () => {};
  const collect = (chunk: Buffer) => {
    output += chunk;
    wake();
  };
  child.stdout!.on("data", collect);
  child.stderr!.on("data", collect);
  const saw = async (text: string) => {
    while (!output.includes(text)) {
      if (child.exitCode !== null) assert.fail(`ended without saying ${text}:\n${output}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
        child.once("exit", () => resolve());
      });
    }
  };
  return { child, pid: child.pid!, exited, closed, saw, output: () => output };
}

/** A launcher whose child is `program` (a script). */
function launch(context: TestContext, program: string) {
  const path = join(temporary(context), "child.mjs");
  writeFileSync(path, program);
  const script = `import { runNode } from ${moduleUrl("bin", "runtime.mjs")};
    process.exitCode = await runNode(process.execPath, [${JSON.stringify(path)}]);`;
  const launched = start(script, { detached: true });
  context.after(() => void launched.child.kill("SIGKILL"));
  return launched;
}

describe("the launcher", { skip: !posix && "POSIX signals" }, () => {
  const counting = `let count = 0;
    process.on("SIGINT", () => console.log("interrupt " + ++count + "."));
    process.on("SIGTERM", () => { console.log("total " + count + "."); process.exit(7); });
    setInterval(() => {}, 1000);
    console.log("ready");`;

  test("delivers each Ctrl-C exactly once, however many processes pass it on, and the exit code", async (context) => {
    const { pid, saw, exited, output } = launch(context, counting);
    await saw("ready");
    process.kill(-pid, "SIGINT"); // What a terminal does: the whole group.
    process.kill(pid, "SIGINT"); // What npm adds.
    await saw("interrupt 1.");
    await sleep(500);
    process.kill(pid, "SIGINT"); // A second Ctrl-C, from a script this time.
    await saw("interrupt 2.");
    process.kill(pid, "SIGTERM");
    assert.deepEqual(await exited, [7, null]);
    assert.match(output(), /total 2\./);
  });

  test("ends by the signal that ended the program", async (context) => {
    const { exited } = launch(context, 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);');
    assert.deepEqual(await exited, [null, "SIGTERM"]);
  });

  test("killed with -9, takes the program along", async () => {
    // `tasks verify` reads standard input, which stays open here: without its launcher it must end all the same.
    const script = `import { runNode } from ${moduleUrl("bin", "runtime.mjs")};
      await runNode(process.execPath, [${JSON.stringify(join(root, "src/cli/main.ts"))}, "tasks", "verify"]);`;
    const { child, saw, closed } = start(script);
    child.stdin!.write('{"family":"addition","facts":{"a":1,"b":1},"prompt":"","answer":"2"}\n');
    await saw('"score":1');
    child.kill("SIGKILL");
    await closed; // The program holds the same pipes: they close when it is gone.
  });
});

/** A project like a clone: one package in its lock file, the installation scripts of this repository. */
function project(context: TestContext, dependency: Record<string, unknown> = { resolved: "dep", link: true }) {
  const folder = temporary(context);
  const reference = "link" in dependency ? "file:dep" : "1.0.0";
  const dependencies = { "reckon-test-dep": reference };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "p", version: "1.0.0", dependencies }));
  mkdirSync(join(folder, "dep"));
  writeFileSync(join(folder, "dep", "package.json"), JSON.stringify({ name: "reckon-test-dep", version: "1.0.0" }));
  const packages = {
    "": { name: "p", version: "1.0.0", dependencies },
    ...("link" in dependency ? { dep: { name: "reckon-test-dep", version: "1.0.0" } } : {}),
    "node_modules/reckon-test-dep": dependency,
  };
  const lock = { name: "p", version: "1.0.0", lockfileVersion: 3, requires: true, packages };
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock, null, 2));
  return folder;
}

const install = (folder: string, env: Record<string, string> = {}) =>
  start(
    `import { ensureInstalled } from ${moduleUrl("scripts", "install.mjs")};
    await ensureInstalled(${JSON.stringify(folder)}).catch((error) => { console.log(error.message); process.exitCode = error.exitCode; });`,
    { env },
  );

function staleness(folder: string): string | null {
  const script = `import { findStale } from ${moduleUrl("scripts", "install.mjs")};
    console.log(JSON.stringify(findStale(${JSON.stringify(folder)})));`;
  const done = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
  return JSON.parse(done.stdout) as string | null;
}

describe("installing", () => {
  test("happens once for two starts at the same time, and not again", async (context) => {
    const folder = project(context);
    assert.match(staleness(folder) ?? "", /not installed yet/);
    const starts = [install(folder), install(folder)];
    for (const { closed } of starts) await closed;
    const output = starts.map((start) => start.output()).join("");
    assert.deepEqual(
      starts.map(({ child }) => child.exitCode),
      [0, 0],
      output,
    );
    assert.equal(output.match(/setting up/g)?.length, 1, output);
    assert.equal(staleness(folder), null);
    assert.ok(!existsSync(join(folder, ".install.lock")));
    const again = install(folder);
    await again.closed;
    assert.equal(again.output(), "");
  });

  test("repairs an interrupted installation and a removed package, follows a changed lock file", async (context) => {
    const folder = project(context);
    await install(folder).closed;
    const hidden = join(folder, "node_modules", ".package-lock.json");
    const installed = readFileSync(hidden, "utf8");

    rmSync(hidden);
    assert.match(staleness(folder) ?? "", /interrupted/);
    await install(folder).closed;
    assert.equal(staleness(folder), null);

    rmSync(join(folder, "node_modules", "reckon-test-dep"), { recursive: true });
    assert.match(staleness(folder) ?? "", /reckon-test-dep is missing/);

    writeFileSync(hidden, installed);
    const lock = join(folder, "package-lock.json");
    writeFileSync(lock, readFileSync(lock, "utf8").replaceAll('"link": true', '"version": "2.0.0"'));
    assert.match(staleness(folder) ?? "", /reckon-test-dep should be at 2\.0\.0/);
  });

  test("says what to do when the registry cannot be reached", async (context) => {
    const integrity = `sha512-${Buffer.alloc(64).toString("base64")}`;
    const folder = project(context, { version: "1.0.0", integrity });
    const env = {
      npm_config_registry: "http://127.0.0.1:9/",
      npm_config_fetch_retries: "0",
      npm_config_cache: join(folder, "cache"),
    };
    const { child, closed, output } = install(folder, env);
    await closed;
    assert.equal(child.exitCode, 1);
    assert.match(output(), /registry cannot be reached.*help: +check the network/s);
  });
});

describe("the lock", () => {
  const holding = (path: string, work: string) =>
    start(`import { withLock } from ${moduleUrl("scripts", "lock.mjs")};
      await withLock(${JSON.stringify(path)}, async () => { ${work} });`);

  test("lets one process work at a time", async (context) => {
    const folder = temporary(context);
    const [path, log] = [join(folder, "lock"), join(folder, "log")];
    const work = `const fs = await import("node:fs");
      fs.appendFileSync(${JSON.stringify(log)}, "in ");
      await new Promise((resolve) => setTimeout(resolve, 100));
      fs.appendFileSync(${JSON.stringify(log)}, "out ");`;
    const all = [1, 2, 3, 4].map(() => holding(path, work));
    for (const { closed } of all) await closed;
    assert.equal(readFileSync(log, "utf8"), "in out ".repeat(4));
  });

  test("is taken over from a process that is gone", async (context) => {
    const path = join(temporary(context), "lock");
    const gone = spawnSync(process.execPath, ["--version"]).pid;
    writeFileSync(path, `${gone} ${hostname()} 1`);
    const { saw, closed } = holding(path, 'console.log("mine");');
    await saw("mine");
    await closed;
    assert.ok(!existsSync(path));
  });
});
