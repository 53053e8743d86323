/**
 * The hand that writes a thought: lines in one or two languages, with the slips that its manner allows.
 *
 * A slip is a wrong value that the writer does not notice: it is written, and everything after it goes on from it.
 */
import type { Random } from "../../util/random.ts";
import type { Language } from "../task.ts";
import { WORDS, type Words } from "./words.ts";

/** In which language the words of a thought are. */
export type Tongue = Language | "mixed";

export class Pen {
  readonly random: Random;
  /** Probability that a value written by {@link slipped} is wrong. */
  slip: number;
  /** A word to put before the next line. */
  opening: keyof Words | null = null;
  /** Numbers of the lines, from 0, in which a slip was made, once for each. */
  readonly slips: number[] = [];
  readonly #tongue: Tongue;
  readonly #lines: string[] = [];
  #length = 0;

  constructor(random: Random, tongue: Tongue, slip: number) {
    this.random = random;
    this.#tongue = tongue;
    this.slip = slip;
  }

  /** Writes a line; a mixed thought draws the language of each line. */
  line(render: string | ((words: Words) => string)): void {
    const language = this.#tongue === "mixed" ? this.random.pick(["en", "de"] as const) : this.#tongue;
    const words = WORDS[language];
    const body = typeof render === "string" ? render : render(words);
    const text = this.opening === null ? body : `${words[this.opening]} ${body}`;
    this.opening = null;
    this.#lines.push(text);
    this.#length += text.length + 1;
  }

  /** Characters written so far. */
  get length(): number {
    return this.#length;
  }

  get text(): string {
    return this.#lines.join("\n");
  }

  /**
   * The value, or with probability {@link slip} one near it (never negative).
   * @param ahead lines that are worked out already and will be written before the one that this value stands in
   */
  slipped(value: number, ahead = 0): number {
    return this.#slips(ahead) ? nearMiss(this.random, value) : value;
  }

  /**
   * The truth, or with probability {@link slip} its opposite.
   * @param ahead as of {@link slipped}
   */
  judged(truth: boolean, ahead = 0): boolean {
    return this.#slips(ahead) ? !truth : truth;
  }

  /** Whether the hand slips now, which is remembered with the line that it will be written in. */
  #slips(ahead: number): boolean {
    if (!(this.slip > 0 && this.random.chance(this.slip))) return false;
    this.slips.push(this.#lines.length + ahead);
    return true;
  }
}

/** A plausible wrong value: off by 1, 2 or 10, and not negative where the true one is not. */
export function nearMiss(random: Random, value: number): number {
  const near = value + random.pick([-10, -2, -1, 1, 2, 10]);
  // A slip may have led below zero already: there any neighbour will do, and a loop would never find a better one.
  return value >= 0 && near < 0 ? 2 * value - near : near;
}
