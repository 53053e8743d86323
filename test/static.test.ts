/**
 * Formatting, lint and types as tests, so that one command and one summary cover them.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

Error.stackTraceLimit = 0; // The tools say where; a stack into this file would only hide it.

const root = join(import.meta.dirname, "..");

function run(program: string, ...args: string[]): void {
  const done = spawnSync(process.execPath, [join(root, "node_modules", program), ...args], {
    cwd: root,
    encoding: "utf8",
  });
  assert.equal(done.status, 0, `${program} ${args.join(" ")}\n${done.stdout}${done.stderr}`);
}

test("biome: formatted and free of lint (npm run fix)", () => {
  run("@biomejs/biome/bin/biome", "check", "--colors=off", "--max-diagnostics=50", ".");
});

test("tsc: everything but the studio", () => {
  run("typescript/bin/tsc", "-p", "tsconfig.json");
});

test("tsc: the package", () => {
  run("typescript/bin/tsc", "-p", "tsconfig.build.json", "--noEmit");
});

test("tsc: the studio", {
  skip: !existsSync(join(root, "src/web/tsconfig.json")) && "src/web has no tsconfig.json",
}, () => {
  run("typescript/bin/tsc", "-p", join("src", "web", "tsconfig.json"));
});
