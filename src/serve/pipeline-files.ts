/**
 * The files that a recipe of several stages leaves beside its stages: `pipeline.json`, `table.json` with the answers of each
 * model that was measured, and `lineage.json` of a stage that makes data. Read leniently: copies break off, and a file may
 * be of another version.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { placesOf, referenceOf } from "../recipes/stages.ts";
import { isMissing } from "./jsonl-tail.ts";
import type { StageMeasurement, StaleStage } from "./wire.ts";

const place = z.string();
const recipeStageSchema = z.looseObject({
  kind: z.string(),
  name: z.string().optional(),
  from: place.optional(),
  data: z.union([place, z.array(z.looseObject({ data: place }))]).optional(),
  tokenizer: z.looseObject({ from: place.optional() }).optional(),
  distribution: z.looseObject({ teacher: place }).optional(),
});

const pipelineSchema = z.object({
  recipe: z.looseObject({ description: z.string().default(""), stages: z.array(recipeStageSchema) }),
  stages: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      state: z.enum(["waiting", "running", "paused", "failed", "finished"]),
      folder: z.string(),
      seconds: z.number().default(0),
      kept: z.boolean().default(false),
    }),
  ),
});
export type PipelineFile = z.output<typeof pipelineSchema>;

/** `pipeline.json`; null where there is none, or it cannot be read. */
export async function pipelineFile(folder: string): Promise<PipelineFile | null> {
  return pipelineSchema.safeParse(await json(join(folder, "pipeline.json"))).data ?? null;
}

/** What a stage begins with, as its recipe names it. */
export function inputsOf(stage: PipelineFile["recipe"]["stages"][number]): {
  readonly models: readonly string[];
  readonly data: readonly string[];
} {
  return placesOf(stage as Parameters<typeof placesOf>[0]);
}

const share = z
  .number()
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);
const rowSchema = z.object({
  name: z.string(),
  key: z.string(),
  summary: z.object({
    n: z.number(),
    pass_at_1: z.number(),
    se: z.number(),
    chance: z.number(),
    format: z.number(),
    tokens_mean: z.number(),
  }),
  families: z.record(z.string(), z.number()),
  language: share,
  thinking: z.number(),
  instructions: z.object({
    followed: share,
    kinds: z.record(z.string(), z.object({ followed: share, right: share })),
  }),
});

/** A row of the table, and where its answers are. */
export interface TableRow {
  readonly measurement: Omit<StageMeasurement, "outdated">;
  readonly answersPath: string;
}

export interface Table {
  readonly rows: readonly TableRow[];
  /** When it was written, in milliseconds. */
  readonly writtenAt: number;
}

/** The rows of `table.json` that are of the recipe as it is, in its order; what was measured under other settings is behind. */
export async function tableFile(folder: string, { recipe, stages }: PipelineFile): Promise<Table> {
  const path = join(folder, "table.json");
  const list = await json(path);
  const writtenAt = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  const beginnings = recipe.stages.flatMap((stage) => inputsOf(stage).models).filter((one) => !referenceOf(one));
  const known = new Set(stages.map(({ name }) => name));
  const names = new Set([...beginnings.map((one) => one.split("/").at(-1)!), ...known]);
  const files = new Set(await filesOf(folder));
  const rows: TableRow[] = [];
  for (const item of Array.isArray(list) ? list : []) {
    const parsed = rowSchema.safeParse(item);
    if (!parsed.success || !names.delete(parsed.data.name)) continue;
    const { name, key, summary, ...rest } = parsed.data;
    const answers = `table-${key.slice(0, 16)}.jsonl`;
    rows.push({
      measurement: {
        ...{ name, stage: known.has(name) ? name : null, problems: summary.n, accuracy: summary.pass_at_1 },
        ...{ se: summary.se, chance: summary.chance, format: summary.format, tokens: summary.tokens_mean },
        ...rest,
        answers: files.has(answers),
      },
      answersPath: join(folder, answers),
    });
  }
  return { rows, writtenAt };
}

const lineageSchema = z.object({ families: z.record(z.string(), z.record(z.string(), z.number())) });

/** What became of the answers that data was chosen from, by family; empty where nothing tells. */
export async function dataCounts(stage: string): Promise<Record<string, Record<string, number>>> {
  return lineageSchema.safeParse(await json(join(stage, "lineage.json"))).data?.families ?? {};
}

/** What lies aside in `stale/`, by name. */
export async function staleStages(folder: string): Promise<StaleStage[]> {
  const names = await filesOf(join(folder, "stale"));
  return Promise.all(
    names.sort().map(async (name): Promise<StaleStage> => {
      const path = join(folder, "stale", name);
      const file = z.object({ seconds: z.number() }).safeParse(await json(join(path, "stage.json")));
      const { ctime } = await stat(path);
      return { folder: `stale/${name}`, seconds: file.data?.seconds ?? null, laidAsideAt: ctime.toISOString() };
    }),
  );
}

/** Step of the newest checkpoint that can be talked to; null without one. */
export async function newestStep(stage: string): Promise<number | null> {
  const names = await filesOf(join(stage, "checkpoints"));
  const steps = names.flatMap((name) => (/^step-\d+$/.test(name) ? [Number(name.slice(5))] : []));
  for (const step of steps.sort((a, b) => b - a)) {
    if ((await filesOf(join(stage, "checkpoints", `step-${step}`))).includes("config.json")) return step;
  }
  return null;
}

/** Names in a folder; none where it is missing. */
export async function filesOf(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
}

async function json(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return null;
    throw error;
  }
}
