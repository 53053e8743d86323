/**
 * What is kept in memory of each rollout: where its line lies and the few numbers that filters and orders look at, in typed
 * arrays of some 60 bytes a rollout, so that 100,000 take 6 MB where their texts would take a hundred.
 */
import { hashString } from "../util/random.ts";
import type { LinePosition } from "./jsonl-tail.ts";
import { RIGHT, type RolloutLine } from "./rollout-line.ts";
import type { Rung } from "./wire.ts";

export interface RolloutFilter {
  /** A step, or "latest" for the last sampled one. */
  readonly step?: number | "latest" | undefined;
  /** Ranges include both ends. */
  readonly stepFrom?: number | undefined;
  readonly stepTo?: number | undefined;
  readonly rewardFrom?: number | undefined;
  readonly rewardTo?: number | undefined;
  readonly tokensFrom?: number | undefined;
  readonly tokensTo?: number | undefined;
  readonly family?: string | undefined;
  readonly level?: number | undefined;
  readonly group?: number | undefined;
  readonly outcome?: "right" | "wrong" | undefined;
  readonly recheck?: boolean | undefined;
  /** Whether something was forced into it. */
  readonly forced?: boolean | undefined;
  /** Id of a problem (`problemId`). */
  readonly problem?: string | undefined;
}

/** Numbers a rollout, in one table of growing columns. */
const COLUMNS = {
  offset: Float64Array,
  length: Uint32Array,
  line: Uint32Array,
  step: Float64Array,
  group: Uint32Array,
  index: Uint32Array,
  family: Uint16Array,
  level: Uint16Array,
  tokens: Uint32Array,
  reward: Float64Array,
  advantage: Float64Array,
  problem: Uint32Array,
  flags: Uint8Array,
} as const;
type Name = keyof typeof COLUMNS;
type Table = { [K in Name]: InstanceType<(typeof COLUMNS)[K]> };

const IS_RIGHT = 1;
const IS_RECHECK = 2;
const IS_FORCED = 4;
const FIRST_ROOM = 256;

/**
 * Identity of a problem across steps and runs: family, level and prompt, as 53 bits in hexadecimal. A prompt states its
 * problem completely, so equal prompts are equal problems.
 */
export function problemId(family: string, level: number, prompt: string): string {
  const text = `${family}\n${level}\n${prompt}`;
  return ((hashString(`\n${text}`) & 0x1fffff) * 2 ** 32 + hashString(text)).toString(16).padStart(14, "0");
}

export class RolloutColumns {
  #table: Table = emptyTable(FIRST_ROOM);
  #rows = 0;
  readonly #families: string[] = [];
  readonly #problems = new Map<string, number>();
  readonly #problemIds: string[] = [];
  readonly #rungs = new Map<string, Rung>();
  #anyForced = false;
  #steps: number[] = [];

  get rows(): number {
    return this.#rows;
  }

  /** The columns; only the first `rows` entries count. */
  get table(): Readonly<Table> {
    return this.#table;
  }

  /** Names by the numbers in column `family`. */
  get families(): readonly string[] {
    return this.#families;
  }

  /** Ids by the numbers in column `problem`. */
  get problemIds(): readonly string[] {
    return this.#problemIds;
  }

  /** Sampled steps, ascending. */
  get steps(): readonly number[] {
    return this.#steps;
  }

  get levels(): number[] {
    return [...new Set([...this.#rungs.values()].map(({ level }) => level))].sort((a, b) => a - b);
  }

  /** Those that it has rollouts of. */
  get rungs(): Rung[] {
    return [...this.#rungs.values()];
  }

  /** Whether anything was forced into any of them. */
  get anyForced(): boolean {
    return this.#anyForced;
  }

  isRight(row: number): boolean {
    return (this.#table.flags[row]! & IS_RIGHT) !== 0;
  }

  append(rollout: RolloutLine, position: LinePosition): void {
    const row = this.#rows;
    if (row === this.#table.offset.length) this.#table = grown(this.#table, row * 2);
    const { step, group, index, family, level, tokens, reward, advantage, prompt, forced = [] } = rollout;
    const isForced = forced.length > 0;
    const values: Record<Name, number> = {
      ...position,
      step,
      group,
      index,
      family: this.#familyNumber(family),
      level,
      tokens,
      reward,
      advantage,
      problem: this.#problemNumber(problemId(family, level, prompt)),
      flags: (rollout.score >= RIGHT ? IS_RIGHT : 0) | (rollout.recheck ? IS_RECHECK : 0) | (isForced ? IS_FORCED : 0),
    };
    for (const name of Object.keys(COLUMNS) as Name[]) this.#table[name][row] = values[name];
    this.#rungs.set(`${family} ${level}`, { family, level });
    this.#anyForced ||= isForced;
    this.#noteStep(step);
    this.#rows++;
  }

  /** Rows that pass, in file order. */
  select(filter: RolloutFilter): Uint32Array {
    const { step, group, family, level, tokens, reward, problem, flags } = this.#table;
    const wantedStep = filter.step === "latest" ? this.#steps.at(-1) : filter.step;
    const wantedFamily = filter.family === undefined ? undefined : this.#families.indexOf(filter.family);
    const wantedProblem = filter.problem === undefined ? undefined : (this.#problems.get(filter.problem) ?? -1);
    const wantedRight = filter.outcome === undefined ? undefined : filter.outcome === "right";
    const { stepFrom = -Infinity, stepTo = Infinity, tokensFrom = -Infinity, tokensTo = Infinity } = filter;
    const { rewardFrom = -Infinity, rewardTo = Infinity } = filter;
    const found = new Uint32Array(this.#rows);
    let count = 0;
    for (let row = 0; row < this.#rows; row++) {
      if (wantedStep !== undefined && step[row] !== wantedStep) continue;
      if (wantedFamily !== undefined && family[row] !== wantedFamily) continue;
      if (wantedProblem !== undefined && problem[row] !== wantedProblem) continue;
      if (filter.level !== undefined && level[row] !== filter.level) continue;
      if (filter.group !== undefined && group[row] !== filter.group) continue;
      if (wantedRight !== undefined && ((flags[row]! & IS_RIGHT) !== 0) !== wantedRight) continue;
      if (filter.recheck !== undefined && ((flags[row]! & IS_RECHECK) !== 0) !== filter.recheck) continue;
      if (filter.forced !== undefined && ((flags[row]! & IS_FORCED) !== 0) !== filter.forced) continue;
      if (step[row]! < stepFrom || step[row]! > stepTo) continue;
      if (tokens[row]! < tokensFrom || tokens[row]! > tokensTo) continue;
      if (reward[row]! < rewardFrom || reward[row]! > rewardTo) continue;
      found[count++] = row;
    }
    return found.subarray(0, count);
  }

  #familyNumber(family: string): number {
    const known = this.#families.indexOf(family);
    return known >= 0 ? known : this.#families.push(family) - 1;
  }

  #problemNumber(id: string): number {
    let known = this.#problems.get(id);
    if (known === undefined) {
      known = this.#problemIds.push(id) - 1;
      this.#problems.set(id, known);
    }
    return known;
  }

  #noteStep(step: number): void {
    const last = this.#steps.at(-1);
    if (last === undefined || step > last) this.#steps.push(step);
    else if (step < last && !this.#steps.includes(step)) this.#steps = [...this.#steps, step].sort((a, b) => a - b);
  }
}

function emptyTable(room: number): Table {
  return Object.fromEntries(Object.entries(COLUMNS).map(([name, Kind]) => [name, new Kind(room)])) as Table;
}

function grown(table: Table, room: number): Table {
  const next = emptyTable(room);
  for (const name of Object.keys(COLUMNS) as Name[]) next[name].set(table[name]);
  return next;
}
