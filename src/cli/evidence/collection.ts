/**
 * Collects measurements of trained models: each model and each measurement is named by how it is made, done once, and
 * kept. An interrupted collection goes on where it was; what was made otherwise is never taken for this.
 *
 * The key of a model (keys.ts) is a hash of its resolved recipe, its parent's key and the texts that it trains on, or of its
 * weights where it ships: the same key gives the same weights (training is deterministic), so a committed record can be
 * read without the run.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { LoadedCheckpoint } from "../../model/hf-checkpoint.ts";
import { parameterLayout } from "../../model/parameters.ts";
import { type Recipe, resolveRecipe, type Scale } from "../../recipes/index.ts";
import { RunDirectory } from "../../runs/run-directory.ts";
import type { Problem } from "../../tasks/index.ts";
import { ReckonError } from "../../util/errors.ts";
import { machine } from "../bench/rounds.ts";
import { evaluateModel } from "../evaluation.ts";
import { modelFolder, newestCheckpoint, openModel } from "../models.ts";
import { findRecipe, runTraining } from "../training.ts";
import type { Ui } from "../ui.ts";
import { measurementKey, modelKey } from "./keys.ts";
import { condense, type Measurement, type Sampling, type TrainingRecord } from "./record.ts";

export interface CollectionSettings {
  /** Where runs are kept. */
  readonly runs: string;
  /** Where records are kept. */
  readonly records: string;
  readonly workers: number;
  /** Without it nothing is trained or measured: what has no record is {@link NotRecorded}. */
  readonly collect: boolean;
  /** Recipe settings for every run by recipe, for quick looks, e.g. `steps=5`. */
  readonly set: Readonly<Record<string, readonly string[]>>;
}

/** A model that exists or can be made. */
export interface Model {
  readonly name: string;
  readonly key: string;
  /** Its folder; trains what is missing. */
  open(): Promise<string>;
  /** What its training was like; undefined for a shipped model. */
  training(): TrainingRecord | undefined;
}

/** Longest answer that is sampled; what is cut counts as wrong. */
export const MAX_TOKENS = 256;
/** Seed of every measurement's draws. */
const SEED = 11;

/** A measurement that has not been made. */
export class NotRecorded extends Error {
  override readonly name = "NotRecorded";
}

/** What `read` gives, or undefined where one of its measurements has not been made. */
export async function ifRecorded<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof NotRecorded) return undefined;
    throw error;
  }
}

export class Collection {
  readonly #ui: Ui;
  readonly #settings: CollectionSettings;
  readonly #loaded = new Map<string, { readonly checkpoint: LoadedCheckpoint; readonly weights: string }>();

  constructor(ui: Ui, settings: CollectionSettings) {
    this.#ui = ui;
    this.#settings = settings;
    mkdirSync(settings.records, { recursive: true });
  }

  /** A model that is there. */
  async shipped(name: string): Promise<Model> {
    const folder = modelFolder(name);
    const { weights } = await this.#load(folder);
    return { name: basename(name), key: weights, open: async () => folder, training: () => undefined };
  }

  /** A model that a recipe makes; nothing is trained before it is opened. */
  async trained(
    name: string,
    recipeName: string,
    options: { readonly scale: Scale; readonly seed: number; readonly from?: Model; readonly set?: readonly string[] },
  ): Promise<Model> {
    const { scale, seed, from, set = [] } = options;
    const input = await findRecipe(recipeName, scale);
    const resolve = (source: string | undefined): Recipe =>
      resolveRecipe(input, [
        `seed=${seed}`,
        ...(source === undefined ? [] : [`from=${JSON.stringify(source)}`]),
        ...set,
        ...(this.#settings.set[recipeName] ?? []),
      ]);
    const key = modelKey(resolve(from?.key));
    const run = `${name}-${key.slice(0, 8)}`; // What was made otherwise stands beside it, and is not taken for it.
    return {
      name,
      key,
      open: async () => {
        const source = await from?.open();
        return this.#train(run, resolve(source));
      },
      training: () => trainingRecord(join(this.#settings.runs, run)),
    };
  }

  /** Trains, or goes on; returns the folder of the last checkpoint. */
  async #train(name: string, recipe: Recipe): Promise<string> {
    const { runs: root, workers } = this.#settings;
    const known = RunDirectory.list(root).find((entry) => entry.name === name);
    if (known?.state?.status !== "finished") {
      const progress = this.#ui.progress(name);
      const { status } = await runTraining(known ? undefined : recipe, {
        root,
        name,
        resume: known !== undefined,
        workers,
        observer: {
          metrics: (record) => {
            if (record["eval/accuracy"] !== undefined) {
              this.#ui.say(`${name}, step ${record.step}: held-out ${(100 * record["eval/accuracy"]).toFixed(1)} %`);
            }
          },
          progress: (step, steps) => progress.update(step, `of ${steps}`),
        },
      });
      progress.end(`${name}: ${status}`);
      if (status !== "finished") {
        throw new ReckonError("EVIDENCE_STOPPED", `${name} was stopped before its end`, {
          help: "run the same command again: it goes on where it was",
        });
      }
    }
    return newestCheckpoint(join(root, name))!;
  }

  async #load(folder: string): Promise<{ readonly checkpoint: LoadedCheckpoint; readonly weights: string }> {
    let found = this.#loaded.get(folder);
    if (!found) {
      const { checkpoint } = await openModel(folder);
      const { buffer, byteOffset, byteLength } = checkpoint.parameters;
      const weights = createHash("sha256")
        .update(new Uint8Array(buffer, byteOffset, byteLength))
        .digest("hex");
      found = { checkpoint, weights };
      this.#loaded.clear(); // One at a time: a hundred models would fill the memory.
      this.#loaded.set(folder, found);
    }
    return found;
  }

  /**
   * Measures a model, or reads the record of having done so.
   * @throws NotRecorded where nothing may be collected and there is no record
   */
  async measure(name: string, model: Model, problems: readonly Problem[], sampling: Sampling): Promise<Measurement> {
    const key = measurementKey(model.key, problems, sampling, [SEED, MAX_TOKENS]);
    const file = this.#file(name);
    if (existsSync(file)) {
      const record = JSON.parse(readFileSync(file, "utf8")) as Measurement;
      if (record.key === key) return record;
    }
    if (!this.#settings.collect) throw new NotRecorded(name);
    const { checkpoint, weights } = await this.#load(await model.open());
    const { samples, ...rest } = sampling;
    const progress = this.#ui.progress(name, problems.length * samples);
    const answers = await evaluateModel(checkpoint, problems, {
      ...rest,
      samples,
      seed: SEED,
      maxTokens: MAX_TOKENS,
      workers: this.#settings.workers,
      onProgress: (done) => progress.update(done),
    });
    const condensed = condense(answers, samples);
    const { pass_at_1, tokens_mean } = condensed.summary;
    progress.end(`${name}: ${(100 * pass_at_1).toFixed(1)} % right, ${tokens_mean.toFixed(1)} tokens`);
    const training = model.training();
    const record: Measurement = {
      name,
      key,
      weights,
      parameters: parameterLayout(checkpoint.config).parameterCount,
      commit: machine().commit,
      sampling,
      ...condensed,
      ...(training ? { training } : {}),
    };
    writeFileSync(file, `${JSON.stringify(record)}\n`);
    return record;
  }

  #file(name: string): string {
    return join(this.#settings.records, `${name.replaceAll(/[^a-z0-9.]+/gi, "-")}.json`);
  }
}

/** Reads off a run's metrics what it was like. */
function trainingRecord(run: string): TrainingRecord | undefined {
  const file = join(run, "metrics.jsonl");
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, number>);
  if (lines.length === 0) return undefined;
  return {
    steps: lines.at(-1)?.["step"] ?? 0,
    seconds: lines.reduce((total, line) => total + (line["time/step"] ?? 0), 0),
    flops: flopsOf(run),
    curve: lines.flatMap((line) =>
      line["eval/accuracy"] === undefined
        ? []
        : [{ step: line["step"]!, accuracy: line["eval/accuracy"], tokens: line["eval/mean_length"] ?? 0 }],
    ),
  };
}

/** Floating-point operations that a finished run's lineage states. */
function flopsOf(run: string): number {
  const checkpoint = newestCheckpoint(run);
  if (!checkpoint) return 0;
  const lineage = JSON.parse(readFileSync(join(checkpoint, "reckon.json"), "utf8")) as { readonly flops?: number };
  return lineage.flops ?? 0;
}
