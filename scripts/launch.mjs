/**
 * What `npm start`, `npm test` and `npm run …` call: sets up a fresh clone, then runs the program on the pinned Node.
 *
 *   node scripts/launch.mjs start [options]     the studio
 *   node scripts/launch.mjs test  [options]     all tests (scripts/test.mjs)
 *   node scripts/launch.mjs build               dist/ for the package (scripts/build.mjs)
 *   node scripts/launch.mjs <command> …         any other reckon command
 *
 * Plain JavaScript without dependencies for Node 18 or newer: it runs before anything is installed.
 */
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { FROM_SOURCES, findNode, majorOf, runNode } from "../bin/runtime.mjs";
import { ensureInstalled, SetupError } from "./install.mjs";
import { ensureStudio } from "./studio.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

async function main([command, ...rest]) {
  if (majorOf(process.version) < 18) {
    throw new SetupError(`Node ${process.version} is too old even to set up: install Node 18 or newer`);
  }
  await ensureInstalled(root);
  const node = findNode(root);
  switch (command) {
    case "test":
    case "build":
      return await runNode(node, [join(root, "scripts", `${command}.mjs`), ...rest], { cwd: root });
    case "start":
      await ensureStudio(root, node);
  }
  const args = command === undefined ? rest : [command, ...rest];
  return await runNode(node, [FROM_SOURCES, join(root, "src", "cli", "main.ts"), ...args]);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof SetupError ? `reckon: ${error.message}` : (error.message ?? error)}\n`);
  process.exitCode = error.exitCode ?? 1;
}
