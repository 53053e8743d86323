/**
 * Batched generation: prompts in, completions with their log-probabilities out.
 *
 * Items (prompt 0 sample 0, prompt 0 sample 1, …) are decoded in at most `batchRows` slots: items that wait take the
 * slots of those that have ended; when none waits, the batch shrinks. What is drawn is a pure function of the request:
 * token k of item i depends on (seed, key, item, k) and its distribution alone. Another `batchRows` changes
 * distributions by float noise only; the same one repeats bit for bit.
 * Left out: beam search and speculative decoding.
 */
import type { Provider } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { ReckonError } from "../util/errors.ts";
import type { KeyPart } from "../util/random.ts";
import { BudgetedSequence, type ForcedRange, type ThinkingBudget } from "./budget.ts";
import { Decoder, type DecoderOptions, type Joining, type Parameters } from "./decoder.ts";
import { chooseToken, logitScale, type Sampling, TokenRandom, validateSampling } from "./sample.ts";

export interface GenerateRequest extends Sampling {
  readonly parameters: Parameters;
  /** Names the values of the parameters; requests with the same one in a row save the time to lay them out again. */
  readonly version?: string | number;
  /** Token ids; each prompt has at least one. */
  readonly prompts: readonly (readonly number[])[];
  /** Completions of each prompt; default 1. */
  readonly samples?: number;
  readonly maxNewTokens: number;
  /** Tokens that end a completion. */
  readonly stopTokens: readonly number[];
  readonly seed: number;
  /** Purpose, step and the like: requests with another key draw other numbers. */
  readonly key: readonly KeyPart[];
  /** Number of the first item, where a request is one shard of a larger one; default 0. */
  readonly itemOffset?: number;
  /** Most rows decoded at once; default 256. Memory: see cache.ts. */
  readonly batchRows?: number;
  readonly budget?: ThinkingBudget;
  /** One for each prompt, in place of `budget`. */
  readonly budgets?: readonly (ThinkingBudget | undefined)[];
  /** Called with each token as it comes; `item` counts from 0 in the order of the completions. */
  readonly onToken?: (item: number, token: number) => void;
  /** Ends the generation between two tokens; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface Completion {
  /** Index of its prompt. */
  readonly prompt: number;
  /** The stop token included. */
  readonly tokens: number[];
  /**
   * Of each token under softmax(logits / temperature) before truncation (temperature 1 where it is 0, greedy), in nats.
   * At temperature 1 it is what a forward pass over the sequence gives, within float noise.
   */
  readonly logprobs: Float32Array;
  /** `stop`: a stop token came; `length`: maxNewTokens were written. */
  readonly finish: "stop" | "length";
  /** Tokens that a thinking budget forced. They were not drawn from the model. */
  readonly forced?: readonly ForcedRange[];
}

/** Waiting items join when so large a share of the slots is idle: they are read together, which is cheaper. */
const REFILL = 1 / 8;

/** When none waits, idle slots are given up when fewer than this share is at work: the cache must be moved for it. */
const BUSY = 0.7;

/** From so many steps on it is worth its while to build the parameters into the graph: it costs that of 10 to 30 steps. */
const BUILD_FROM = 32;

interface Row {
  readonly item: number;
  readonly prompt: number;
  readonly tokens: number[];
  readonly logprobs: Float32Array;
  readonly budget: BudgetedSequence | undefined;
  finish: "stop" | "length" | undefined;
}

export class Generator {
  readonly config: ModelConfig;
  readonly #decoder: Decoder;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(decoder: Decoder) {
    this.config = decoder.config;
    this.#decoder = decoder;
  }

  /** Builds the graphs and their sessions: some tenths of a second, once per configuration. */
  static async create(provider: Provider, config: ModelConfig, options: DecoderOptions = {}): Promise<Generator> {
    return new Generator(await Decoder.create(provider, config, options));
  }

  /** Longest sequence, prompt and completion together. */
  get maxPositions(): number {
    return this.#decoder.maxPositions;
  }

  /**
   * Completes every prompt `samples` times, prompt by prompt. Calls at the same time take turns.
   * @throws ReckonError GENERATE_REQUEST, GENERATE_SAMPLING, GENERATE_TOO_LONG, GENERATE_NAN
   */
  generate(request: GenerateRequest): Promise<Completion[]> {
    const turn = this.#queue.then(() => this.#generate(request));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  release(): Promise<void> {
    return this.#decoder.release();
  }

  async #generate(request: GenerateRequest): Promise<Completion[]> {
    this.#validate(request);
    const { prompts, samples = 1 } = request;
    const rows = Array.from({ length: prompts.length * samples }, (_, item): Row => {
      const prompt = Math.floor(item / samples);
      const budget = request.budgets ? request.budgets[prompt] : request.budget;
      return {
        item,
        prompt,
        tokens: [],
        logprobs: new Float32Array(request.maxNewTokens),
        budget: budget && new BudgetedSequence(budget),
        finish: undefined,
      };
    });
    if (rows.length > 0) await this.#decode(request, rows);
    return rows.map((row) => ({
      prompt: row.prompt,
      tokens: row.tokens,
      logprobs: row.logprobs.slice(0, row.tokens.length),
      finish: row.finish!,
      ...(row.budget && row.budget.forced.length > 0 ? { forced: row.budget.forced } : {}),
    }));
  }

  async #decode(request: GenerateRequest, rows: readonly Row[]): Promise<void> {
    const { maxNewTokens, batchRows = 256, signal } = request;
    const decoder = this.#decoder;
    const longest = request.prompts.reduce((most, prompt) => Math.max(most, prompt.length), 0);
    await decoder.begin({
      parameters: request.parameters,
      slots: Math.min(batchRows, rows.length),
      limit: longest + maxNewTokens,
      scale: logitScale(request.temperature),
      build: maxNewTokens * Math.ceil(rows.length / batchRows) >= BUILD_FROM,
      version: request.version,
    });
    const choose = this.#chooser(request);
    // A slot holds the row that is decoded in it; a row that has ended leaves its slot idle.
    let slots = new Array<Row | undefined>(Math.min(batchRows, rows.length)).fill(undefined);
    let next = 0;
    for (;;) {
      signal?.throwIfAborted();
      const idle = [...slots.keys()].filter((slot) => !slots[slot]);
      if (next < rows.length && idle.length >= REFILL * slots.length) {
        const joining = rows.slice(next, next + idle.length);
        next += joining.length;
        await decoder.join(this.#joining(request, joining, idle));
        for (const [i, row] of joining.entries()) slots[idle[i]!] = choose(row, idle[i]!);
        continue;
      }
      if (idle.length === slots.length) return;
      if (next === rows.length && slots.length - idle.length < BUSY * slots.length) {
        decoder.keep([...slots.keys()].filter((slot) => slots[slot]));
        slots = slots.filter((row) => row);
      }
      await decoder.step(slots.map((row) => row?.tokens.at(-1) ?? -1));
      for (const [slot, row] of slots.entries()) if (row) slots[slot] = choose(row, slot);
    }
  }

  /** Rows of one prompt follow each other, and share its reading. */
  #joining(request: GenerateRequest, rows: readonly Row[], slots: readonly number[]): Joining[] {
    const out: { prompt: readonly number[]; slots: number[] }[] = [];
    for (const [i, row] of rows.entries()) {
      if (i === 0 || rows[i - 1]!.prompt !== row.prompt) out.push({ prompt: request.prompts[row.prompt]!, slots: [] });
      out.at(-1)!.slots.push(slots[i]!);
    }
    return out;
  }

  /** Gives a row its next token from its slot's distribution; returns the row if it goes on. */
  #chooser(request: GenerateRequest): (row: Row, slot: number) => Row | undefined {
    const { maxNewTokens, itemOffset = 0 } = request;
    const stop = new Set(request.stopTokens);
    const random = new TokenRandom(request.seed, request.key);
    const width = this.config.vocabSize;
    return (row, slot) => {
      const { probabilities } = this.#decoder;
      const k = row.tokens.length;
      const from = slot * width;
      const forced = row.budget?.next();
      const chosen =
        forced ?? chooseToken(probabilities, from, width, request, random.uniform(itemOffset + row.item, k));
      const token = forced === undefined && row.budget ? row.budget.amend(chosen) : chosen;
      const probability = token < 0 ? Number.NaN : probabilities[from + token]!;
      if (Number.isNaN(probability)) {
        this.#decoder.clear(); // no NaN may stay behind in the cache
        throw notADistribution(row, k);
      }
      row.logprobs[k] = Math.log(probability);
      row.tokens.push(token);
      row.budget?.accept(token);
      if (stop.has(token)) row.finish = "stop";
      else if (k + 1 === maxNewTokens) row.finish = "length";
      request.onToken?.(row.item, token);
      return row.finish ? undefined : row;
    };
  }

  #validate(request: GenerateRequest): void {
    validateSampling(request);
    const whole = (name: string, value: number, least: number): void => {
      if (!Number.isInteger(value) || value < least)
        throw new ReckonError("GENERATE_REQUEST", `${name} is not a count`, {
          expected: `a whole number of ${least} or more`,
          got: String(value),
        });
    };
    whole("samples", request.samples ?? 1, 1);
    whole("maxNewTokens", request.maxNewTokens, 1);
    whole("batchRows", request.batchRows ?? 256, 1);
    whole("itemOffset", request.itemOffset ?? 0, 0);
    const { vocabSize } = this.config;
    const known = (token: number): boolean => Number.isInteger(token) && token >= 0 && token < vocabSize;
    for (const budget of new Set([request.budget, ...(request.budgets ?? [])])) {
      whole("budget.maxThinkingTokens", budget?.maxThinkingTokens ?? 0, 0);
      whole("budget.waits", budget?.waits ?? 0, 0);
      for (const name of ["forceTokens", "waitTokens"] as const) {
        for (const token of budget?.[name] ?? []) {
          if (!known(token)) throw unknownToken(`budget.${name}`, token, vocabSize);
        }
      }
    }
    for (const [index, prompt] of request.prompts.entries()) {
      if (prompt.length === 0)
        throw new ReckonError("GENERATE_REQUEST", `prompt ${index} is empty`, {
          expected: "at least one token",
          help: "begin the prompt with a special token, as the chat template does",
        });
      const unknown = prompt.find((token) => !known(token));
      if (unknown !== undefined) throw unknownToken(`prompt ${index}`, unknown, vocabSize);
      if (prompt.length + request.maxNewTokens > this.maxPositions)
        throw new ReckonError("GENERATE_TOO_LONG", `prompt ${index} is too long`, {
          expected: `prompt and completion of at most ${this.maxPositions} tokens together`,
          got: `${prompt.length} + ${request.maxNewTokens}`,
          help: "shorten the prompt, lower maxNewTokens, or give the generator more positions",
        });
    }
  }
}

function unknownToken(where: string, token: number, vocabSize: number): ReckonError {
  return new ReckonError("GENERATE_REQUEST", `${where} holds a token that the model does not have`, {
    expected: `whole numbers from 0 to ${vocabSize - 1}`,
    got: String(token),
    help: "use the tokenizer that belongs to the model",
  });
}

function notADistribution(row: Row, k: number): ReckonError {
  return new ReckonError("GENERATE_NAN", `the model gives no distribution for token ${k} of completion ${row.item}`, {
    expected: "probabilities",
    got: "NaN",
    help: "the parameters are broken (a diverged run?): go back to an earlier checkpoint and lower the learning rate",
  });
}
