/**
 * One model that answers, one request at a time: what `reckon chat` and the studio's Talk use. Text comes as it is
 * written, told apart into thinking and answer by the special tokens, never by text that merely looks like them.
 */

import { Generator, type ThinkingBudget } from "../generate/index.ts";
import { cpuProvider } from "../graph/node.ts";
import { ChatTemplate, promptIds, templateOf } from "../model/chat-template.ts";
import type { LoadedCheckpoint } from "../model/hf-checkpoint.ts";
import { ReckonError } from "../util/errors.ts";
import type { ChatChunk, ChatRequest } from "./services.ts";

export interface ChatSettings extends Omit<ChatRequest, "model"> {
  /** Tokens of thinking after which the answer is forced; undefined leaves it to the model. */
  readonly thinkingBudget?: number;
}

/** Ids of the tokens that structure an answer; -1 where a tokenizer lacks one. */
interface Marks {
  readonly think: number;
  readonly thinkEnd: number;
  readonly answer: number;
  readonly answerEnd: number;
  readonly stop: readonly number[];
}

export class ChatModel {
  readonly checkpoint: LoadedCheckpoint;
  readonly #generator: Generator;
  readonly #marks: Marks;
  /** Answers under way: what breaks each off, and its end. */
  readonly #replies = new Map<AbortController, Promise<unknown>>();

  private constructor(checkpoint: LoadedCheckpoint, generator: Generator, marks: Marks) {
    this.checkpoint = checkpoint;
    this.#generator = generator;
    this.#marks = marks;
  }

  /** @param positions longest conversation in tokens; default 1024 or what the model was made for, if less */
  static async open(checkpoint: LoadedCheckpoint, positions?: number): Promise<ChatModel> {
    const { config, tokenizer } = checkpoint;
    const maxPositions = positions ?? Math.min(1024, config.maxPositions);
    const generator = await Generator.create(await cpuProvider(), config, { maxPositions });
    const id = (token: string): number => tokenizer.tokenId(token) ?? -1;
    const stop = checkpoint.tokens.eos.length > 0 ? checkpoint.tokens.eos : [id("<|end|>")];
    const marks = {
      think: id("<think>"),
      thinkEnd: id("</think>"),
      answer: id("<answer>"),
      answerEnd: id("</answer>"),
      stop,
    };
    return new ChatModel(checkpoint, generator, marks);
  }

  /** Token ids of a prompt under the model's chat template. */
  promptIds(prompt: string): number[] {
    const { tokenizer } = this.checkpoint;
    if (templateOf(tokenizer.config) === undefined) return promptIds(tokenizer, prompt);
    return new ChatTemplate(tokenizer).encode([{ role: "user", content: prompt }]);
  }

  /**
   * Answers a prompt: any number of deltas, then one result. A reader that leaves early ends the generation.
   * @throws ReckonError CHAT_EMPTY for an empty prompt, GENERATE_TOO_LONG where prompt and answer do not fit
   */
  async *reply(settings: ChatSettings, signal?: AbortSignal): AsyncGenerator<ChatChunk> {
    if (settings.prompt.trim() === "") {
      throw new ReckonError("CHAT_EMPTY", "there is no prompt", { expected: "some text", help: "write a question" });
    }
    const started = performance.now();
    const { tokenizer, parameters } = this.checkpoint;
    const prompt = this.promptIds(settings.prompt);
    const writer = new Transcript(this.#marks, (ids) => tokenizer.decodeBytes(ids));
    const queue: ChatChunk[] = [];
    let wake: (() => void) | undefined;
    const budget: ThinkingBudget | undefined =
      settings.thinkingBudget === undefined || this.#marks.thinkEnd < 0
        ? undefined
        : {
            maxThinkingTokens: settings.thinkingBudget,
            ...(this.#marks.think < 0 ? {} : { thinkStart: this.#marks.think }),
            thinkEnd: this.#marks.thinkEnd,
            forceTokens: [this.#marks.thinkEnd, ...(this.#marks.answer < 0 ? [] : [this.#marks.answer])],
          };
    let settled = false;
    const left = new AbortController();
    const running = this.#generator
      .generate({
        parameters,
        version: "chat", // The weights never change, so the decode graph is built once.
        prompts: [prompt],
        maxNewTokens: Math.max(1, Math.min(settings.maxTokens, this.#generator.maxPositions - prompt.length)),
        temperature: settings.temperature,
        stopTokens: this.#marks.stop,
        seed: settings.seed,
        key: ["chat"],
        ...(budget ? { budget } : {}),
        signal: signal ? AbortSignal.any([left.signal, signal]) : left.signal,
        onToken(_item, token) {
          const delta = writer.push(token);
          if (delta) queue.push({ type: "delta", ...delta });
          wake?.();
        },
      })
      .finally(() => {
        settled = true;
        wake?.();
      });
    // Awaited below; until then a failure must not count as unhandled.
    this.#replies.set(
      left,
      running.catch(() => {}),
    );
    try {
      while (!settled || queue.length > 0) {
        const chunk = queue.shift();
        if (chunk) yield chunk;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (settled) resolve();
          });
      }
      const [completion] = await running;
      const seconds = (performance.now() - started) / 1000;
      yield {
        type: "done",
        ...writer.result(),
        tokens: { prompt: prompt.length, ...writer.counts },
        seconds,
        finish: completion!.finish,
      };
    } finally {
      left.abort();
      await this.#replies.get(left);
      this.#replies.delete(left);
    }
  }

  /** Breaks off the answers under way, and gives the model's memory back when they have ended. */
  async release(): Promise<void> {
    for (const left of this.#replies.keys()) left.abort();
    await Promise.all(this.#replies.values());
    await this.#generator.release();
  }
}

/** Sorts tokens into thinking and answer as they come. */
class Transcript {
  readonly counts = { thinking: 0, answer: 0 };
  readonly #marks: Marks;
  readonly #bytes: (ids: readonly number[]) => Uint8Array;
  readonly #text = { thinking: "", answer: "" };
  readonly #decoders = {
    thinking: new TextDecoder("utf-8", { ignoreBOM: true }),
    answer: new TextDecoder("utf-8", { ignoreBOM: true }),
  };
  #phase: "thinking" | "answer" = "answer";
  #answered = false;

  constructor(marks: Marks, bytes: (ids: readonly number[]) => Uint8Array) {
    this.#marks = marks;
    this.#bytes = bytes;
  }

  /** Takes a token; returns the text that it completes, if any. */
  push(token: number): { phase: "thinking" | "answer"; text: string } | undefined {
    const { think, thinkEnd, answer, answerEnd, stop } = this.#marks;
    if (stop.includes(token)) return undefined;
    if (token === think) this.#phase = "thinking";
    this.counts[this.#phase]++;
    if (token === think) return undefined;
    if (token === thinkEnd || token === answer || token === answerEnd) {
      this.#phase = "answer";
      if (token !== thinkEnd) this.#answered = true;
      return undefined;
    }
    const phase = this.#phase;
    const text = this.#decoders[phase].decode(this.#bytes([token]), { stream: true });
    if (text === "") return undefined;
    this.#text[phase] += text;
    return { phase, text };
  }

  result(): { thinking: string; answer: string | null } {
    const { thinking, answer } = this.#text;
    return { thinking: thinking.trim(), answer: answer === "" && !this.#answered ? null : answer.trim() };
  }
}
