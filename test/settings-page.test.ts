/** docs/settings.md names every setting of every kind of stage, with the default that it has. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type RecipeInput, resolveRecipe } from "../src/recipes/index.ts";

const page = readFileSync(join(import.meta.dirname, "..", "docs", "settings.md"), "utf8");

interface Row {
  readonly name: string;
  readonly initial: string;
}

/** The settings that the table under a heading names; where several stand in a row, each. */
function rowsUnder(heading: string): Row[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`))!;
  return [...section.matchAll(/^\| (`.+?`(?:, `.+?`)*) \| .*?(?: \| ([^|]*) )?\|$/gm)].flatMap(([, names, initial]) =>
    [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => ({ name: name!, initial: initial ?? "" })),
  );
}

const problems = [{ family: "addition", level: 0, weight: 1 }];
const trained = {
  learningRate: 1e-3,
  schedule: { kind: "constant", warmup: 0 },
  optimizer: { name: "adamw" },
} as const;
const model = { hiddenSize: 8, layers: 1, heads: 1, kvHeads: 1, headDim: 8, intermediateSize: 8 };

/** The least that a stage of each kind needs. */
const LEAST: readonly RecipeInput["stages"][number][] = [
  { kind: "pretrain", model, tokenizer: {}, steps: 1, ...trained },
  { kind: "supervise", from: "base", problems, steps: 1, ...trained },
  { kind: "sample", from: "base", problems, prompts: 1 },
  { kind: "graded", problems, prompts: 1 },
  { kind: "reward", from: "base", problems, steps: 1, ...trained },
];

for (const stage of LEAST) {
  test(`the settings of ${stage.kind} that have defaults stand in its table with them, and nothing unknown does`, () => {
    const recipe = { name: "least", description: "", stages: [stage] };
    const resolved = resolveRecipe(recipe).stages[0] as unknown as Readonly<Record<string, unknown>>;
    const common = rowsUnder("In several kinds").map(({ name }) => name);
    const own = rowsUnder(stage.kind);
    const named = new Set([...common, ...own.map(({ name }) => name)]);
    assert.deepEqual(
      Object.keys(resolved).filter((name) => !named.has(name)),
      [],
    );
    for (const { name, initial } of own) {
      const value = resolved[name];
      if (name in stage) assert.match(initial, /^(needed|one of them)$/, name);
      else if (typeof value === "number") assert.equal(initial, String(value), name);
      else if (typeof value === "string") assert.ok(initial.startsWith(`\`${value}\``), name);
      // What the kind does not know is refused by its name.
      else if (value === undefined) {
        const known = (): unknown => resolveRecipe(recipe, [`${name}={"unlikely":1}`]);
        assert.throws(known, (error: Error & { got?: string }) => !String(error.got).includes(`"${name}"`), name);
      }
    }
  });
}
