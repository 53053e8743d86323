/**
 * The stage table of R1: what each stage of its recipe gave, measured alike on held-out problems and instructions, in one
 * seed or several; after the stage table of DeepSeek-R1 (arXiv 2501.12948, §3 and table 3).
 */
import { READ } from "../../recipes/estimate.ts";
import type { Problem } from "../../tasks/index.ts";
import type { Collection, Model, PipelineModels } from "./collection.ts";
import type { StageCourse } from "./course.ts";
import type { DataRecord, Measurement } from "./record.ts";
import { measureStage, r1Stages, type StageSettings, stageInstructions } from "./stage-set.ts";
import { collectTranscripts, type Transcripts } from "./transcripts.ts";

/** The rows of the table in the order of the recipe. */
export const R1_ROWS = ["base", "zero", "start", "reason", "tune", "rl"] as const;
export type R1Row = (typeof R1_ROWS)[number];

/** What they are called. */
export const R1_NAMES: Readonly<Record<R1Row, string>> = {
  base: "base",
  zero: "zero",
  start: "cold start",
  reason: "RL",
  tune: "SFT of the fresh base",
  rl: "R1",
};

/** A model's answers to problems and to instructions. */
export interface StageAnswers {
  readonly problems: Measurement;
  readonly instructions: Measurement;
}

export interface R1Seed {
  readonly seed: number;
  readonly rows: Readonly<Record<R1Row, StageAnswers>>;
  /** What zero and the model after RL wrote for others to learn from. */
  readonly sampled: { readonly cold: DataRecord; readonly reject: DataRecord };
  /** The stages as they ran. */
  readonly course: readonly StageCourse[];
}

export interface R1 {
  readonly settings: StageSettings;
  readonly instructions: readonly Problem[];
  readonly seeds: readonly R1Seed[];
  /** The recipe at the scale `tiny` as it ran, where that is not the one that is looked at. */
  readonly tiny?: readonly StageCourse[];
  /** Of the first seed. */
  readonly transcripts: Transcripts;
}

export async function collectR1(collection: Collection, settings: StageSettings): Promise<R1> {
  const { problems } = settings;
  const instructions = stageInstructions(settings.scale, settings.instructions);
  const seeds: R1Seed[] = [];
  let transcripts: Transcripts | undefined;
  for (const seed of settings.seeds) {
    const { stages, ...models } = await r1Models(collection, settings.scale, seed);
    const rows = {} as Record<R1Row, StageAnswers>;
    for (const row of R1_ROWS) {
      const ships = row === "base" || row === "zero";
      const which = { scale: settings.scale, seed: ships ? undefined : seed, model: models[row] };
      rows[row] = {
        problems: await measureStage(collection, { ...which, name: row }, problems),
        instructions: await measureStage(collection, { ...which, name: `${row} instructions` }, instructions),
      };
    }
    const sampled = { cold: await stages.data("cold"), reject: await stages.data("reject") };
    seeds.push({ seed, rows, sampled, course: (await stages.course("rl")).stages });
    transcripts ??= await collectTranscripts(collection, `stage ${settings.scale} ${seed} transcripts`, {
      models: R1_ROWS.map((row) => ({ name: R1_NAMES[row], model: models[row] })),
      judges: ["helpful", "harmless"].map((name) => ({ name, model: stages.model(name) })),
      ...{ problems, instructions },
    });
  }
  const found = { settings, instructions, seeds, transcripts: transcripts! };
  if (settings.scale === "tiny") return found;
  const { stages: short } = await r1Stages(collection, "tiny", settings.seeds[0]!);
  return { ...found, tiny: (await short.course("rl")).stages };
}

async function r1Models(
  collection: Collection,
  scale: StageSettings["scale"],
  seed: number,
): Promise<Record<R1Row, Model> & { readonly stages: PipelineModels }> {
  const { base, zero, stages } = await r1Stages(collection, scale, seed);
  const [start, reason, tune, rl] = ["start", "reason", "tune", "rl"].map((stage) => stages.model(stage));
  return { base, zero, start: start!, reason: reason!, tune: tune!, rl: rl!, stages };
}

/**
 * Operations beyond the base up to each row, all that went before it included: zero's own training, answers that others
 * learnt from, and of R1 the two judges (but for their reading, which is little).
 */
export function operationsOf({ rows, sampled, course }: R1Seed): Readonly<Record<R1Row, number>> {
  const own = (row: R1Row): number => rows[row].problems.training?.flops ?? Number.NaN;
  const written = (by: R1Row, { sampledTokens }: DataRecord): number =>
    READ * rows[by].problems.parameters * sampledTokens;
  const judges = course.reduce((sum, { judge }) => sum + (judge?.flops ?? 0), 0);
  const zero = own("zero");
  const start = zero + written("zero", sampled.cold) + own("start");
  const reason = start + own("reason");
  const tune = reason + written("reason", sampled.reject) + own("tune");
  return { base: 0, zero, start, reason, tune, rl: tune + judges + own("rl") };
}
