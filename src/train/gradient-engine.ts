/**
 * Runs an objective's graph over micro-batches and sums their gradients in one flat buffer: in the graph and in place
 * where the provider can (`inPlace`), else out of it, from a buffer of its own.
 */
import type { Provider, Session, Target, Value, Values } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { type LoraSettings, loraLayout } from "../model/lora.ts";
import { type ParameterLayout, parameterLayout } from "../model/parameters.ts";
import type { MicroBatch, TeacherRows } from "./batch.ts";
import { lossFeeds, type Objective, objectiveGraph } from "./objective.ts";

/** What one micro-batch gave; arrays run over its picked positions, padding included. */
export interface MicroBatchResult {
  readonly loss: number;
  readonly logprobs: Float32Array;
  readonly entropy: Float32Array;
  /** Of scores that ask for them: the likeliest tokens of every position, the first the likeliest. */
  readonly likeliest?: TeacherRows;
}

export interface GradientEngineOptions {
  readonly packed: boolean;
  readonly positions: number;
  readonly threads?: number;
  /** Learns adapters, the model's own parameters frozen. */
  readonly lora?: LoraSettings | undefined;
  /** Default: the provider's. */
  readonly target?: Target;
  readonly profile?: string;
}

/** Sessions by how tokens are laid out and whether they add to the gradient that is there; made when first wanted. */
type Sessions = (prompted: boolean, accumulate: boolean) => Promise<Session>;

export class GradientEngine {
  /** Of what is learnt. */
  readonly layout: ParameterLayout;
  /** Of what is frozen, where adapters are learnt. */
  readonly #frozen: ParameterLayout | undefined;
  readonly #provider: Provider;
  readonly #sessions: Sessions;
  readonly #made: ReadonlyMap<string, Promise<Session>>;
  readonly #objective: Objective;
  readonly #packed: boolean;
  /** One micro-batch's gradient, where it is summed outside. */
  #scratch: Float32Array | undefined;

  private constructor(
    provider: Provider,
    sessions: { readonly make: Sessions; readonly made: ReadonlyMap<string, Promise<Session>> },
    objective: Objective,
    layout: ParameterLayout,
    frozen: ParameterLayout | undefined,
    packed: boolean,
  ) {
    this.#provider = provider;
    this.#sessions = sessions.make;
    this.#made = sessions.made;
    this.#objective = objective;
    this.#packed = packed;
    this.layout = layout;
    this.#frozen = frozen;
  }

  static async create(
    provider: Provider,
    config: ModelConfig,
    objective: Objective,
    options: GradientEngineOptions,
  ): Promise<GradientEngine> {
    const { lora, packed, ...rest } = options;
    const layout = lora ? loraLayout(config, lora) : parameterLayout(config);
    const made = new Map<string, Promise<Session>>();
    const make: Sessions = (prompted, accumulate) => {
      const name = (prompted ? "-prompted" : "") + (accumulate ? "-add" : "");
      const existing = made.get(name);
      if (existing) return existing;
      const target = options.target ?? provider.target;
      const graph = objectiveGraph(config, layout, objective, {
        ...rest,
        layout: prompted ? "prompted" : packed ? "packed" : "rows",
        target,
        accumulate,
        ...(lora ? { lora } : {}),
      });
      const session = provider.session(graph, {
        // Answers come in ever new shapes, and ONNX Runtime keeps a plan with its memory for each (docs/decisions/004).
        memoryPattern: packed,
        ...(options.threads === undefined ? {} : { threads: options.threads }),
        ...(options.profile === undefined ? {} : { profile: options.profile + name }),
      });
      made.set(name, session);
      return session;
    };
    await make(false, false);
    return new GradientEngine(provider, { make, made }, objective, layout, lora && parameterLayout(config), packed);
  }

  /**
   * Writes the sum of the gradients of all batches, taken in their order, over `gradient`.
   * @param parameters flat buffer of what is learnt
   * @param gradient the same layout; padding stays as it is
   * @param frozen the model's own parameters, where adapters are learnt
   */
  async gradients(
    parameters: Float32Array,
    gradient: Float32Array,
    batches: readonly MicroBatch[],
    frozen?: Float32Array,
  ): Promise<MicroBatchResult[]> {
    const own = this.#values("", parameters);
    const weights = this.#frozen ? { ...own, ...this.#values("", frozen!, this.#frozen) } : own;
    if (batches.length === 0) gradient.fill(0);
    if (!this.#provider.inPlace) return this.#sumOutside(weights, gradient, batches);
    const sums = this.#values("sum.", gradient);
    const before = this.#values("grad.", gradient);
    const results: MicroBatchResult[] = [];
    for (const [i, batch] of batches.entries()) {
      // The first batch writes and reads nothing: at 26 million parameters that saves a thirtieth of a step.
      const session = await this.#sessions(batch.prompts !== undefined, i > 0);
      results.push(await this.#run(session, batch, i === 0 ? weights : { ...weights, ...before }, sums));
    }
    return results;
  }

  /** Sends no sums in, which would be copied, and needs no second session. */
  async #sumOutside(
    weights: Values,
    gradient: Float32Array,
    batches: readonly MicroBatch[],
  ): Promise<MicroBatchResult[]> {
    if (batches.length > 1) this.#scratch ??= new Float32Array(this.layout.size);
    const results: MicroBatchResult[] = [];
    for (const [i, batch] of batches.entries()) {
      const session = await this.#sessions(batch.prompts !== undefined, false);
      const into = i === 0 ? gradient : this.#scratch!;
      results.push(await this.#run(session, batch, weights, this.#values("sum.", into)));
      if (i > 0) this.#add(into, gradient);
    }
    return results;
  }

  /** Adds the parameters' gradients; what lies between them stays as it is. */
  #add(from: Float32Array, to: Float32Array): void {
    for (const { offset, size } of this.layout.entries) for (let n = offset; n < offset + size; n++) to[n]! += from[n]!;
  }

  /** Log-probabilities and entropies alone, of a `score` objective. */
  async score(parameters: Float32Array, batches: readonly MicroBatch[]): Promise<MicroBatchResult[]> {
    const weights = this.#values("", parameters);
    const results: MicroBatchResult[] = [];
    for (const batch of batches) {
      const session = await this.#sessions(batch.prompts !== undefined, false);
      results.push(await this.#run(session, batch, weights, {}));
    }
    return results;
  }

  /** Views of a flat buffer by their names in the graph. */
  #values(prefix: string, buffer: Float32Array, layout = this.layout): Values {
    return Object.fromEntries(
      layout.entries.map(({ name, shape, offset, size }) => [
        prefix + name,
        this.#provider.value(buffer.subarray(offset, offset + size), shape),
      ]),
    );
  }

  async #run(session: Session, batch: MicroBatch, shared: Values, sums: Values): Promise<MicroBatchResult> {
    const { rows, length } = batch;
    const n = batch.picked.length;
    const value = (data: Float32Array | Int32Array, shape: number[]): Value => this.#provider.value(data, shape);
    const feeds: Record<string, Value> = {
      ...shared,
      ids: value(batch.ids, [rows, length]),
      picked: value(batch.picked, [n]),
      targets: value(batch.targets, [n, 1]),
    };
    if (this.#packed || batch.prompts) feeds["segments"] = value(batch.segments, [rows, length]);
    if (batch.prompts) {
      const { count, length: longest, ids, positions, owners, lengths } = batch.prompts;
      feeds["prompts"] = value(ids, [count, longest]);
      feeds["positions"] = value(positions, [rows, length]);
      feeds["owners"] = value(owners, [rows]);
      feeds["lengths"] = value(lengths, [rows]);
    }
    const logprobs = new Float32Array(n);
    const entropy = new Float32Array(n);
    const loss = new Float32Array(1);
    const fetches: Record<string, Value> = {
      ...sums,
      logprobs: value(logprobs, [n, 1]),
      entropy: value(entropy, [n, 1]),
    };
    for (const [name, { data, width }] of Object.entries(lossFeeds(this.#objective, batch)))
      feeds[name] = value(data, width === undefined ? [n] : [n, width]);
    if (this.#objective.kind !== "score") fetches["loss"] = value(loss, [1]);
    const top = this.#objective.kind === "score" ? this.#objective.top : undefined;
    const likeliest = top && { top, ids: new Int32Array(n * top), logprobs: new Float32Array(n * top) };
    if (likeliest) {
      fetches["topIds"] = value(likeliest.ids, [n, likeliest.top]);
      fetches["topLogprobs"] = value(likeliest.logprobs, [n, likeliest.top]);
    }
    await session.run(feeds, fetches);
    return { loss: loss[0]!, logprobs, entropy, ...(likeliest ? { likeliest } : {}) };
  }

  async release(): Promise<void> {
    for (const session of this.#made.values()) await (await session).release();
  }
}
