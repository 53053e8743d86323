/**
 * The log of a teacher's answers, which may have cost money: none is asked for twice.
 *
 * `answers.jsonl` only grows. An answer counts when it is synced, so a killed process loses at most what was under way.
 * `question.json` says what was asked; answers to another question cannot be mixed in. `reserve.bin` keeps room on the
 * disk: when it is full, the reserve makes way for the answers that are still coming in, and nothing more is asked.
 */
import { createHash } from "node:crypto";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ReckonError } from "../util/errors.ts";
import { diskError, isMissing, isSystemError, replaceFile } from "./disk.ts";
import { JsonLines } from "./json-lines.ts";
import { RunLock } from "./lock.ts";

/** What identifies an answer: which problem, and the how manieth answer to it. */
export interface AnswerKey {
  /** The problem's id. */
  readonly problem: string;
  readonly sample: number;
  /**
   * Hash of the prompt as it was asked (`promptHash`): ids name draws and lines of files, and a changed task or file may ask
   * something else under the same id. Logs of before this was kept lack it: such an answer counts for whatever its id
   * names, since it cannot be told, and it was paid.
   */
  readonly prompt?: string | undefined;
}

/** 64 bits of a prompt's SHA-256, in hexadecimal. */
export function promptHash(prompt: string): string {
  return createHash("sha256").update(prompt).digest("hex").slice(0, 16);
}

export const ANSWERS = "answers.jsonl";
const QUESTION = "question.json";
const RESERVE = "reserve.bin";
/** Bytes that are kept free for answers that are under way when the disk is full. */
const RESERVED = 4 << 20;

/** All that decides over an answer beside the problem and the number of the sample, by name. */
export type Question = Readonly<Record<string, unknown>>;

export class AnswerLog<A extends AnswerKey> {
  readonly folder: string;
  readonly #lines: JsonLines;
  readonly #lock: RunLock;
  readonly #answers = new Map<string, A>();
  #trouble: unknown;
  #unsaved = 0;

  private constructor(folder: string, lock: RunLock) {
    this.folder = folder;
    this.#lines = new JsonLines(join(folder, ANSWERS));
    this.#lock = lock;
  }

  /**
   * Opens the log of a folder, which is made if it is not there.
   * @throws ReckonError RUN_BUSY while another process writes it; ANSWERS_OTHER when it holds answers to another question;
   * ANSWERS_DAMAGED; RUN_DISK
   */
  static open<A extends AnswerKey>(folder: string, question: Question): AnswerLog<A> {
    let lock: RunLock | undefined;
    try {
      mkdirSync(folder, { recursive: true });
      lock = RunLock.acquire(folder, folder);
      const log = new AnswerLog<A>(folder, lock);
      log.#read();
      checkQuestion(folder, question, log.size);
      reserve(join(folder, RESERVE));
      return log;
    } catch (error) {
      lock?.release();
      throw trouble(error, folder, "answers", "nothing was asked");
    }
  }

  /** Answers that are safe. */
  get size(): number {
    return this.#answers.size;
  }

  /** An answer to this prompt; answers to another one under the same id stay, and count when it is asked again. */
  get({ problem, sample, prompt }: AnswerKey): A | undefined {
    return this.#answers.get(keyOf({ problem, sample, prompt })) ?? this.#answers.get(keyOf({ problem, sample }));
  }

  /** Whether the disk has refused something: no more should be asked. */
  get full(): boolean {
    return this.#trouble !== undefined;
  }

  /** Writes an answer and syncs it. When the disk is full the reserve makes way; `check` tells. */
  add(answer: A): void {
    this.#unsaved++;
    let refused = this.#lines.append([answer]) ?? this.#sync();
    if (refused !== undefined) {
      this.#trouble ??= refused;
      rmSync(join(this.folder, RESERVE), { force: true });
      refused = this.#lines.flush() ?? this.#sync();
    }
    if (refused === undefined) this.#unsaved = 0;
    this.#answers.set(keyOf(answer), answer);
  }

  /** @throws ReckonError RUN_DISK when the disk has refused something, with what is safe and what is not */
  check(): void {
    if (this.#trouble === undefined) return;
    const lost = this.#unsaved === 0 ? "every answer that came is safe" : `${this.#unsaved} answers are not on disk`;
    throw trouble(this.#trouble, this.folder, "further answers", lost);
  }

  /** Writes a small file beside the answers in one step. @throws ReckonError RUN_DISK */
  write(name: string, text: string): void {
    try {
      replaceFile(join(this.folder, name), text, { durable: true });
    } catch (error) {
      throw trouble(error, this.folder, name, "the answers are safe");
    }
  }

  close(): void {
    rmSync(join(this.folder, RESERVE), { force: true });
    this.#lock.release();
  }

  #sync(): unknown {
    try {
      this.#lines.sync();
      return undefined;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return error;
    }
  }

  /** Reads what is there; a torn last line is cut off. */
  #read(): void {
    this.#lines.cutAfter(() => true);
    const path = join(this.folder, ANSWERS);
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    for (const [i, line] of text.split("\n").entries()) {
      if (line === "") continue;
      let answer: unknown;
      try {
        answer = JSON.parse(line);
      } catch {
        answer = undefined;
      }
      const { problem, sample, prompt } = (answer ?? {}) as { readonly [K in keyof AnswerKey]?: unknown };
      const isKey = typeof problem === "string" && typeof sample === "number";
      if (!isKey || (prompt !== undefined && typeof prompt !== "string")) {
        throw new ReckonError("ANSWERS_DAMAGED", `Line ${i + 1} of ${path} is no answer.`, {
          got: line.slice(0, 80),
          help: "Mend or remove this line: the answers of the others are kept.",
        });
      }
      this.#answers.set(keyOf({ problem, sample, prompt }), answer as A);
    }
  }
}

const keyOf = ({ problem, sample, prompt = "" }: AnswerKey): string => `${sample} ${prompt} ${problem}`;

function checkQuestion(folder: string, question: Question, answers: number): void {
  const path = join(folder, QUESTION);
  const asked = JSON.parse(JSON.stringify(question)) as Question;
  let known: Question | undefined;
  try {
    known = JSON.parse(readFileSync(path, "utf8")) as Question;
  } catch (error) {
    if (!isMissing(error) && !(error instanceof SyntaxError)) throw error;
  }
  if (known !== undefined && answers > 0) {
    const names = [...new Set([...Object.keys(known), ...Object.keys(asked)])];
    const changed = names.filter((name) => JSON.stringify(known[name]) !== JSON.stringify(asked[name]));
    if (changed.length === 0) return;
    const told = (of: Question): string =>
      changed.map((name) => `${name} ${JSON.stringify(of[name])?.slice(0, 80) ?? "not set"}`).join(", ");
    throw new ReckonError("ANSWERS_OTHER", `${folder} holds ${answers} answers to another question.`, {
      expected: told(known),
      got: told(asked),
      help: "Ask with the same settings, or into another folder.",
    });
  }
  replaceFile(path, `${JSON.stringify(asked, null, 2)}\n`, { durable: true });
}

/** Takes room on the disk: written out, since a file with a hole takes none. */
function reserve(path: string): void {
  const file = openSync(path, "w");
  try {
    const block = new Uint8Array(1 << 20);
    for (let bytes = 0; bytes < RESERVED; )
      bytes += writeSync(file, block, 0, Math.min(block.length, RESERVED - bytes));
    fsyncSync(file);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function trouble(error: unknown, folder: string, what: string, kept: string): unknown {
  const told = diskError(error, { path: folder, what, kept, run: folder });
  if (!(told instanceof ReckonError) || told === error) return told;
  const { code, summary, expected, got, cause } = told;
  return new ReckonError(code, summary, {
    ...(expected === undefined ? {} : { expected }),
    ...(got === undefined ? {} : { got }),
    help: "Make room, then run the same command again: it goes on where it was.",
    cause,
  });
}
