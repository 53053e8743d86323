/**
 * Collects measurements of trained models: each model and each measurement is named by how it is made, done once, and
 * kept. An interrupted collection goes on where it was; what was made otherwise is never taken for this.
 *
 * The key of a model (keys.ts) is a hash of its resolved recipe, its parent's key and the texts that it trains on, or of its
 * weights where it ships: the same key gives the same weights (training is deterministic), so a committed record can be
 * read without the run.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { LoadedCheckpoint } from "../../model/hf-checkpoint.ts";
import { parameterLayout } from "../../model/parameters.ts";
import {
  type OpenedReward,
  openRewardModel,
  type Recipe,
  type RecipeInput,
  resolveRecipe,
  type Scale,
} from "../../recipes/index.ts";
import { replaceFile } from "../../runs/disk.ts";
import { RunDirectory, type RunObserver } from "../../runs/run-directory.ts";
import type { Problem } from "../../tasks/index.ts";
import type { Evaluated } from "../../train/evaluate.ts";
import type { Judge } from "../../train/judge.ts";
import { ReckonError } from "../../util/errors.ts";
import { mean } from "../../util/statistics.ts";
import { machine } from "../bench/rounds.ts";
import { evaluateModel, SHARDS } from "../evaluation.ts";
import { modelFolder, newestCheckpoint, openModel } from "../models.ts";
import { type NamedReward, openWholeJudge } from "../ranker.ts";
import { findRecipe, runTraining } from "../training.ts";
import type { Ui } from "../ui.ts";
import { courseOf, type StageCourse } from "./course.ts";
import { measurementKey, modelKey } from "./keys.ts";
import { type Place, pipelineModels } from "./pipeline-models.ts";
import {
  condense,
  type DataRecord,
  isInstruction,
  type Measurement,
  type Sampling,
  type TrainingRecord,
  traitsOf,
} from "./record.ts";
import { dataRecord, shippedRecord, trainingRecord } from "./training-record.ts";

export interface CollectionSettings {
  /** Where runs are kept. */
  readonly runs: string;
  /** Where records are kept. */
  readonly records: string;
  readonly workers: number;
  /** Without it nothing is trained or measured: what has no record is {@link NotRecorded}. */
  readonly collect: boolean;
  /** Whether what has a record is measured again, once; trained models are kept. */
  readonly fresh: boolean;
  /** Recipe settings for every run by recipe, for quick looks, e.g. `steps=5`. */
  readonly set: Readonly<Record<string, readonly string[]>>;
}

/** A model that exists or can be made. */
export interface Model {
  readonly name: string;
  readonly key: string;
  /** Its folder; trains what is missing. */
  open(): Promise<string>;
  /** What its training was like, as far as it is known. */
  training(): TrainingRecord | undefined;
}

/** What the stages of a recipe make. */
export interface PipelineModels {
  /** Of a stage that makes a model. */
  model(stage: string): Model;
  /** Of a stage that samples data: what it kept. */
  data(stage: string): Promise<DataRecord>;
  /** What all stages up to this one were like as they ran. */
  course(last: string): Promise<CourseRecord>;
}

/** What a recipe's stages were like. */
export interface CourseRecord {
  readonly stages: readonly StageCourse[];
}

/** Longest answer that is sampled; what is cut counts as wrong. */
export const MAX_TOKENS = 256;
/** Seed of every measurement's draws. */
const SEED = 11;
/** Mark the keys of measurements with traits, and of those of instructions; to be raised when what they are changes. */
const [TRAITS, FOLLOWED] = [1, 1];

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
  /** Measurements read or made, by commit and machine. */
  readonly #origins = new Set<string>();
  /** Records that were made by this collection. */
  readonly #made = new Set<string>();
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
    return { name: basename(name), key: weights, open: async () => folder, training: () => shippedRecord(folder) };
  }

  /** A model that a recipe makes; nothing is trained before it is opened. */
  async trained(
    name: string,
    recipeName: string,
    options: {
      readonly scale: Scale;
      readonly seed: number;
      readonly from?: Model;
      readonly set?: readonly string[];
      /** Default: the one of this name. */
      readonly recipe?: RecipeInput;
    },
  ): Promise<Model> {
    const { scale, seed, from, set = [] } = options;
    const input = options.recipe ?? (await findRecipe(recipeName, scale));
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

  /**
   * What the stages of a recipe make; nothing is trained before it is opened, and then no stage after it.
   * @param name of the run; stages that were made otherwise are laid aside in it
   * @param options.recipe resolved by the name of `recipeName` in `--set`, seeds and settings
   * @param options.place the model that stands at a place which no stage makes, e.g. `models/base`
   */
  async pipeline(
    name: string,
    recipeName: string,
    options: {
      readonly recipe: RecipeInput;
      readonly seed: number;
      readonly place: Place;
      readonly set?: readonly string[];
    },
  ): Promise<PipelineModels> {
    const { recipe: input, seed, place, set = [] } = options;
    const recipe = resolveRecipe(input, [`seed=${seed}`, ...set, ...(this.#settings.set[recipeName] ?? [])]);
    const { runs: root } = this.#settings;
    const { key, open, folder } = pipelineModels(recipe, join(root, name), place, (part) => this.#run(name, part));
    return {
      model: (stage) => ({
        name: `${name} ${stage}`,
        key: key(stage),
        open: async () => {
          await open(stage);
          return newestCheckpoint(folder(stage))!;
        },
        training: () => trainingRecord(folder(stage)),
      }),
      data: (stage) =>
        this.record(`${name} ${stage}`, key(stage), async () => {
          await open(stage);
          return dataRecord(folder(stage));
        }),
      course: (last) =>
        this.record(`${name} course`, key(last), async () => {
          await open(last);
          return { stages: await courseOf(join(root, name)) };
        }),
    };
  }

  /** Runs the stages of a recipe that are not done. */
  async #run(name: string, recipe: Recipe): Promise<void> {
    const progress = this.#ui.progress(name);
    let current = name;
    const observer = (stage: string): RunObserver => ({
      metrics: (record) => this.#tell(`${name} ${stage}`, record),
      progress: (step, steps) => progress.update(step, `of ${steps}, ${stage}`),
    });
    const { status } = await runTraining(recipe, {
      ...{ root: this.#settings.runs, name, resume: false, workers: this.#settings.workers },
      stages: {
        told: (stage, what) => {
          current = stage.name;
          if (what !== "was done") this.#ui.say(`${name} ${stage.name} ${what}`);
        },
        observer: (stage) => observer(stage.name),
      },
    });
    progress.end();
    if (status !== "finished") throw stopped(`${name} ${current}`);
  }

  #tell(name: string, record: Readonly<Record<string, number>>): void {
    const accuracy = record["eval/accuracy"];
    if (accuracy !== undefined) {
      this.#ui.say(`${name}, step ${record["step"]}: held-out ${(100 * accuracy).toFixed(1)} %`);
    }
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
          metrics: (record) => this.#tell(name, record),
          progress: (step, steps) => progress.update(step, `of ${steps}`),
        },
      });
      progress.end(`${name}: ${status}`);
      if (status !== "finished") throw stopped(name);
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
   * What is kept under a name, if it was made in this way; else it is made and kept.
   * @param key names all that decides over it
   * @throws NotRecorded where nothing may be collected and there is no record
   */
  async record<T extends object>(
    name: string,
    key: string,
    make: () => Promise<T>,
  ): Promise<T & { readonly name: string; readonly key: string }> {
    const file = this.#file(name);
    if (existsSync(file) && (!this.#settings.fresh || this.#made.has(name))) {
      const record = readRecord(file) as T & { readonly name: string; readonly key: string };
      if (record.key === key) return record;
    }
    if (!this.#settings.collect) throw new NotRecorded(name);
    // What is read the next time is what is told now: not a number becomes null on the way.
    const text = JSON.stringify({ name, key, ...(await make()) });
    replaceFile(file, `${text}\n`);
    this.#made.add(name);
    return JSON.parse(text) as T & { readonly name: string; readonly key: string };
  }

  /**
   * Measures a model, or reads the record of having done so.
   * @param traits whether {@link Measurement.traits} are wanted
   * @throws NotRecorded where nothing may be collected and there is no record
   */
  async measure(
    name: string,
    model: Model,
    problems: readonly Problem[],
    sampling: Sampling,
    { traits = false } = {},
  ): Promise<Measurement> {
    const traced = [TRAITS, ...(problems.some(isInstruction) ? [FOLLOWED] : [])];
    const key = measurementKey(model.key, problems, sampling, [SEED, MAX_TOKENS, ...(traits ? traced : [])]);
    const measurement = await this.record<Omit<Measurement, "name" | "key">>(name, key, async () => {
      const { checkpoint, weights } = await this.#load(await model.open());
      const answers = await this.#ask(name, checkpoint, problems, sampling);
      const condensed = condense(answers, sampling.samples);
      const training = model.training();
      const { tokenizer } = checkpoint;
      return {
        weights,
        parameters: parameterLayout(checkpoint.config).parameterCount,
        commit: machine().commit,
        cpu: machine().cpu,
        sampling,
        ...condensed,
        ...(training ? { training } : {}),
        ...(traits
          ? { traits: traitsOf(answers, sampling.samples, (text) => tokenizer.encodePlain(text).length) }
          : {}),
      };
    });
    this.#origins.add(`${measurement.commit}${measurement.cpu === undefined ? "" : ` on ${measurement.cpu}`}`);
    return measurement;
  }

  /** Commits and machines of the measurements that it has read or made. */
  get origins(): readonly string[] {
    return [...this.#origins];
  }

  /** A model's answers themselves with every part of their reward, for what is kept of them by others; problem-major. */
  async answers(
    name: string,
    model: Model,
    problems: readonly Problem[],
    sampling: Sampling,
    rewards: readonly NamedReward[],
  ): Promise<Evaluated[]> {
    const { checkpoint } = await this.#load(await model.open());
    const options = { maxTokens: MAX_TOKENS, workers: this.#settings.workers };
    const { judge, close } = await openWholeJudge(rewards, checkpoint, problems, options, this.#ui);
    return this.#ask(name, checkpoint, problems, sampling, judge).finally(close);
  }

  /**
   * What a reward model thinks of texts, 0 to 1; null of one that is too long for it.
   * @param positions longest text in tokens
   */
  async opinions(
    model: Model,
    texts: Parameters<OpenedReward["opinions"]>[0],
    positions: number,
  ): Promise<readonly (number | null)[]> {
    const { workers } = this.#settings;
    const events = { event: ({ message }: { readonly message: string }) => this.#ui.warn(message) };
    const reward = await openRewardModel(await model.open(), SHARDS, positions, { workers, modelFolder }, events);
    return reward.opinions(texts).finally(reward.close);
  }

  async #ask(
    name: string,
    checkpoint: LoadedCheckpoint,
    problems: readonly Problem[],
    sampling: Sampling,
    judge?: Judge,
  ): Promise<Evaluated[]> {
    const progress = this.#ui.progress(name, problems.length * sampling.samples);
    const answers = await evaluateModel(checkpoint, problems, {
      maxTokens: MAX_TOKENS,
      ...sampling,
      seed: SEED,
      workers: this.#settings.workers,
      ...(judge ? { judge } : {}),
      onProgress: (done) => progress.update(done),
    });
    const right = mean(answers.map(({ judgement }) => (judgement.score === 1 ? 1 : 0)));
    const tokens = mean(answers.map(({ rollout }) => rollout.length));
    progress.end(`${name}: ${(100 * right).toFixed(1)} % right, ${tokens.toFixed(1)} tokens`);
    return answers;
  }

  #file(name: string): string {
    return join(this.#settings.records, `${name.replaceAll(/[^a-z0-9.]+/gi, "-")}.json`);
  }
}

/** @throws ReckonError RECORD_INVALID */
function readRecord(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new ReckonError("RECORD_INVALID", `${file} is no record of a measurement`, {
      expected: "JSON, as this command writes it",
      got: cause instanceof Error ? cause.message : String(cause),
      help: "delete it: it is made again",
      cause,
    });
  }
}

function stopped(name: string): ReckonError {
  return new ReckonError("EVIDENCE_STOPPED", `${name} was stopped before its end`, {
    help: "run the same command again: it goes on where it was",
  });
}
