/** The npm package: packed, installed into an empty project, used there as a stranger would. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

const root = join(import.meta.dirname, "..");

interface Target {
  readonly [condition: string]: string;
}

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
  exports: Record<string, string | Target>;
};

function run(command: string, args: readonly string[], cwd: string): string {
  const done = spawnSync(command, args, { cwd, encoding: "utf8", shell: process.platform === "win32" });
  assert.equal(done.status, 0, `${command} ${args.join(" ")}: ${done.error ?? ""}\n${done.stdout}\n${done.stderr}`);
  return done.stdout;
}

test("the lock file runs no install script of onnxruntime-node, which would fetch CUDA", () => {
  // `hasInstallScript` is what makes npm look for scripts. .npmrc must not say ignore-scripts: `npm pack` needs prepack.
  assert.doesNotMatch(
    readFileSync(join(root, "package-lock.json"), "utf8"),
    /hasInstallScript/,
    "remove that line from package-lock.json",
  );
  assert.doesNotMatch(readFileSync(join(root, ".npmrc"), "utf8"), /ignore-scripts/);
});

test("every room with an index.ts has a subpath of its own", () => {
  const rooms = globSync("src/*/index.ts", { cwd: root }).map((path) => path.split(/[\\/]/)[1]!);
  const missing = rooms.filter((room) => !(`./${room}` in manifest.exports) && !["util", "cli", "web"].includes(room));
  assert.deepEqual(missing, [], "add these to the exports of package.json");
});

describe("the packed package", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "reckon-package-"));
    run("npm", ["pack", "--pack-destination", folder], root);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "stranger", private: true, type: "module" }));
    const tarball = `./reckon-${manifest.version}.tgz`;
    run(
      "npm",
      ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", tarball],
      folder,
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const installed = (...path: string[]) => join(folder, "node_modules", "reckon", ...path);

  test("holds every file that its exports name, and no tests or sources", () => {
    const named = Object.values(manifest.exports).flatMap((target) =>
      typeof target === "string"
        ? [target]
        : Object.entries(target).flatMap(([key, path]) => (key === "reckon-source" ? [] : [path])),
    );
    assert.deepEqual(
      named.filter((path) => !existsSync(installed(path))),
      [],
    );
    const unwanted = globSync(["src/**", "test/**", "**/*.test.*", "dist/**/*.ts"], { cwd: installed() });
    assert.deepEqual(
      unwanted.filter((path) => !path.endsWith(".d.ts")),
      [],
    );
    if (existsSync(join(root, "src", "web", "vite.config.ts")))
      assert.ok(existsSync(installed("dist", "web", "index.html")));
  });

  test("holds the licences of the packages that are built into the studio", () => {
    const notices = readFileSync(installed("dist", "web", "licenses.txt"), "utf8");
    for (const name of ["react", "react-dom", "scheduler", "uplot"]) {
      const { version } = JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")) as {
        version: string;
      };
      assert.ok(notices.includes(`${name} - ${version} (MIT)`), `${name}\n${notices}`);
      const text = readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8").trim();
      assert.ok(notices.includes(text), `the licence of ${name}`);
    }
    const page = readFileSync(installed("dist", "web", "index.html"), "utf8");
    const [script] = /assets\/[\w.-]+\.js/.exec(page)!;
    const code = readFileSync(installed("dist", "web", script), "utf8");
    assert.match(code, /licenses\.txt/, "the page links to it");
  });

  test("every subpath can be imported", () => {
    const paths = Object.keys(manifest.exports).filter((path) => path !== "./package.json");
    const lines = paths.map((path, i) => `import * as m${i} from "reckon${path.slice(1)}";`);
    const names = `console.log([${paths.map((_, i) => `Object.keys(m${i}).length`)}].every((n) => n > 0));`;
    writeFileSync(join(folder, "all.ts"), [...lines, names].join("\n"));
    assert.equal(run(process.execPath, ["all.ts"], folder).trim(), "true");
  });

  test("npx reckon doctor is content", () => {
    const report = JSON.parse(run("npx", ["reckon", "doctor", "--json"], folder)) as { ok: boolean; version: string };
    assert.equal(report.ok, true, JSON.stringify(report, null, 2));
    assert.equal(report.version, manifest.version);
  });

  test("ten lines of a stranger's compute a gradient and judge an answer, and type-check", () => {
    const lines = `
      import { Graph, gradients, mul, sum } from "reckon/graph";
      import { cpuProvider } from "reckon/graph/node";
      import { getTask, type Problem, sampleProblem } from "reckon/tasks";
      const graph = new Graph();
      const x = graph.input("x", ["n"]);
      const [slope] = gradients([{ tensor: sum(mul(x, x), [0]) }], [x]);
      graph.output("slope", slope!);
      const provider = await cpuProvider();
      const session = await provider.session(graph);
      const filled = new Float32Array(3);
      await session.run({ x: provider.value(new Float32Array([1, 2, 3]), [3]) }, { slope: provider.value(filled, [3]) });
      const task = getTask("addition");
      const problem: Problem = sampleProblem(task, { seed: 1, index: 0, level: 0, split: "heldout" });
      console.log(JSON.stringify([[...filled], task.verify(problem.facts, task.gold(problem.facts)).score]));`;
    writeFileSync(join(folder, "stranger.ts"), lines);
    assert.deepEqual(JSON.parse(run(process.execPath, ["stranger.ts"], folder)), [[2, 4, 6], 1]);

    const compilerOptions = {
      strict: true,
      module: "nodenext",
      target: "es2024",
      lib: ["es2024", "dom"],
      types: [],
      noEmit: true,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["stranger.ts"] }));
    run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", folder], folder);
  });
});
