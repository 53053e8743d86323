/** Runs an objective's graph over micro-batches and accumulates the gradient into one flat buffer, in place. */
import type { Provider, Session, Target, Value } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { type ParameterLayout, parameterLayout } from "../model/parameters.ts";
import type { MicroBatch } from "./batch.ts";
import { type Objective, objectiveGraph } from "./objective.ts";

/** What one micro-batch gave; arrays run over its picked positions, padding included. */
export interface MicroBatchResult {
  readonly loss: number;
  readonly logprobs: Float32Array;
  readonly entropy: Float32Array;
}

export interface GradientEngineOptions {
  readonly packed: boolean;
  readonly positions: number;
  readonly threads?: number;
  readonly target?: Target;
  readonly profile?: string;
}

export class GradientEngine {
  readonly layout: ParameterLayout;
  readonly #provider: Provider;
  readonly #session: Session;
  readonly #objective: Objective;
  readonly #packed: boolean;

  private constructor(
    provider: Provider,
    session: Session,
    objective: Objective,
    layout: ParameterLayout,
    packed: boolean,
  ) {
    this.#provider = provider;
    this.#session = session;
    this.#objective = objective;
    this.#packed = packed;
    this.layout = layout;
  }

  static async create(
    provider: Provider,
    config: ModelConfig,
    objective: Objective,
    options: GradientEngineOptions,
  ): Promise<GradientEngine> {
    const layout = parameterLayout(config);
    const graph = objectiveGraph(config, layout, objective, options);
    const session = await provider.session(graph, {
      threads: options.threads ?? 1,
      ...(options.profile === undefined ? {} : { profile: options.profile }),
    });
    return new GradientEngine(provider, session, objective, layout, options.packed);
  }

  /**
   * Adds the gradients of all batches to `gradient`, in their order.
   * @param parameters flat buffer in the model's layout
   * @param gradient the same layout; not read for `score` objectives
   */
  async accumulate(
    parameters: Float32Array,
    gradient: Float32Array,
    batches: readonly MicroBatch[],
  ): Promise<MicroBatchResult[]> {
    const feeds: Record<string, Value> = {};
    const fetches: Record<string, Value> = {};
    for (const entry of this.layout.entries) {
      const view = (buffer: Float32Array): Value =>
        this.#provider.value(buffer.subarray(entry.offset, entry.offset + entry.size), entry.shape);
      feeds[entry.name] = view(parameters);
      if (this.#objective.kind === "score") continue;
      feeds[`grad.${entry.name}`] = view(gradient);
      fetches[`sum.${entry.name}`] = view(gradient);
    }
    const results: MicroBatchResult[] = [];
    for (const batch of batches) results.push(await this.#run(batch, feeds, fetches));
    return results;
  }

  async #run(
    batch: MicroBatch,
    shared: Readonly<Record<string, Value>>,
    sums: Readonly<Record<string, Value>>,
  ): Promise<MicroBatchResult> {
    const { rows, length } = batch;
    const n = batch.picked.length;
    const value = (data: Float32Array | Int32Array, shape: number[]): Value => this.#provider.value(data, shape);
    const feeds: Record<string, Value> = {
      ...shared,
      ids: value(batch.ids, [rows, length]),
      picked: value(batch.picked, [n]),
      targets: value(batch.targets, [n, 1]),
    };
    if (this.#packed) feeds["segments"] = value(batch.segments, [rows, length]);
    const logprobs = new Float32Array(n);
    const entropy = new Float32Array(n);
    const loss = new Float32Array(1);
    const fetches: Record<string, Value> = {
      ...sums,
      logprobs: value(logprobs, [n, 1]),
      entropy: value(entropy, [n, 1]),
    };
    if (this.#objective.kind !== "score") {
      feeds["weights"] = value(batch.weights, [n, 1]);
      fetches["loss"] = value(loss, [1]);
    }
    if (this.#objective.kind === "policy") {
      feeds["advantages"] = value(batch.advantages, [n, 1]);
      feeds["old"] = value(batch.old, [n, 1]);
      if (this.#objective.klWeight !== 0) feeds["reference"] = value(batch.reference, [n, 1]);
    }
    await this.#session.run(feeds, fetches);
    return { loss: loss[0]!, logprobs, entropy };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
