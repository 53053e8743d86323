/** What ships under models/: small, in half precision, each with its lineage, its evaluation and a card. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { parameterCount } from "../model/index.ts";
import { loadModelFolder } from "../recipes/index.ts";
import { shippedModels } from "./models.ts";

/** Bytes of one model, and of all together. */
const [ONE, ALL] = [6e6, 20e6];
/** A page. */
const MOST_WORDS = 500;

const weights = (folder: string): string => join(folder, "model.safetensors");

test("the shipped models are small: base, zero, r1, and a student of a third of their size at most", async () => {
  const names = shippedModels().map((folder) => basename(folder));
  assert.deepEqual(names.toSorted(), ["base", "distil-s", "r1", "zero"]);
  const sizeOf = async (name: string): Promise<number> => {
    const { config } = await loadModelFolder(shippedModels().find((folder) => basename(folder) === name)!);
    return parameterCount(config);
  };
  assert.ok((await sizeOf("distil-s")) <= (await sizeOf("zero")) / 3);
  const sizes = shippedModels().map((folder) =>
    readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0),
  );
  assert.ok(
    sizes.every((size) => size < ONE),
    sizes.join(),
  );
  assert.ok(sizes.reduce((a, b) => a + b, 0) < ALL);
});

for (const folder of shippedModels()) {
  test(`${basename(folder)} has weights in bf16, a card, its lineage and an evaluation`, () => {
    const file = readFileSync(weights(folder));
    const header = JSON.parse(file.toString("utf8", 8, 8 + Number(file.readBigUInt64LE(0)))) as Record<
      string,
      { dtype?: string }
    >;
    const types = new Set(Object.values(header).flatMap(({ dtype }) => dtype ?? []));
    assert.deepEqual([...types], ["BF16"]);
    const { description, parent, evaluation, ...rest } = JSON.parse(
      readFileSync(join(folder, "reckon.json"), "utf8"),
    ) as Record<string, unknown> & { evaluation?: { n: number } };
    assert.ok(typeof description === "string" && description.length > 20);
    assert.ok(basename(folder) === "base" || (parent !== null && typeof rest["parentHash"] === "string"));
    for (const key of ["recipe", "stage", "seed", "step", "tokens", "flops"]) assert.ok(key in rest, key);
    assert.ok(evaluation !== undefined && evaluation.n >= 400, "evaluated on held-out problems");
    const card = readFileSync(join(folder, "README.md"), "utf8");
    assert.ok(card.startsWith(`# ${basename(folder)}\n`) && card.split(/\s+/).length < MOST_WORDS);
    assert.match(card, /Licence: /);
  });
}

test("the lineages of r1 and of distil-s lead to zero, whose answers they learnt from, and nowhere break off", () => {
  const folderOf = (name: string): string => shippedModels().find((folder) => basename(folder) === name)!;
  const sha256 = createHash("sha256")
    .update(readFileSync(weights(folderOf("zero"))))
    .digest("hex");
  for (const name of ["r1", "distil-s"]) {
    const found = ancestorsOf(JSON.parse(readFileSync(join(folderOf(name), "reckon.json"), "utf8")));
    const taught = found.filter(({ parentHash }) => parentHash === sha256);
    assert.deepEqual(
      taught.map(({ parent }) => (parent as Ancestor).recipe),
      ["r1-zero-small"],
      name,
    );
    // Where a line ends there was nothing to begin with.
    for (const { parent, parentHash, stage } of found) {
      assert.equal(parent === null, parentHash === undefined, `${name}: ${stage}`);
    }
  }
});

interface Ancestor {
  readonly recipe: string;
  readonly stage: string;
  readonly parent: unknown;
  readonly parentHash?: string;
  readonly data?: readonly Ancestor[];
}

/** A lineage's own record and all that it leads to, through models and through data. */
function ancestorsOf(record: Ancestor | null): Ancestor[] {
  if (record === null) return [];
  const { parent, data = [] } = record;
  return [record, ...[parent as Ancestor | null, ...data].flatMap(ancestorsOf)];
}
