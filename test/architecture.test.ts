/**
 * The rules of the house about who may import whom, checked on the sources themselves.
 *
 * Rooms import only from rooms above them in ROOMS; browser-safe rooms use nothing of Node's; files stay readable;
 * there are no import cycles; no TypeScript file escapes the linter and the compiler.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, matchesGlob, posix } from "node:path";
import { test } from "node:test";

Error.stackTraceLimit = 0; // The message says where; a stack into this file would only hide it.

const root = join(import.meta.dirname, "..");
const MAXIMUM_LINES = 450;

/** Top to bottom; `browser` rooms run in a browser unchanged. */
const ROOMS = [
  { name: "util", browser: true },
  { name: "graph", browser: true },
  { name: "model", browser: true },
  { name: "tasks", browser: true },
  { name: "generate", browser: true },
  { name: "client", browser: true },
  { name: "train", browser: true },
  { name: "runs", browser: false },
  { name: "recipes", browser: false },
  { name: "laws", browser: true },
  { name: "economics", browser: true },
  { name: "report", browser: true },
  { name: "agent", browser: false },
  { name: "serve", browser: false },
  { name: "cluster", browser: false },
  { name: "cli", browser: false },
  { name: "web", browser: false },
] as const;

/** The files of browser-safe rooms that may use Node: where a room meets Node's runtime, loaded only there. */
const NODE_ENTRANCES = new Set(["src/graph/node.ts"]);
/** What the studio may know of the server: the types of its HTTP API, with `import type`. */
const HTTP_TYPES = "src/serve/wire.ts";
/** Packages that cannot be loaded in a browser. */
const NODE_PACKAGES = ["onnxruntime-node", "@hono/node-server", "commander", "playwright-core"];

interface Import {
  readonly specifier: string;
  /** Path from the root for one of our own files, else null. */
  readonly target: string | null;
  readonly line: number;
  /** `import type`: gone before the code runs. */
  readonly typeOnly: boolean;
}

/** Comments blanked out, line numbers kept; good enough for code that the formatter has seen. */
function withoutComments(code: string): string {
  const blank = (text: string) => text.replace(/[^\n]/g, " ");
  return code.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (text, literal) => (literal === undefined ? blank(text) : text),
  );
}

function importsOf(path: string): Import[] {
  const code = withoutComments(readFileSync(join(root, path), "utf8"));
  const found: Import[] = [];
  const statement =
    /(?:^|[;\n}])\s*(?:import|export)\b(?:[^"';=]*?\bfrom)?\s*["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']\s*\)/g;
  for (const match of code.matchAll(statement)) {
    const specifier = match[1] ?? match[2]!;
    const line = code.slice(0, match.index + match[0].length).split("\n").length;
    const target = specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : null;
    found.push({ specifier, target, line, typeOnly: /\b(?:import|export)\s+type\b/.test(match[0]) });
  }
  return found;
}

const isTest = (path: string) => /\.test\.tsx?$/.test(path) || path.includes("/fixtures/");
const list = (...patterns: string[]) =>
  globSync(patterns, { cwd: root })
    .map((path) => path.replaceAll("\\", "/"))
    .sort();

const sources = list("src/**/*.{ts,tsx}");
const all = [...sources, ...list("test/**/*.{ts,tsx}", "bench/**/*.{ts,tsx}", "*.ts")];
const imports = new Map(all.map((path) => [path, importsOf(path)]));
const roomOf = (path: string) => path.match(/^src\/([^/]+)\//)?.[1];

function report(rule: string, faults: readonly string[]): void {
  if (faults.length > 0) assert.fail(`${rule}\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
}

test("the import scanner sees what it must", () => {
  const seen = importsOf("test/architecture.test.ts").map((entry) => entry.specifier);
  assert.deepEqual(seen, [
    "node:assert/strict",
    "node:child_process",
    "node:fs",
    "node:module",
    "node:path",
    "node:test",
  ]);
  assert.ok(sources.length > 5, "no sources found");
});

test("every folder of src/ is a room of the plan", () => {
  const known = new Set<string>(ROOMS.map((room) => room.name));
  const strangers = readdirSync(join(root, "src")).filter((name) => !known.has(name));
  report("src/ holds only the rooms of the design; add a new one to ROOMS here, in its place in the order.", strangers);
});

test("imports go one way: from a room only to rooms above it", () => {
  const order = new Map<string, number>(ROOMS.map((room, index) => [room.name, index]));
  const faults: string[] = [];
  for (const path of sources) {
    const from = roomOf(path);
    for (const { target, line, typeOnly } of imports.get(path)!) {
      if (from === "web" && target === HTTP_TYPES && typeOnly) continue;
      if (from === undefined || target === null) continue;
      const to = roomOf(target);
      if (to === undefined) {
        if (!isTest(path)) faults.push(`${path}:${line} imports ${target}, which is outside src/`);
      } else if (to !== from && order.get(to)! > order.get(from)!) {
        faults.push(`${path}:${line} (${from}) imports ${target} (${to}), a room below its own`);
      } else if (
        from === "web" &&
        to !== "web" &&
        !ROOMS.some((room) => room.name === to && room.browser) &&
        !isTest(path)
      ) {
        faults.push(
          `${path}:${line} (web) imports ${target}: the studio may import browser-safe rooms and the types of ${HTTP_TYPES} only`,
        );
      }
    }
  }
  report(`Order of rooms: ${ROOMS.map((room) => room.name).join(", ")}.`, faults);
});

test("browser-safe rooms and the studio use nothing of Node's", () => {
  const browser = new Set<string>([...ROOMS.filter((room) => room.browser).map((room) => room.name), "web"]);
  const faults: string[] = [];
  for (const path of sources) {
    if (!browser.has(roomOf(path)!) || isTest(path) || NODE_ENTRANCES.has(path) || path.endsWith("vite.config.ts"))
      continue;
    for (const { specifier, target, line } of imports.get(path)!) {
      const nodeOnly =
        specifier.startsWith("node:") ||
        builtinModules.includes(specifier) ||
        NODE_PACKAGES.some((name) => specifier === name || specifier.startsWith(`${name}/`)) ||
        (target !== null && NODE_ENTRANCES.has(target));
      if (nodeOnly) faults.push(`${path}:${line} imports ${specifier}`);
    }
    const code = withoutComments(readFileSync(join(root, path), "utf8"));
    for (const match of code.matchAll(/(?<![.\w"'`])(?:process\.(?!$)|Buffer\.|__dirname\b|require\()/g)) {
      faults.push(`${path}:${code.slice(0, match.index).split("\n").length} uses ${match[0]}`);
    }
  }
  report(
    "These rooms must run in a browser unchanged: take bytes instead of files, pass what only Node has in.",
    faults,
  );
});

test("imports of our own files exist and carry their extension", () => {
  const faults: string[] = [];
  for (const path of all) {
    for (const { target, line } of imports.get(path)!) {
      if (target !== null && !target.includes("?") && !existsSync(join(root, target)))
        faults.push(`${path}:${line} imports ${target}`);
    }
  }
  report("Imported files that do not exist (write the extension, .ts or .tsx).", faults);
});

test("there are no import cycles between files", () => {
  const faults: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      faults.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
      return;
    }
    state.set(path, "open");
    for (const { target } of imports.get(path) ?? []) if (target !== null) visit(target, [...trail, path]);
    state.set(path, "done");
  };
  for (const path of sources) visit(path, []);
  report("Import cycles: move what both need into a file of its own.", faults);
});

test(`no source file is longer than ${MAXIMUM_LINES} lines`, () => {
  const files = [...all, ...list("scripts/**/*.mjs", "bin/**/*.mjs", "src/**/*.css")];
  const faults = files
    .map((path) => ({ path, lines: readFileSync(join(root, path), "utf8").split("\n").length - 1 }))
    .filter(({ lines }) => lines > MAXIMUM_LINES)
    .map(({ path, lines }) => `${path}: ${lines} lines`);
  report("Too long to read in one go: split by subject.", faults);
});

test("every TypeScript file is seen by the compiler", () => {
  const seen = new Set<string>();
  for (const project of ["tsconfig.json", "src/web/tsconfig.json"].filter((path) => existsSync(join(root, path)))) {
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const listed = spawnSync(process.execPath, [tsc, "-p", project, "--listFilesOnly"], {
      cwd: root,
      encoding: "utf8",
    });
    assert.equal(listed.status, 0, listed.stdout + listed.stderr);
    for (const line of listed.stdout.split("\n"))
      seen.add(posix.relative(root.replaceAll("\\", "/"), line.trim().replaceAll("\\", "/")));
  }
  const missed = all.filter((path) => !seen.has(path) && dirname(path) !== ".");
  report("Files that no tsconfig includes.", missed);
});

test("no TypeScript file is hidden from the linter", () => {
  const { files } = JSON.parse(readFileSync(join(root, "biome.json"), "utf8")) as { files: { includes: string[] } };
  const hidden = files.includes
    .filter((pattern) => pattern.startsWith("!"))
    .map((pattern) => pattern.replace(/^!+/, ""));
  const missed = all.filter((path) =>
    hidden.some((pattern) => matchesGlob(path, pattern) || matchesGlob(path, `${pattern}/**`)),
  );
  report("Files that biome.json excludes.", missed);
});
