/** A training run as a process, for tests that kill it: `crash-child.ts ROOT NAME RECIPE.json WORKERS`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { resolveRecipe, runRecipe } from "../src/recipes/index.ts";
import { RunDirectory } from "../src/runs/run-directory.ts";

const [root, name, recipePath, workers] = process.argv.slice(2) as [string, string, string, string];
const recipe = resolveRecipe(JSON.parse(readFileSync(recipePath, "utf8")));
const observer = { metrics: ({ step }: { readonly step: number }) => void process.stdout.write(`${step}\n`) };
const run = existsSync(join(root, name))
  ? await RunDirectory.open(root, name, { observer })
  : RunDirectory.create(root, name, recipe, { observer });
await runRecipe(recipe, run, { workers: Number(workers) });
await run.close();
