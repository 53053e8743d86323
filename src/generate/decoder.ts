/**
 * Decoding without choosing: sequences join by their prompts, then one token per sequence at a time goes in and the
 * distribution of the next comes out. What is drawn from it, and who stays, is the caller's (generate.ts).
 */
import type { Provider, Session, SessionOptions, Target, Value, Values } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { type ParameterLayout, parameterLayout, views } from "../model/parameters.ts";
import { assert } from "../util/errors.ts";
import { SlotCache } from "./cache.ts";
import { decodeGraph } from "./decode-graph.ts";
import { prefillGraph } from "./prefill-graph.ts";

/** The flat buffer in the model's layout, or its tensors by short name. */
export type Parameters = Float32Array | ReadonlyMap<string, Value | Float32Array>;

export interface DecoderOptions {
  /** Longest sequence, prompt and completion together; default the model's maxPositions, 8192 at most. */
  readonly maxPositions?: number;
  /** Threads inside one operator; default the provider's. */
  readonly threads?: number;
  /** Default: the provider's. */
  readonly target?: Target;
  /** Keep the raw logits of every step readable at `logits`; default false. */
  readonly logits?: boolean;
  /** Prefix for profiles of the sessions (Node only). */
  readonly profile?: string;
}

export interface DecoderRun {
  readonly parameters: Parameters;
  /** Sequences that can be decoded at once. */
  readonly slots: number;
  /** Longest sequence that will come, prompt and completion together. */
  readonly limit: number;
  /** Factor on the logits in `probabilities`, 1 / temperature; default 1. */
  readonly scale?: number;
  /**
   * Build the parameters into the graph: takes some milliseconds for each million of them and makes every step faster
   * (docs/decisions/001-decoding.md). Default false. Beyond 128 million parameters they stay inputs all the same.
   */
  readonly build?: boolean;
  /**
   * Names the parameters' values: a run with the same version as the one before uses what was built for it.
   * Without it they are built anew, since a buffer may have been trained on in between.
   */
  readonly version?: string | number | undefined;
}

/** A prompt and the slots of the sequences that continue it: it is read once for all of them. */
export interface Joining {
  /** At least one token. */
  readonly prompt: readonly number[];
  readonly slots: readonly number[];
}

/** Tokens of one prefill run: about what keeps a small model's activations in the second-level cache. */
const PREFILL_TOKENS = 1024;

/** Larger models are not built into graphs: a protobuf message ends at 2 GB, and the memory is needed several times. */
const MOST_BUILT = 128 * 1024 * 1024;

export class Decoder {
  readonly config: ModelConfig;
  readonly maxPositions: number;
  readonly #provider: Provider;
  readonly #layout: ParameterLayout;
  readonly #options: DecoderOptions;
  readonly #target: Target;
  readonly #prefill: Session;
  /** Takes the parameters as inputs; made when first needed. */
  #plain: Session | undefined;
  /** Has the parameters of one version built in. */
  #built: { readonly session: Session; readonly version: string | number | undefined } | undefined;
  #decode: Session | undefined;
  readonly #withLogits: boolean;
  readonly #cache: SlotCache;
  #parameters: Values = {};
  #scale: Value;
  #batch: BatchBuffers;

  private constructor(
    provider: Provider,
    config: ModelConfig,
    maxPositions: number,
    target: Target,
    options: DecoderOptions,
    prefill: Session,
  ) {
    this.config = config;
    this.maxPositions = maxPositions;
    this.#provider = provider;
    this.#layout = parameterLayout(config);
    this.#options = options;
    this.#target = target;
    this.#prefill = prefill;
    this.#withLogits = options.logits ?? false;
    this.#cache = new SlotCache(provider, config);
    this.#scale = provider.value(new Float32Array([1]), []);
    this.#batch = batchBuffers(provider, config, 0, this.#withLogits);
  }

  static async create(provider: Provider, config: ModelConfig, options: DecoderOptions = {}): Promise<Decoder> {
    const positions = options.maxPositions ?? Math.min(config.maxPositions, 8192);
    const target = options.target ?? provider.target;
    const graph = prefillGraph(config, { target, positions });
    const prefill = await provider.session(graph, sessionOptions(options, "prefill"));
    return new Decoder(provider, config, positions, target, options, prefill);
  }

  /** [slots, V]: the next token's distribution at the run's scale, where a sequence is. Overwritten by the next step. */
  get probabilities(): Float32Array {
    return this.#batch.probabilities;
  }

  /** [slots, V]: raw logits, if the decoder was made with `logits`. Overwritten by the next step. */
  get logits(): Float32Array {
    assert(this.#withLogits, "the decoder was made without logits");
    return this.#batch.logits;
  }

  /** Forgets all sequences and starts over with these parameters. */
  async begin(run: DecoderRun): Promise<void> {
    assert(run.limit <= this.maxPositions, `sequences of ${run.limit} tokens, positions for ${this.maxPositions}`);
    const given = this.#parameterData(run.parameters);
    this.#parameters = Object.fromEntries(
      this.#layout.entries.map(({ name, shape }) => {
        const value = given.get(name)!;
        return [name, value instanceof Float32Array ? this.#provider.value(value, shape) : value];
      }),
    );
    this.#decode = await this.#decodeSession(run, given);
    this.#scale = this.#provider.value(new Float32Array([run.scale ?? 1]), []);
    this.#cache.reset(run.slots, run.limit);
    this.#batch = batchBuffers(this.#provider, this.config, run.slots, this.#withLogits);
  }

  /** Reads prompts into slots; then `probabilities` holds the distribution of their first tokens there. */
  async join(joining: readonly Joining[]): Promise<void> {
    let from = 0;
    while (from < joining.length) {
      let to = from;
      let longest = 0;
      while (to < joining.length) {
        const length = Math.max(longest, joining[to]!.prompt.length);
        if (to > from && length * (to + 1 - from) > PREFILL_TOKENS) break;
        longest = length;
        to++;
      }
      await this.#read(joining.slice(from, to), longest);
      from = to;
    }
  }

  /**
   * Appends tokens and computes the distributions of the next ones.
   * @param tokens one per slot; −1 leaves the slot's sequence as it is, and its probabilities void
   */
  async step(tokens: readonly number[]): Promise<void> {
    const { ids, lengths, newest, feeds, fetches } = this.#batch;
    const cache = this.#cache;
    const moving: number[] = [];
    for (const [slot, token] of tokens.entries()) {
      ids[slot] = BigInt(Math.max(0, token));
      lengths[slot] = BigInt(cache.lengths[slot]!);
      if (token >= 0) moving.push(slot);
    }
    const session = this.#decode;
    assert(session, "a step before `begin`");
    const parameters = session === this.#plain ? this.#parameters : {};
    const inputs: Record<string, Value> = { ...parameters, ...feeds, scale: this.#scale };
    for (let layer = 0; layer < this.config.layers; layer++) {
      inputs[`keys.${layer}`] = cache.value(2 * layer);
      inputs[`values.${layer}`] = cache.value(2 * layer + 1);
    }
    await session.run(inputs, fetches);
    cache.reserve(1 + moving.reduce((longest, slot) => Math.max(longest, cache.lengths[slot]!), 0));
    cache.append(newest, moving);
  }

  /** Goes on with some slots only, given in increasing order; they are numbered anew. `probabilities` is void. */
  keep(slots: readonly number[]): void {
    this.#cache.keep(slots);
    this.#batch = batchBuffers(this.#provider, this.config, slots.length, this.#withLogits);
  }

  /** Gives the cache's memory back; `begin` takes it anew. */
  clear(): void {
    this.#cache.clear();
  }

  async release(): Promise<void> {
    this.clear();
    await this.#prefill.release();
    await this.#plain?.release();
    await this.#built?.session.release();
  }

  async #decodeSession(run: DecoderRun, given: ReadonlyMap<string, Value | Float32Array>): Promise<Session> {
    const make = (constants?: ReadonlyMap<string, Float32Array>): Promise<Session> => {
      const graph = decodeGraph(this.config, { target: this.#target, positions: this.maxPositions, constants });
      return this.#provider.session(graph, sessionOptions(this.#options, "decode"));
    };
    const constants = run.build && this.#layout.size <= MOST_BUILT ? inMemory(given) : undefined;
    if (!constants) {
      this.#plain ??= await make();
      return this.#plain;
    }
    if (this.#built && run.version !== undefined && this.#built.version === run.version) return this.#built.session;
    await this.#built?.session.release();
    this.#built = undefined;
    const session = await make(constants);
    this.#built = { session, version: run.version };
    return session;
  }

  async #read(joining: readonly Joining[], padded: number): Promise<void> {
    const { vocabSize, layers, kvHeads, headDim } = this.config;
    const provider = this.#provider;
    const count = joining.length;
    const ids = new BigInt64Array(count * padded);
    for (const [sequence, { prompt }] of joining.entries()) {
      assert(prompt.length > 0, "an empty prompt");
      for (const [i, token] of prompt.entries()) ids[sequence * padded + i] = BigInt(token);
    }
    const last = BigInt64Array.from(joining, ({ prompt }, sequence) => BigInt(sequence * padded + prompt.length - 1));
    const fresh = (...shape: number[]): Value => provider.value(new Float32Array(shape.reduce((a, b) => a * b)), shape);
    const fetches: Record<string, Value> = { probabilities: fresh(count, vocabSize) };
    if (this.#withLogits) fetches.logits = fresh(count, vocabSize);
    for (let layer = 0; layer < layers; layer++) {
      fetches[`keys.${layer}`] = fresh(count, kvHeads, padded, headDim);
      fetches[`values.${layer}`] = fresh(count, kvHeads, padded, headDim);
    }
    const feeds = {
      ...this.#parameters,
      ids: provider.value(ids, [count, padded]),
      last: provider.value(last, [count]),
      scale: this.#scale,
    };
    await this.#prefill.run(feeds, fetches);

    const data = (name: string): Float32Array => fetches[name]!.data as Float32Array;
    const row = (all: Float32Array, sequence: number): Float32Array =>
      all.subarray(sequence * vocabSize, (sequence + 1) * vocabSize);
    this.#cache.reserve(padded);
    for (const [sequence, { prompt, slots }] of joining.entries()) {
      for (const slot of slots) {
        this.#cache.place(slot, prompt.length);
        for (let layer = 0; layer < layers; layer++) {
          this.#cache.fill(2 * layer, slot, data(`keys.${layer}`), sequence, padded);
          this.#cache.fill(2 * layer + 1, slot, data(`values.${layer}`), sequence, padded);
        }
        this.#batch.probabilities.set(row(data("probabilities"), sequence), slot * vocabSize);
        if (this.#withLogits) this.#batch.logits.set(row(data("logits"), sequence), slot * vocabSize);
      }
    }
  }

  #parameterData(parameters: Parameters): ReadonlyMap<string, Value | Float32Array> {
    const given: ReadonlyMap<string, Value | Float32Array> =
      parameters instanceof Float32Array ? views(this.#layout, parameters) : parameters;
    for (const { name } of this.#layout.entries) assert(given.has(name), `no parameter ${name}`);
    return given;
  }
}

function sessionOptions(options: DecoderOptions, name: string): SessionOptions {
  return {
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    // Shapes change as sequences grow and leave: remembered memory plans would only pile up.
    memoryPattern: false,
    ...(options.profile === undefined ? {} : { profile: `${options.profile}-${name}` }),
  };
}

/** The numbers of each parameter; undefined where some lie in a device's memory. */
function inMemory(given: ReadonlyMap<string, Value | Float32Array>): Map<string, Float32Array> | undefined {
  const out = new Map<string, Float32Array>();
  for (const [name, value] of given) {
    if (value instanceof Float32Array) out.set(name, value);
    else if (value.location === "cpu") out.set(name, value.data as Float32Array);
    else return undefined;
  }
  return out;
}

/** What goes in and out of every step; made anew when the number of slots changes. */
interface BatchBuffers {
  readonly ids: BigInt64Array;
  readonly lengths: BigInt64Array;
  readonly probabilities: Float32Array;
  readonly logits: Float32Array;
  /** New keys and values, in the order of the cache's buffers. */
  readonly newest: readonly Float32Array[];
  readonly feeds: Values;
  readonly fetches: Values;
}

function batchBuffers(provider: Provider, config: ModelConfig, slots: number, withLogits: boolean): BatchBuffers {
  const { vocabSize, kvHeads, headDim } = config;
  const ids = new BigInt64Array(slots);
  const lengths = new BigInt64Array(slots);
  const probabilities = new Float32Array(slots * vocabSize);
  const logits = new Float32Array(withLogits ? slots * vocabSize : 0);
  const newest = Array.from({ length: 2 * config.layers }, () => new Float32Array(slots * kvHeads * headDim));
  const fetches: Record<string, Value> = { probabilities: provider.value(probabilities, [slots, vocabSize]) };
  if (withLogits) fetches.logits = provider.value(logits, [slots, vocabSize]);
  for (const [i, data] of newest.entries()) {
    fetches[`${i % 2 === 0 ? "key" : "value"}.${i >> 1}`] = provider.value(data, [slots, kvHeads, 1, headDim]);
  }
  const feeds = { ids: provider.value(ids, [slots]), lengths: provider.value(lengths, [slots]) };
  return { ids, lengths, probabilities, logits, newest, feeds, fetches };
}
