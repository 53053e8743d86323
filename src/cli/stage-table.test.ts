/** The stage table of recipes that begin with what is not ours, or pose problems that are not. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { trainBpe } from "../model/bpe-train.ts";
import { saveCheckpoint } from "../model/hf-checkpoint.ts";
import { initialise } from "../model/initialise.ts";
import { type RecipeInput, resolveRecipe } from "../recipes/index.ts";
import { stageTable, stageTableText } from "./stage-table.ts";

const folder = mkdtempSync(join(tmpdir(), "reckon-stage-table-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const shipped = (name: string): string => join(import.meta.dirname, "..", "..", "models", name);

const learning = {
  steps: 1,
  learningRate: 1e-3,
  schedule: { kind: "constant", warmup: 0 },
  optimizer: { name: "adamw" },
} as const;

/** A run of several stages that is done; its stages made the shipped zero. */
function finished(name: string, stages: readonly object[]): string {
  const recipe = resolveRecipe({ name, description: "", stages } as unknown as RecipeInput);
  const place = join(folder, name);
  for (const stage of recipe.stages) {
    cpSync(shipped("zero"), join(place, stage.name!, "checkpoints", "step-1"), { recursive: true });
  }
  const done = recipe.stages.map((stage) => ({
    ...{ name: stage.name, kind: stage.kind, key: "k", state: "finished", folder: stage.name, seconds: 1 },
  }));
  writeFileSync(join(place, "pipeline.json"), JSON.stringify({ recipe, stages: done }));
  return place;
}

/** A folder as others publish them, without our special tokens. */
function published(): string {
  const specials = ["<|endoftext|>"];
  const tokenizerJson = trainBpe(["Add 12 + 30 and so on."], { vocabSize: 280, digits: "single", specials });
  const config = {
    ...({
      architecture: "llama",
      vocabSize: Object.keys(tokenizerJson.model.vocab).length + 1,
      hiddenSize: 16,
    } as const),
    ...{ layers: 1, heads: 2, kvHeads: 1, headDim: 8, intermediateSize: 16, maxPositions: 512, ropeTheta: 10_000 },
    ...{ rmsNormEps: 1e-5, tieEmbeddings: true, qkvBias: false, qkNorm: false },
  };
  const place = join(folder, "published");
  mkdirSync(place);
  const files = saveCheckpoint({ config, parameters: initialise(config, 1), tokenizerJson, dtype: "BF16" });
  for (const [name, content] of files) writeFileSync(join(place, name), content);
  return place;
}

async function told(
  run: string,
): Promise<{ readonly rows: Awaited<ReturnType<typeof stageTable>>; warnings: string[] }> {
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  return { rows: await stageTable(run, { workers: 2, problems: 6, instructions: 2, warn }), warnings };
}

test("a beginning that cannot be asked, and a judge that is gone, cost no other model its row", async () => {
  const problems = [{ family: "addition", level: 0, weight: 1 }];
  const gone = join(folder, "gone");
  const run = finished("foreign", [
    { ...learning, kind: "supervise", name: "taught", from: published(), problems },
    { ...learning, kind: "reinforce", name: "rl", from: "stage:taught", problems, rewardModel: { from: gone } },
    { ...learning, kind: "reinforce", name: "other", from: gone, problems },
  ]);
  // A recipe that names a judge is read whole: the last one that has any counts.
  const { rows, warnings } = await told(run);
  assert.deepEqual(
    rows.map(({ name, summary }) => [name, summary.n]),
    [
      ["taught", 6],
      ["rl", 6],
      ["other", 6],
    ],
  );
  assert.match(warnings.join("\n"), /published has no part in the table: .*no special token/);
  assert.match(warnings.join("\n"), /gone has no part in the table: there is no model/);
  assert.match(warnings.join("\n"), /what model thinks of the answers is not told: there is no model/);
  const cli = [join(import.meta.dirname, "main.ts"), "eval", run, "--stages", "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=reckon-source", ...cli], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  assert.deepEqual(
    (JSON.parse(stdout) as { readonly name: string }[]).map(({ name }) => name),
    ["taught", "rl", "other"],
  );
});

test("problems of a family of one's own are asked, and where it is gone nothing is said of none", async () => {
  const module = join(folder, "same.ts");
  writeFileSync(
    module,
    `export default {
  name: "same",
  ladder: { count: [9, 99] },
  sample: (random, level) => ({ number: random.int(1, level === 0 ? 9 : 99) }),
  prompt: ({ number }) => "Add " + number + " + 0.",
  gold: ({ number }) => String(number),
  verify: ({ number }, answer) => ({ score: answer === String(number) ? 1 : 0, reason: "the same" }),
  chance: () => 0.1,
  canonical: ({ number }) => String(number),
};
`,
  );
  const run = finished("own", [
    {
      ...{ ...learning, kind: "reinforce", name: "rl", from: shipped("base"), tasks: [module] },
      problems: [{ family: "same", level: 1, weight: 1 }],
    },
  ]);
  const first = await told(run);
  assert.deepEqual(first.warnings, []);
  assert.deepEqual(
    first.rows.map(({ name, summary, families }) => [name, summary.n, Object.keys(families)]),
    [
      ["base", 6, ["same"]],
      ["rl", 6, ["same"]],
    ],
  );
  rmSync(module);
  const { rows, warnings } = await told(run);
  assert.match(warnings.join("\n"), /families and rewards of your own have no part in the table: .*same\.ts/);
  assert.deepEqual(
    rows.map(({ summary }) => summary.n),
    [0, 0],
  );
  assert.match(stageTableText(rows), /^right +– +– *$/m);
});
