/** docs/reinforcement.md says of every algorithm what it sets, and names every reward. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RECIPES, resolveRecipe } from "../src/recipes/index.ts";
import { ALGORITHMS } from "../src/train/algorithms/index.ts";

const page = readFileSync(join(import.meta.dirname, "..", "docs", "reinforcement.md"), "utf8");
const cells = (row: string): string[] =>
  row
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

test("the table of algorithms holds what each of them sets, and nothing else", () => {
  const lines = page.split("\n").filter((line) => line.startsWith("|"));
  const rows = lines.slice(lines.findIndex((line) => line.startsWith("| name | normalisation |")));
  const header = cells(rows[0]!);
  const said = rows.slice(2, 2 + Object.keys(ALGORITHMS).length).map((row) => {
    const [name, ...values] = cells(row);
    const settings = values.map((value, i): [string, string] => [header[i + 1]!, value]);
    return [name!.replaceAll("`", ""), Object.fromEntries(settings.filter(([, value]) => value !== "–"))];
  });
  const set = Object.entries(ALGORITHMS).map(([name, settings]) => [
    name,
    Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [
        key,
        typeof value === "object" ? Object.entries(value).flat().join(" ") : String(value),
      ]),
    ),
  ]);
  assert.deepEqual(said, set);
});

test("every reward of the table is one that a recipe may weigh", () => {
  const rewards = [...page.matchAll(/^\| `(\w+)` \| (?:0|−1) /gm)].map((match) => match[1]!);
  assert.equal(rewards.length, 6);
  for (const name of rewards) {
    const [stage] = resolveRecipe(RECIPES["r1-zero"]!.tiny, [`rewards.${name}=0.2`]).stages;
    assert.ok(stage?.kind === "reinforce" && (stage.rewards as Record<string, number>)[name] === 0.2);
  }
  assert.throws(() => resolveRecipe(RECIPES["r1-zero"]!.tiny, ["rewards.charm=0.2"]));
});
