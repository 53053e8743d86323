/**
 * Runs the tests: every `*.test.ts` under src/ and test/, on node's own runner, whose summary ends the output.
 * Lint, types and the rules of the house are tests too (test/static.test.ts, test/architecture.test.ts).
 *
 *   npm test                          everything
 *   npm run test:fast                 without the slow files: *.slow.test.ts, the package, the browser
 *   npm test -- src/graph decode      only files whose path contains one of the words
 *   npm test -- --test-name-pattern=adam     options of node's runner go through
 */
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { FROM_SOURCES, runNode } from "../bin/runtime.mjs";
import { ensureStudio } from "./studio.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SLOW = [/\.slow\.test\.tsx?$/, /\.browser\.test\.tsx?$/, /^test\/package\.test\.ts$/];

const args = process.argv.slice(2);
const fast = args.includes("--fast");
const flags = args.filter((arg) => arg.startsWith("--") && arg !== "--fast");
const words = args.filter((arg) => !arg.startsWith("--"));

const files = globSync(["src/**/*.test.{ts,tsx}", "test/**/*.test.{ts,tsx}"], { cwd: root })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) =>
    words.length === 0 ? !(fast && SLOW.some((slow) => slow.test(path))) : words.some((word) => path.includes(word)),
  )
  .sort();

if (files.length === 0) {
  process.stderr.write(`no test file matches ${words.join(" ")}\n`);
  process.exit(2);
}
await ensureStudio(root, process.execPath); // Browser and package tests read dist/web; nothing may rebuild it meanwhile.

process.exitCode = await runNode(
  process.execPath,
  [
    FROM_SOURCES,
    "--test",
    "--test-timeout=900000",
    `--test-concurrency=${Math.min(4, availableParallelism())}`,
    ...flags,
    ...files,
  ],
  { cwd: root, env: { RECKON_TEST_TIER: fast ? "fast" : "full" } },
);
