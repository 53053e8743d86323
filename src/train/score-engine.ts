/** Runs the graph of an objective of scores over micro-batches and sums their gradients in one flat buffer. */
import type { Provider, Session, Value, Values } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { type ParameterLayout, parameterLayout } from "../model/parameters.ts";
import type { ScoreBatch } from "./score-batch.ts";
import { type ScoreGraphOptions, type ScoreObjective, scoreGraph } from "./score-objective.ts";

/** What one micro-batch gave. */
export interface ScoreResult {
  readonly loss: number;
  /** [N, K]: of every picked place, padding included. */
  readonly scores: Float32Array;
}

export class ScoreEngine {
  readonly layout: ParameterLayout;
  readonly #provider: Provider;
  readonly #session: Session;
  readonly #objective: ScoreObjective;
  readonly #outputs: number;
  /** The gradient of a micro-batch after the first. */
  #scratch: Float32Array | undefined;

  private constructor(provider: Provider, session: Session, config: ModelConfig, objective: ScoreObjective) {
    this.#provider = provider;
    this.#session = session;
    this.#objective = objective;
    this.#outputs = config.scores!.length;
    this.layout = parameterLayout(config);
  }

  /** @param config with a head of scores */
  static async create(
    provider: Provider,
    config: ModelConfig,
    objective: ScoreObjective,
    options: ScoreGraphOptions & { readonly threads?: number },
  ): Promise<ScoreEngine> {
    if (!config.scores) throw new Error("internal: scores are asked of a model without a head of scores");
    const { threads, ...own } = options;
    const graph = scoreGraph(config, parameterLayout(config), objective, { target: provider.target, ...own });
    // As with answers: every other batch has another shape.
    const session = await provider.session(graph, {
      memoryPattern: false,
      ...(threads === undefined ? {} : { threads }),
    });
    return new ScoreEngine(provider, session, config, objective);
  }

  /**
   * Writes the sum of the gradients of all batches, taken in their order, over `gradient`.
   * @param parameters flat buffer in the model's layout
   * @param gradient the same layout; padding stays as it is
   */
  async gradients(
    parameters: Float32Array,
    gradient: Float32Array,
    batches: readonly ScoreBatch[],
  ): Promise<ScoreResult[]> {
    const weights = this.#values("", parameters);
    if (batches.length === 0) gradient.fill(0);
    const results: ScoreResult[] = [];
    for (const [i, batch] of batches.entries()) {
      if (i > 0) this.#scratch ??= new Float32Array(this.layout.size);
      const into = i === 0 ? gradient : this.#scratch!;
      results.push(await this.#run(batch, weights, this.#values("sum.", into)));
      // A millisecond a million: nothing beside the batch itself.
      if (i > 0) for (let n = 0; n < gradient.length; n++) gradient[n]! += into[n]!;
    }
    return results;
  }

  /** Scores alone, of a `read` objective. */
  async read(parameters: Float32Array, batches: readonly ScoreBatch[]): Promise<ScoreResult[]> {
    const weights = this.#values("", parameters);
    const results: ScoreResult[] = [];
    for (const batch of batches) results.push(await this.#run(batch, weights, {}));
    return results;
  }

  #values(prefix: string, buffer: Float32Array): Values {
    return Object.fromEntries(
      this.layout.entries.map(({ name, shape, offset, size }) => [
        prefix + name,
        this.#provider.value(buffer.subarray(offset, offset + size), shape),
      ]),
    );
  }

  async #run(batch: ScoreBatch, shared: Values, sums: Values): Promise<ScoreResult> {
    const value = (data: Float32Array | Int32Array, shape: number[]): Value => this.#provider.value(data, shape);
    const places = [batch.picked.length, this.#outputs];
    const feeds: Record<string, Value> = {
      ...shared,
      ids: value(batch.ids, [batch.rows, batch.length]),
      picked: value(batch.picked, [batch.picked.length]),
    };
    const scores = new Float32Array(batch.picked.length * this.#outputs);
    const loss = new Float32Array(1);
    const fetches: Record<string, Value> = { ...sums, scores: value(scores, places) };
    const objective = this.#objective;
    if (objective.kind !== "read") fetches["loss"] = value(loss, [1]);
    switch (objective.kind) {
      case "pairs":
        feeds["better"] = value(batch.better, [batch.better.length]);
        feeds["worse"] = value(batch.worse, [batch.worse.length]);
        feeds["weights"] = value(batch.pairWeights, [batch.pairWeights.length, 1]);
        break;
      case "binary":
      case "squared":
        feeds["targets"] = value(batch.targets, places);
        feeds["weights"] = value(batch.weights, places);
        if (objective.kind === "squared" && objective.clip !== undefined) feeds["old"] = value(batch.old, places);
        break;
      case "read":
        break;
      default:
        objective satisfies never;
    }
    await this.#session.run(feeds, fetches);
    return { loss: loss[0]!, scores };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
