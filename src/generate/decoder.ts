/**
 * Decoding without choosing: a batch of prompts is read, then one token per sequence at a time goes in and the
 * distribution of the next comes out. What is drawn from it, and who stays, is the caller's (generate.ts).
 */
import type { Provider, Session, SessionOptions, Target, Value, Values } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { type ParameterLayout, parameterLayout, views } from "../model/parameters.ts";
import { assert } from "../util/errors.ts";
import { TimeMajorCache } from "./cache.ts";
import { decodeGraph } from "./decode-graph.ts";
import { prefillGraph } from "./prefill-graph.ts";

/** The flat buffer in the model's layout, or its tensors by short name. */
export type Parameters = Float32Array | ReadonlyMap<string, Value | Float32Array>;

export interface DecoderOptions {
  /** Longest sequence, prompt and completion together; default the model's maxPositions, 8192 at most. */
  readonly maxPositions?: number;
  /** Threads inside one operator; default 1. */
  readonly threads?: number;
  /** Default `fused` on the CPU provider, `portable` elsewhere. */
  readonly target?: Target;
  /** Keep the raw logits of every step readable at `logits`; default false. */
  readonly logits?: boolean;
  /** Prefix for profiles of the sessions (Node only). */
  readonly profile?: string;
}

export interface Batch {
  readonly parameters: Parameters;
  /** Token ids, each prompt with at least one. */
  readonly prompts: readonly (readonly number[])[];
  /** Which prompt each row continues, increasing; rows of one prompt share its prefill. */
  readonly promptOf: readonly number[];
  /** Moments to make room for after the prompts. */
  readonly room: number;
  /** Factor on the logits in `probabilities`, 1 / temperature; default 1. */
  readonly scale?: number;
}

/** Tokens of one prefill run: about what keeps a small model's activations in the second-level cache. */
const PREFILL_TOKENS = 1024;

export class Decoder {
  readonly config: ModelConfig;
  readonly maxPositions: number;
  readonly #provider: Provider;
  readonly #layout: ParameterLayout;
  readonly #sessions: { prefill: Session; uniform: Session; ragged: Session };
  readonly #cache: TimeMajorCache;
  readonly #withLogits: boolean;
  #parameters: Values = {};
  #scale: Value;
  #starts: number[] = [];
  #ids = new BigInt64Array(0);
  #feeds: Values = {};
  #fetches: Values = {};
  #ragged = false;
  #probabilities = new Float32Array(0);
  #logits = new Float32Array(0);

  private constructor(
    provider: Provider,
    config: ModelConfig,
    maxPositions: number,
    sessions: { prefill: Session; uniform: Session; ragged: Session },
    withLogits: boolean,
  ) {
    this.config = config;
    this.maxPositions = maxPositions;
    this.#provider = provider;
    this.#layout = parameterLayout(config);
    this.#sessions = sessions;
    this.#cache = new TimeMajorCache(provider, config);
    this.#withLogits = withLogits;
    this.#scale = provider.value(new Float32Array([1]), []);
  }

  static async create(provider: Provider, config: ModelConfig, options: DecoderOptions = {}): Promise<Decoder> {
    const positions = options.maxPositions ?? Math.min(config.maxPositions, 8192);
    const target = options.target ?? (provider.name === "cpu" ? "fused" : "portable");
    const settings = (name: string): SessionOptions => ({
      threads: options.threads ?? 1,
      // Every step has another shape: remembered memory plans would only pile up.
      memoryPattern: false,
      ...(options.profile === undefined ? {} : { profile: `${options.profile}-${name}` }),
    });
    const sessions = {
      prefill: await provider.session(prefillGraph(config, { target, positions }), settings("prefill")),
      uniform: await provider.session(decodeGraph(config, { target, positions, ragged: false }), settings("uniform")),
      ragged: await provider.session(decodeGraph(config, { target, positions, ragged: true }), settings("ragged")),
    };
    return new Decoder(provider, config, positions, sessions, options.logits ?? false);
  }

  /** Sequences in the batch now. */
  get rows(): number {
    return this.#cache.rows;
  }

  /** [rows, V]: the next token's distribution at the batch's scale. Valid until the next call. */
  get probabilities(): Float32Array {
    return this.#probabilities;
  }

  /** [rows, V]: raw logits, if the decoder was made with `logits`. Valid until the next call. */
  get logits(): Float32Array {
    assert(this.#withLogits, "the decoder was made without logits");
    return this.#logits;
  }

  /** Reads the prompts; then `probabilities` holds the distribution of each row's first token. */
  async begin(batch: Batch): Promise<void> {
    const { prompts, promptOf } = batch;
    const length = Math.max(...prompts.map((prompt) => prompt.length));
    assert(length > 0 && length + batch.room <= this.maxPositions, `${length} + ${batch.room} positions`);
    this.#parameters = this.#parameterValues(batch.parameters);
    this.#scale = this.#provider.value(new Float32Array([batch.scale ?? 1]), []);
    this.#starts = promptOf.map((p) => length - prompts[p]!.length);
    this.#ragged = this.#starts.some((start) => start > 0);
    this.#cache.reset(promptOf.length, length + batch.room);
    this.#shape();
    const chunk = Math.max(1, Math.floor(PREFILL_TOKENS / length));
    for (let from = 0; from < prompts.length; from += chunk) {
      await this.#prefill(prompts.slice(from, from + chunk), length, from, promptOf);
    }
    this.#cache.advance(length);
  }

  /**
   * Appends one token to every row and computes the distribution of the next.
   * @param tokens one per row
   */
  async step(tokens: ArrayLike<number>): Promise<void> {
    const cache = this.#cache;
    for (let row = 0; row < cache.rows; row++) this.#ids[row] = BigInt(tokens[row]!);
    const feeds: Record<string, Value> = { ...this.#feeds };
    const fetches: Record<string, Value> = { ...this.#fetches };
    feeds.offset = this.#provider.value(new BigInt64Array([BigInt(cache.length)]), [1]);
    for (let layer = 0; layer < this.config.layers; layer++) {
      feeds[`keys.${layer}`] = cache.past(2 * layer);
      feeds[`values.${layer}`] = cache.past(2 * layer + 1);
      fetches[`key.${layer}`] = cache.next(2 * layer);
      fetches[`value.${layer}`] = cache.next(2 * layer + 1);
    }
    await (this.#ragged ? this.#sessions.ragged : this.#sessions.uniform).run(feeds, fetches);
    cache.advance(1);
  }

  /** Goes on with some rows only, given in increasing order. `probabilities` is void until the next step. */
  keep(rows: readonly number[]): void {
    this.#cache.keep(rows);
    this.#starts = rows.map((row) => this.#starts[row]!);
    this.#shape();
  }

  async release(): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session.release();
  }

  /** Feeds and fetches that stay the same until the number of rows changes. */
  #shape(): void {
    const { rows } = this.#cache;
    const { vocabSize } = this.config;
    this.#ids = new BigInt64Array(rows);
    this.#probabilities = new Float32Array(rows * vocabSize);
    if (this.#withLogits) this.#logits = new Float32Array(rows * vocabSize);
    this.#feeds = {
      ...this.#parameters,
      ids: this.#provider.value(this.#ids, [rows]),
      scale: this.#scale,
      ...(this.#ragged
        ? {
            starts: this.#provider.value(
              BigInt64Array.from(this.#starts, (start) => BigInt(start)),
              [rows],
            ),
          }
        : {}),
    };
    this.#fetches = {
      probabilities: this.#provider.value(this.#probabilities, [rows, vocabSize]),
      ...(this.#withLogits ? { logits: this.#provider.value(this.#logits, [rows, vocabSize]) } : {}),
    };
  }

  async #prefill(
    prompts: readonly (readonly number[])[],
    length: number,
    first: number,
    promptOf: readonly number[],
  ): Promise<void> {
    const { vocabSize, layers, kvHeads, headDim } = this.config;
    const count = prompts.length;
    const ids = new BigInt64Array(count * length);
    const segments = new BigInt64Array(count * length);
    for (const [p, prompt] of prompts.entries()) {
      for (let i = 0; i < prompt.length; i++) {
        const at = p * length + length - prompt.length + i;
        ids[at] = BigInt(prompt[i]!);
        segments[at] = 1n;
      }
    }
    const last = BigInt64Array.from(prompts, (_, p) => BigInt((p + 1) * length - 1));
    const value = (shape: readonly number[]): Value =>
      this.#provider.value(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
    const fetches: Record<string, Value> = { probabilities: value([count, vocabSize]) };
    if (this.#withLogits) fetches.logits = value([count, vocabSize]);
    for (let layer = 0; layer < layers; layer++) {
      fetches[`keys.${layer}`] = value([length, count * kvHeads, headDim]);
      fetches[`values.${layer}`] = value([length, count * kvHeads, headDim]);
    }
    await this.#sessions.prefill.run(
      {
        ...this.#parameters,
        ids: this.#provider.value(ids, [count, length]),
        segments: this.#provider.value(segments, [count, length]),
        last: this.#provider.value(last, [count]),
        scale: this.#scale,
      },
      fetches,
    );
    const sequenceOf = Int32Array.from(promptOf, (p) => (p >= first && p < first + count ? p - first : -1));
    const data = (name: string): Float32Array => fetches[name]!.data as Float32Array;
    for (let layer = 0; layer < layers; layer++) {
      this.#cache.fill(2 * layer, data(`keys.${layer}`), length, count, sequenceOf);
      this.#cache.fill(2 * layer + 1, data(`values.${layer}`), length, count, sequenceOf);
    }
    for (const [row, sequence] of sequenceOf.entries()) {
      if (sequence < 0) continue;
      const of = (all: Float32Array): Float32Array => all.subarray(sequence * vocabSize, (sequence + 1) * vocabSize);
      this.#probabilities.set(of(data("probabilities")), row * vocabSize);
      if (this.#withLogits) this.#logits.set(of(data("logits")), row * vocabSize);
    }
  }

  #parameterValues(parameters: Parameters): Values {
    const given: ReadonlyMap<string, Value | Float32Array> =
      parameters instanceof Float32Array ? views(this.#layout, parameters) : parameters;
    return Object.fromEntries(
      this.#layout.entries.map(({ name, shape }) => {
        const value = given.get(name);
        assert(value !== undefined, `no parameter ${name}`);
        return [name, value instanceof Float32Array ? this.#provider.value(value, shape) : value];
      }),
    );
  }
}
