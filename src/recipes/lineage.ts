/**
 * reckon.json of a checkpoint: where a model comes from, what it cost, and how it did. Everything in it is a function of
 * recipe and seed but `seconds`, which is the clock's.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ModelConfig } from "../model/config.ts";
import type { LoadedCheckpoint } from "../model/hf-checkpoint.ts";
import type { RestoredTrainer } from "../train/checkpoint.ts";
import type { EvaluationSummary } from "../train/evaluate.ts";
import type { DataOrigin } from "./data-lineage.ts";
import { recipeFlops } from "./estimate.ts";
import type { Recipe } from "./schema.ts";
import { stageNameOf } from "./stages.ts";
import type { TeacherRecord } from "./teacher/ask.ts";

/** What a model was evaluated at, last before its checkpoint. */
export type Evaluation = EvaluationSummary & {
  /** Of stages over documents: as `eval/nats_per_document` in docs/metrics.md. */
  readonly nats_per_document?: number;
};

/** reckon.json. Fields are missing in what older versions wrote. */
export interface LineageRecord {
  /** Name of the recipe. */
  readonly recipe: string;
  /** The stage's name, or its kind where it has none. */
  readonly stage: string;
  /** reckon.json of the model that the stage began with; null where it began with none. */
  readonly parent: unknown;
  /** SHA-256 of that model's model.safetensors, in hexadecimal. */
  readonly parentHash?: string;
  readonly seed: number;
  readonly step: number;
  /** All tokens seen, as `num_tokens`. */
  readonly tokens: number;
  /** Of these, sampled by the model: as `completions/num_tokens`. */
  readonly sampledTokens?: number;
  /** Of these, with loss: as `num_loss_tokens`. */
  readonly lossTokens?: number;
  /** Floating-point operations of this stage, by the formula of `trainingFlops`. */
  readonly flops: number;
  /** Wall-clock seconds of this stage, evaluations and checkpoints included, summed over resumes; lost work is not in it. */
  readonly seconds: number;
  readonly evaluation?: Evaluation;
  /** Who wrote the traces that it learnt from, and what that took: tokens and money apart from the model's own. */
  readonly teachers?: readonly TeacherRecord[];
  /** The data that it learnt from, where a model sampled them: its weights' hash, how much was sampled, and how much kept. */
  readonly data?: readonly DataOrigin[];
  /** Rows that it learnt from of the corpora which the program writes itself, in an epoch, by the corpora's names. */
  readonly corpora?: Readonly<Record<string, number>>;
  /** SHA-256 of the weights of the reward models that had a say, by the names under which they are logged. */
  readonly judges?: Readonly<Record<string, string>>;
  /** SHA-256 of the weights of the model whose distributions it learnt from; the operations of that one are not in `flops`. */
  readonly teacherHash?: string;
}

/** What a stage has done so far. */
export interface Work extends Pick<LineageRecord, "step" | "tokens" | "sampledTokens" | "lossTokens"> {
  /** Tokens that gradients were computed of, once for every time. */
  readonly trained: number;
}

/** Follows one stage of a run; a resumed run goes on with what its checkpoint says. */
export class Lineage {
  /** The last evaluation. */
  evaluation: Evaluation | undefined;
  /** Of the data that it learns from. */
  teachers: readonly TeacherRecord[] = [];
  /** Of the data that it learns from, where they were sampled. */
  data: readonly DataOrigin[] = [];
  /** Of the data that it learns from, where the program writes them. */
  corpora: Readonly<Record<string, number>> = {};
  /** Of the reward models that have a say. */
  judges: Readonly<Record<string, string>> = {};
  /** Of the model whose distributions it learns from. */
  teacherHash: string | undefined;
  readonly #recipe: Recipe;
  readonly #config: ModelConfig;
  readonly #origin: Pick<LineageRecord, "parent" | "parentHash">;
  readonly #before: number;
  readonly #started = performance.now();

  private constructor(
    recipe: Recipe,
    config: ModelConfig,
    origin: Pick<LineageRecord, "parent" | "parentHash">,
    before: Partial<LineageRecord>,
  ) {
    this.#recipe = recipe;
    this.#config = config;
    this.#origin = origin;
    this.#before = before.seconds ?? 0;
    this.evaluation = before.evaluation;
    this.teachers = before.teachers ?? [];
    this.data = before.data ?? [];
    this.corpora = before.corpora ?? {};
  }

  /** Of a run that goes on: it has the parent that it began from, and its last evaluation until the next. */
  static resumed(recipe: Recipe, { model }: RestoredTrainer): Lineage {
    const before = (model.extra.reckon ?? {}) as Partial<LineageRecord>;
    const { parent = null, parentHash } = before;
    return new Lineage(recipe, model.config, { parent, ...(parentHash ? { parentHash } : {}) }, before);
  }

  /** Of a run that begins with fresh parameters. */
  static fresh(recipe: Recipe, config: ModelConfig): Lineage {
    return new Lineage(recipe, config, { parent: null }, {});
  }

  /** Of a run that begins with a model. @param folder where it was loaded from */
  static async child(recipe: Recipe, model: LoadedCheckpoint, folder: string): Promise<Lineage> {
    const origin = { parent: model.extra.reckon ?? null, parentHash: await weightsHash(folder) };
    return new Lineage(recipe, model.config, origin, {});
  }

  record({ trained, step, tokens, ...own }: Work): LineageRecord {
    return {
      recipe: this.#recipe.name,
      stage: stageNameOf(this.#recipe.stages[0]!),
      ...this.#origin,
      seed: this.#recipe.seed,
      step,
      tokens,
      ...own,
      flops: recipeFlops(this.#recipe, this.#config, { trained, sampled: own.sampledTokens ?? 0 }),
      seconds: this.#before + (performance.now() - this.#started) / 1000,
      ...(this.evaluation ? { evaluation: this.evaluation } : {}),
      ...(this.teachers.length > 0 ? { teachers: this.teachers } : {}),
      ...(this.data.length > 0 ? { data: this.data } : {}),
      ...(Object.keys(this.corpora).length > 0 ? { corpora: this.corpora } : {}),
      ...(Object.keys(this.judges).length > 0 ? { judges: this.judges } : {}),
      ...(this.teacherHash === undefined ? {} : { teacherHash: this.teacherHash }),
    };
  }
}

/**
 * SHA-256 of a model's weights in hexadecimal: of the bytes of model.safetensors, as `sha256sum` gives it; of a model in
 * shards, of its shards one after the other, by name.
 */
export async function weightsHash(folder: string): Promise<string> {
  let names = ["model.safetensors"];
  if (!existsSync(join(folder, names[0]!))) {
    const index = JSON.parse(await readFile(join(folder, "model.safetensors.index.json"), "utf8")) as {
      readonly weight_map: Readonly<Record<string, string>>;
    };
    names = [...new Set(Object.values(index.weight_map))].sort();
  }
  const hash = createHash("sha256");
  for (const name of names) hash.update(await readFile(join(folder, name)));
  return hash.digest("hex");
}
