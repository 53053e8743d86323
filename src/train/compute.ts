/**
 * Where training computes: gradients, scores and rollouts over a fixed number of logical shards.
 *
 * The contract that makes results independent of workers: a step's work is cut into `shards` parts by the recipe, every
 * part is computed by one thread with batch shapes of its own, and gradients are summed in the order of the shards. How
 * many threads share the parts out changes the time and nothing else.
 *
 * `ComputeUnit` is what one thread does; `LocalCompute` runs all shards in this thread (one core, or a browser tab);
 * runs/ has the same over worker threads.
 */
import { type Completion, type GenerateRequest, Generator } from "../generate/index.ts";
import type { Provider } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { type LoraSettings, loraLayout } from "../model/lora.ts";
import { parameterLayout } from "../model/parameters.ts";
import type { MicroBatch } from "./batch.ts";
import { GradientEngine, type MicroBatchResult } from "./gradient-engine.ts";
import type { Objective } from "./objective.ts";
import type { ScoreBatch } from "./score-batch.ts";
import { ScoreEngine, type ScoreResult } from "./score-engine.ts";
import type { ScoreObjective } from "./score-objective.ts";

/** A request to generate with the trained parameters or the reference's. */
export type RolloutRequest = Omit<GenerateRequest, "parameters" | "onToken" | "signal">;

export interface ComputeSpec {
  readonly config: ModelConfig;
  readonly shards: number;
  /** The longest sequence, prompt and completion together. */
  readonly positions: number;
  readonly packed: boolean;
  /** Trains adapters in place of the parameters. */
  readonly lora?: LoraSettings | undefined;
}

/** Flat buffers in the model's layout; on shared memory where threads share them. */
export interface ComputeBuffers {
  readonly parameters: Float32Array;
  readonly reference: Float32Array;
  /** What the optimiser changes: the parameters or, with LoRA, the adapters in their own layout (adapters.ts). */
  readonly trained: Float32Array;
  /** With LoRA: the frozen weights. */
  readonly base?: Float32Array;
  /** One a shard, in the layout of what is trained. */
  readonly gradients: readonly Float32Array[];
}

export type Weights = "parameters" | "reference";

export interface Compute {
  readonly spec: ComputeSpec;
  readonly buffers: ComputeBuffers;
  /** Sum over all shards after `gradients`: the first shard's buffer. */
  readonly gradient: Float32Array;
  /** Gradients of the objective over each shard's micro-batches, summed into `gradient`. */
  gradients(objective: Objective, shards: readonly (readonly MicroBatch[])[]): Promise<MicroBatchResult[][]>;
  /**
   * Log-probabilities only, under softmax(logits / temperature); default 1.
   * @param top how many of the likeliest tokens of every position are wanted too; default none
   */
  score(
    weights: Weights,
    shards: readonly (readonly MicroBatch[])[],
    temperature?: number,
    top?: number,
  ): Promise<MicroBatchResult[][]>;
  generate(requests: readonly RolloutRequest[], weights?: Weights): Promise<Completion[][]>;
  /** As `gradients`, of a model with a head of scores. */
  scoreGradients(objective: ScoreObjective, shards: readonly (readonly ScoreBatch[])[]): Promise<ScoreResult[][]>;
  /** What a model with a head of scores says of texts. */
  readScores(shards: readonly (readonly ScoreBatch[])[]): Promise<ScoreResult[][]>;
  close(): Promise<void>;
}

/** Allocates the buffers of a computation. */
export function allocateBuffers(spec: ComputeSpec, options: { readonly shared: boolean }): ComputeBuffers {
  const { size } = parameterLayout(spec.config);
  const trainedSize = spec.lora ? loraLayout(spec.config, spec.lora).size : size;
  const buffer = (length: number): Float32Array =>
    new Float32Array(options.shared ? new SharedArrayBuffer(length * 4) : new ArrayBuffer(length * 4));
  const parameters = buffer(size);
  return {
    parameters,
    reference: buffer(size),
    gradients: Array.from({ length: spec.shards }, () => buffer(trainedSize)),
    ...(spec.lora ? { trained: buffer(trainedSize), base: buffer(size) } : { trained: parameters }),
  };
}

/** Adds the other shards' gradients to the first, in order; of the floats from..to alone, if given. */
export function sumGradients(buffers: ComputeBuffers, shards: number, from = 0, to?: number): void {
  const total = buffers.gradients[0]!;
  const end = to ?? total.length;
  for (let s = 1; s < shards; s++) {
    const other = buffers.gradients[s]!;
    for (let i = from; i < end; i++) total[i]! += other[i]!;
  }
}

/** The work of one thread. Sessions are made on first use and kept. */
export class ComputeUnit {
  readonly #provider: Provider;
  readonly #spec: ComputeSpec;
  readonly #buffers: ComputeBuffers;
  readonly #engines = new Map<string, Promise<GradientEngine>>();
  readonly #scorers = new Map<string, Promise<ScoreEngine>>();
  #generator: Promise<Generator> | undefined;

  constructor(provider: Provider, spec: ComputeSpec, buffers: ComputeBuffers) {
    this.#provider = provider;
    this.#spec = spec;
    this.#buffers = buffers;
  }

  async gradient(objective: Objective, shard: number, batches: readonly MicroBatch[]): Promise<MicroBatchResult[]> {
    const engine = await this.#engine(objective);
    const { trained, base, gradients } = this.#buffers;
    return engine.gradients(trained, gradients[shard]!, batches, base);
  }

  async score(
    weights: Weights,
    batches: readonly MicroBatch[],
    temperature = 1,
    top?: number,
  ): Promise<MicroBatchResult[]> {
    const engine = await this.#engine({ kind: "score", temperature, ...(top === undefined ? {} : { top }) });
    return engine.score(this.#buffers[weights], batches);
  }

  async scoreGradient(
    objective: ScoreObjective,
    shard: number,
    batches: readonly ScoreBatch[],
  ): Promise<ScoreResult[]> {
    const engine = await this.#scorer(objective);
    return engine.gradients(this.#buffers.parameters, this.#buffers.gradients[shard]!, batches);
  }

  async readScores(batches: readonly ScoreBatch[]): Promise<ScoreResult[]> {
    const engine = await this.#scorer({ kind: "read" });
    return engine.read(this.#buffers.parameters, batches);
  }

  async generate(request: RolloutRequest, weights: Weights): Promise<Completion[]> {
    this.#generator ??= Generator.create(this.#provider, this.#spec.config, { maxPositions: this.#spec.positions });
    const generator = await this.#generator;
    return generator.generate({ ...request, parameters: this.#buffers[weights] });
  }

  #engine(objective: Objective): Promise<GradientEngine> {
    const key = JSON.stringify(objective);
    let engine = this.#engines.get(key);
    if (!engine) {
      const { config, positions, packed, lora } = this.#spec;
      // Scores are of merged weights.
      const adapters = objective.kind === "score" ? undefined : lora;
      engine = GradientEngine.create(this.#provider, config, objective, { positions, packed, lora: adapters });
      this.#engines.set(key, engine);
    }
    return engine;
  }

  #scorer(objective: ScoreObjective): Promise<ScoreEngine> {
    const key = JSON.stringify(objective);
    let engine = this.#scorers.get(key);
    if (!engine) {
      engine = ScoreEngine.create(this.#provider, this.#spec.config, objective, { positions: this.#spec.positions });
      this.#scorers.set(key, engine);
    }
    return engine;
  }

  async release(): Promise<void> {
    for (const engine of this.#engines.values()) await (await engine).release();
    for (const engine of this.#scorers.values()) await (await engine).release();
    await (await this.#generator)?.release();
  }
}

/** All shards one after the other in this thread. */
export class LocalCompute implements Compute {
  readonly spec: ComputeSpec;
  readonly buffers: ComputeBuffers;
  readonly #unit: ComputeUnit;

  constructor(provider: Provider, spec: ComputeSpec) {
    this.spec = spec;
    this.buffers = allocateBuffers(spec, { shared: false });
    this.#unit = new ComputeUnit(provider, spec, this.buffers);
  }

  get gradient(): Float32Array {
    return this.buffers.gradients[0]!;
  }

  async gradients(objective: Objective, shards: readonly (readonly MicroBatch[])[]): Promise<MicroBatchResult[][]> {
    const results: MicroBatchResult[][] = [];
    for (const [shard, batches] of shards.entries()) results.push(await this.#unit.gradient(objective, shard, batches));
    sumGradients(this.buffers, shards.length);
    return results;
  }

  async score(
    weights: Weights,
    shards: readonly (readonly MicroBatch[])[],
    temperature = 1,
    top?: number,
  ): Promise<MicroBatchResult[][]> {
    const results: MicroBatchResult[][] = [];
    for (const batches of shards) results.push(await this.#unit.score(weights, batches, temperature, top));
    return results;
  }

  async scoreGradients(
    objective: ScoreObjective,
    shards: readonly (readonly ScoreBatch[])[],
  ): Promise<ScoreResult[][]> {
    const results: ScoreResult[][] = [];
    for (const [shard, batches] of shards.entries())
      results.push(await this.#unit.scoreGradient(objective, shard, batches));
    sumGradients(this.buffers, shards.length);
    return results;
  }

  async readScores(shards: readonly (readonly ScoreBatch[])[]): Promise<ScoreResult[][]> {
    const results: ScoreResult[][] = [];
    for (const batches of shards) results.push(await this.#unit.readScores(batches));
    return results;
  }

  async generate(requests: readonly RolloutRequest[], weights: Weights = "parameters"): Promise<Completion[][]> {
    const results: Completion[][] = [];
    for (const request of requests) results.push(await this.#unit.generate(request, weights));
    return results;
  }

  close(): Promise<void> {
    return this.#unit.release();
  }
}
