/**
 * PyTorch on two cores in the way that we use them: two processes of one thread, each with half of the rows, beside the
 * one process with two threads inside each operator.
 *
 * Decoding needs no exchange between the two, so there the faster way is the peer. Training would have to add up both
 * gradients, which is left out: what it takes so is a lower bound, and is told beside the ratio instead of entering it.
 */

import { ReckonError } from "../../util/errors.ts";
import type { Configuration } from "./configurations.ts";
import type { Reply } from "./line-process.ts";
import { type Timing, TorchPeer } from "./peer.ts";
import type { BenchResult, OtherWay, Side } from "./result.ts";
import { type Contestant, roundTo } from "./rounds.ts";
import { describe } from "./words.ts";

export const INSIDE_OPERATORS = "two threads inside each operator";
export const TWO_PROCESSES = "two processes of one thread";
/** The two processes' gradients, which are of half the batch each. */
export const NOT_ADDED_UP = `${TWO_PROCESSES}, gradients not added up`;

/** Its name among the contestants; `peer` is the one process there. */
export const PAIR = `peer, ${TWO_PROCESSES}`;

type Half = Pick<TorchPeer, "call" | "time" | "close">;

export class Pair<T extends Half> {
  readonly both: readonly [T, T];

  private constructor(both: readonly [T, T]) {
    this.both = both;
  }

  /**
   * Starts both, or leaves none behind.
   * @throws ReckonError BENCH_PEER where one does not start: without it, the peer would not be at its best
   */
  static async start<T extends Half>(start: () => Promise<T | string>): Promise<Pair<T>> {
    const first = await started(start);
    try {
      return new Pair([first, await started(start)]);
    } catch (error) {
      first.close();
      throw error;
    }
  }

  /** Asks both at once. */
  async call(what: string): Promise<[Reply, Reply]> {
    const [first, second] = this.both;
    return Promise.all([first.call(what), second.call(what)]);
  }

  /** The wall-clock of both together, from asking to the last answer, and the sum of their processor times. */
  async time(what: string): Promise<Timing> {
    const [first, second] = this.both;
    const began = performance.now();
    const each = await Promise.all([first.time(what), second.time(what)]);
    return { wall: performance.now() - began, cpu: each[0].cpu + each[1].cpu };
  }

  /** Each finds its own fastest way, at the same time, so that it finds it in the company in which it will work. */
  async tune(what: string): Promise<string> {
    const [first, second] = (await this.call(what)).map(({ choices }) => describe(choices)) as [string, string];
    return first === second ? first : `${first}; the other ${second}`;
  }

  contestant(command: string): Contestant {
    return { name: PAIR, run: () => this.time(command) };
  }

  close(): void {
    const [first, second] = this.both;
    try {
      first.close();
    } finally {
      second.close();
    }
  }
}

async function started<T>(start: () => Promise<T | string>): Promise<T> {
  const one = await start();
  if (typeof one === "string")
    throw new ReckonError("BENCH_PEER", "a process of PyTorch did not start beside another", { got: one });
  return one;
}

/** @param give hands one of the two its half of the rows */
export async function startPair<T>(
  configuration: Configuration,
  parameters: Float32Array,
  rows: readonly T[],
  give: (peer: TorchPeer, half: readonly T[]) => Promise<void>,
): Promise<Pair<TorchPeer>> {
  const pair = await Pair.start(() => TorchPeer.start(configuration, parameters, 1));
  try {
    for (const [i, half] of halves(rows).entries()) await give(pair.both[i]!, half);
    return pair;
  } catch (error) {
    pair.close();
    throw error;
  }
}

/** The first and the second half; of an odd number the first has one more. */
export function halves<T>(rows: readonly T[]): [first: T[], second: T[]] {
  const middle = Math.ceil(rows.length / 2);
  return [rows.slice(0, middle), rows.slice(middle)];
}

/** The agreement of the one process and that of the two in one list. */
export function bothAgreements(
  one: Readonly<Record<string, number>>,
  two: Readonly<Record<string, number>>,
): Record<string, number> {
  const named = Object.entries(two).map(([name, value]) => [`${name} of two processes`, value]);
  return { ...one, ...Object.fromEntries(named) };
}

/** The faster of both ways, named in `how`, with the other beside it. */
export function fasterWay(inside: Side, processes: Side): Side {
  return processes.wall < inside.wall
    ? { ...processes, how: `${TWO_PROCESSES}: ${processes.how}`, other: { [INSIDE_OPERATORS]: otherWay(inside) } }
    : { ...inside, how: `${INSIDE_OPERATORS}: ${inside.how}`, other: { [TWO_PROCESSES]: otherWay(processes) } };
}

/** The one process, with what the two take at least beside it. */
export function withLowerBound(inside: Side, processes: Side): Side {
  return { ...inside, how: `${INSIDE_OPERATORS}: ${inside.how}`, other: { [NOT_ADDED_UP]: otherWay(processes) } };
}

function otherWay({ wall, cpu, how }: Side): OtherWay {
  return { wall, cpu, how };
}

/**
 * What PyTorch takes at least for a step's gradients in two processes, and that over ours.
 * @returns null where it was not measured: on one core, without PyTorch, in older results
 */
export function lowerBound({ ours, peer }: Pick<BenchResult, "ours" | "peer">): { wall: number; ratio: number } | null {
  const bound = peer?.other?.[NOT_ADDED_UP];
  return bound ? { wall: bound.wall, ratio: roundTo(bound.wall / ours.wall, 3) } : null;
}
