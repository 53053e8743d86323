/**
 * A file of traces that somebody rates in the studio. Every rating is written at once, by a new file in the old one's place;
 * of it only the rated row changes, so that rows which cannot be read and fields of somebody's own stay as they are.
 */
import { readFile, stat } from "node:fs/promises";
import { refused } from "../recipes/refused.ts";
import { replaceFile } from "../runs/disk.ts";
import { aspectsOf, type Ratings, readTraces, type Trace, type TraceFault } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";

export class LabelFile {
  readonly path: string;
  readonly faults: readonly TraceFault[];
  /** In the order of the file. */
  readonly traces: Trace[];
  /** The file's lines, and which of them holds which trace. */
  readonly #lines: string[];
  readonly #places: readonly number[];
  #changed: number;
  /** Writes follow one another. */
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(path: string, text: string, changed: number) {
    this.path = path;
    this.#changed = changed;
    this.#lines = text.replace(/^\ufeff/, "").split("\n");
    const { traces, faults } = readTraces(text);
    this.traces = traces;
    this.faults = faults;
    const broken = new Set(faults.map(({ line }) => line - 1));
    this.#places = this.#lines.flatMap((line, i) => (line.trim() === "" || broken.has(i) ? [] : [i]));
  }

  /** @throws ReckonError LABEL_FILE for a file that cannot be read, or holds no trace */
  static async open(path: string): Promise<LabelFile> {
    try {
      const changed = (await stat(path)).mtimeMs;
      // What is no UTF-8 would be lost when the file is written: it is refused, as a training refuses it.
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await readFile(path));
      const file = new LabelFile(path, text, changed);
      if (file.traces.length > 0) return file;
      const first = file.faults[0];
      throw new ReckonError("LABEL_FILE", `${path} holds nothing to rate`, {
        expected: "traces as JSON lines, each with prompt, thinking and answer",
        got: first ? `${file.faults.length} broken rows; line ${first.line}: ${first.reason}` : "an empty file",
        help: "docs/reward-models.md describes the file; reckon tasks graded writes one",
      });
    } catch (cause) {
      if (cause instanceof ReckonError) throw cause;
      throw new ReckonError("LABEL_FILE", `${path} cannot be read`, {
        expected: "a file of traces as JSON lines, in UTF-8",
        got: cause instanceof Error ? cause.message : String(cause),
        cause,
      });
    }
  }

  /** How many have all their ratings. */
  get rated(): number {
    return this.traces.filter(isRated).length;
  }

  /** The next trace after `index` that lacks a rating, from the beginning again after the last; null if none does. */
  unratedAfter(index: number): number | null {
    const { length } = this.traces;
    for (let n = 1; n <= length; n++) {
      const at = (((index + n) % length) + length) % length;
      if (!isRated(this.traces[at]!)) return at;
    }
    return null;
  }

  /**
   * Puts ratings in the place of a trace's own, and writes the file. What was not written is not kept here either.
   * @throws ReckonError LABEL_CHANGED when somebody else has written to the file since; LABEL_DISK when there is no room
   */
  rate(index: number, ratings: Ratings): Promise<Trace> {
    const write = this.#writing.then(() => this.#rate(index, ratings));
    this.#writing = write.catch(() => undefined);
    return write;
  }

  async #rate(index: number, ratings: Ratings): Promise<Trace> {
    if ((await stat(this.path).catch(() => undefined))?.mtimeMs !== this.#changed) {
      throw new ReckonError("LABEL_CHANGED", `${this.path} has been changed by another program`, {
        expected: "a file that only this page writes to",
        help: "start the studio again to read it anew; the ratings given until now are in it unless it was overwritten",
      });
    }
    const place = this.#places[index]!;
    const row = JSON.parse(this.#lines[place]!) as Record<string, unknown>;
    const lines = this.#lines.with(place, JSON.stringify({ ...row, ratings }));
    try {
      replaceFile(this.path, lines.join("\n"), { durable: true });
    } catch (error) {
      throw this.#refused(error);
    }
    this.#changed = (await stat(this.path)).mtimeMs;
    this.#lines[place] = lines[place]!;
    const trace = { ...this.traces[index]!, ratings };
    this.traces[index] = trace;
    return trace;
  }

  #refused(error: unknown): unknown {
    const told = refused(error, {
      path: this.path,
      what: "the file with this rating",
      kept: "this rating was not kept, those before it are in the file",
      next: "give the rating again",
    });
    if (!(told instanceof ReckonError)) return told;
    const { summary, expected, got, help, cause } = told;
    const details = { expected: expected!, got: got!, help: help!, cause };
    return new ReckonError("LABEL_DISK", `${summary} This rating was not kept.`, details);
  }
}

function isRated({ thinking, ratings }: Trace): boolean {
  return aspectsOf(thinking).every((aspect) => ratings?.[aspect] !== undefined);
}
