#!/usr/bin/env node
/**
 * The `reckon` command. Plain JavaScript for old Nodes: it hands over to the compiled program of the package (or, in a
 * clone, to the sources), on this Node if it is new enough, else on the one from the optional packages.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { FROM_SOURCES, findNode, ownNodeIsNewEnough, runNode } from "./runtime.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "src", "cli", "main.ts");
const inClone = existsSync(source);
const program = inClone ? source : join(root, "dist", "cli", "main.js");

if (ownNodeIsNewEnough() && !inClone) {
  process.argv[1] = program;
  await import(pathToFileURL(program).href);
} else {
  try {
    process.exitCode = await runNode(findNode(root), [
      ...(inClone ? [FROM_SOURCES] : []),
      program,
      ...process.argv.slice(2),
    ]);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
