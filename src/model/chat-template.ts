/**
 * Conversations to text and ids, by the Jinja template that Hugging Face keeps beside a tokenizer (`chat_template`).
 *
 * What strangers wrote (users, tools) is guarded on its way through the template: a special token in it stays plain text,
 * so a prompt cannot end its own turn or open a thought. What the model said in earlier turns keeps its special tokens.
 *
 * Templates are programs: one that loops for ever hangs. Load models whose authors you trust where that matters.
 * Left out: the many templates of one file other than the default; `{% generation %}` masks.
 */
import { Template } from "@huggingface/jinja";
import { ReckonError } from "../util/errors.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** One turn. Templates may read more than role and content, e.g. `tool_calls`. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
  readonly [key: string]: unknown;
}

export interface ChatOptions {
  /** Open the assistant's turn at the end. Default true. */
  readonly generationPrompt?: boolean;
  /** What the template may read beside the messages, e.g. `tools`, `enable_thinking`. Treated as written by strangers. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Roles whose special tokens are recognised. Default: the assistant's alone. */
  readonly trusted?: readonly string[];
}

/**
 * The template of Reckon's own models: `<|user|>question<|assistant|>answer<|end|>`, and so on. Text of the system stands
 * before the next question, on lines of its own; results of tools come as questions do.
 */
export const DEFAULT_CHAT_TEMPLATE = `{%- set ns = namespace(before='') -%}
{%- for message in messages -%}
{%- if message.role == 'system' -%}{%- set ns.before = ns.before + message.content + '\\n' -%}
{%- elif message.role == 'user' or message.role == 'tool' -%}{{ '<|user|>' + ns.before + message.content }}{%- set ns.before = '' -%}
{%- elif message.role == 'assistant' -%}{{ '<|assistant|>' + message.content + '<|end|>' }}
{%- else -%}{{ raise_exception('unknown role ' + message.role) }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}
`;

const MAX_LENGTH = 500_000;

export class ChatTemplate {
  /** The template's text. */
  readonly source: string;
  readonly #template: Template;
  readonly #tokenizer: Tokenizer;

  /**
   * @param source default: the tokenizer's own template, or ours if it has none
   * @throws ReckonError CHAT_TEMPLATE_INVALID
   */
  constructor(tokenizer: Tokenizer, source: string = templateOf(tokenizer.config) ?? DEFAULT_CHAT_TEMPLATE) {
    this.source = source;
    this.#tokenizer = tokenizer;
    if (source.length > MAX_LENGTH) throw failed("CHAT_TEMPLATE_INVALID", `it has ${source.length} characters`);
    try {
      this.#template = new Template(source);
    } catch (cause) {
      throw failed("CHAT_TEMPLATE_INVALID", cause);
    }
  }

  /**
   * The text of a conversation, with every special token as it stands; for people to read.
   * @throws ReckonError CHAT_TEMPLATE_FAILED when the template refuses the conversation
   */
  render(messages: readonly ChatMessage[], options: ChatOptions = {}): string {
    return this.#run(messages, options, options.variables ?? {});
  }

  /** The ids of a conversation; special tokens in what strangers wrote are plain text. Errors as `render`. */
  encode(messages: readonly ChatMessage[], options: ChatOptions = {}): number[] {
    const trusted = new Set(options.trusted ?? ["assistant"]);
    // Roles too: the template writes them out, and over an API they may be anything.
    const safe = messages.map((message) => (trusted.has(message.role) ? message : this.#guard(message)));
    return this.#tokenizer.encode(this.#run(safe, options, this.#guard(options.variables ?? {})));
  }

  #run(messages: readonly ChatMessage[], options: ChatOptions, variables: Readonly<Record<string, unknown>>): string {
    const { config } = this.#tokenizer;
    try {
      return this.#template.render({
        ...specialTexts(config),
        ...variables,
        messages,
        add_generation_prompt: options.generationPrompt ?? true,
      });
    } catch (cause) {
      throw failed("CHAT_TEMPLATE_FAILED", cause);
    }
  }

  /** A copy with every text in it guarded, however deep. */
  #guard<T>(value: T): T {
    const walk = (item: unknown): unknown => {
      if (typeof item === "string") return this.#tokenizer.guard(item);
      if (Array.isArray(item)) return item.map(walk);
      if (typeof item !== "object" || item === null) return item;
      return Object.fromEntries(Object.entries(item).map(([key, child]) => [key, walk(child)]));
    };
    return walk(value) as T;
  }
}

/** The ids of a problem for Reckon's own models: `<|user|>`, the prompt as plain text, `<|assistant|>`. */
export function promptIds(tokenizer: Tokenizer, prompt: string): number[] {
  return [tokenizer.specialId("<|user|>"), ...tokenizer.encodePlain(prompt), tokenizer.specialId("<|assistant|>")];
}

/** The default template of a parsed `tokenizer_config.json`, if there is one. */
export function templateOf(config: Readonly<Record<string, unknown>>): string | undefined {
  const value = config["chat_template"];
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  for (const entry of value as unknown[]) {
    if (typeof entry !== "object" || entry === null) continue;
    const { name, template } = entry as { name?: unknown; template?: unknown };
    if (name === "default" && typeof template === "string") return template;
  }
  return undefined;
}

/** `bos_token`, `eos_token` and so on, which stand in `tokenizer_config.json` as texts or as objects with a content. */
function specialTexts(config: Readonly<Record<string, unknown>>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const key of ["bos_token", "eos_token", "pad_token", "unk_token"]) {
    const value = config[key];
    const text = typeof value === "object" && value !== null ? (value as { content?: unknown }).content : value;
    if (typeof text === "string") out[key] = text;
  }
  return out;
}

function failed(code: "CHAT_TEMPLATE_INVALID" | "CHAT_TEMPLATE_FAILED", cause: unknown): ReckonError {
  const invalid = code === "CHAT_TEMPLATE_INVALID";
  return new ReckonError(code, invalid ? "The chat template cannot be used." : "The chat template refuses this.", {
    got: cause instanceof Error ? cause.message : String(cause),
    help: invalid ? "Give another chat_template." : "Compare the messages with what the model's card asks for.",
    cause,
  });
}
