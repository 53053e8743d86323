/** A recipe of several stages as a process, for tests that kill it: `pipeline-child.ts ROOT NAME RECIPE.json WORKERS`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { resolveRecipe, runPipeline } from "../src/recipes/index.ts";

const [root, name, recipePath, workers] = process.argv.slice(2) as [string, string, string, string];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const result = await runPipeline(resolveRecipe(JSON.parse(readFileSync(recipePath, "utf8"))), {
  root,
  name,
  workers: Number(workers),
  modelFolder: (model) => (model.startsWith("models/") ? join(import.meta.dirname, "..", model) : model),
  onStage: (stage, what) => say(`${stage.name} ${what}`),
  observer: (stage) => ({ metrics: ({ step }) => say(`${stage.name} ${step}`) }),
});
say(`${result.status}`);
