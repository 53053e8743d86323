/**
 * Searches the rollouts of one run or of several: filters and orders by the columns in memory, and reads the texts of one
 * page. The order of the last few searches is kept, so that paging through them sorts nothing again.
 */
import type { RolloutFilter } from "./rollout-columns.ts";
import type { RolloutLog } from "./rollout-log.ts";
import type { FoundRollout, RolloutPage } from "./wire.ts";

const KEYS = ["step", "reward", "tokens", "advantage"] as const;
/** A leading minus is descending. `newest`: last step first, then by group and index. */
export const SORTS = [
  "newest",
  "step",
  "-step",
  "reward",
  "-reward",
  "tokens",
  "-tokens",
  "advantage",
  "-advantage",
] as const;
export type RolloutSort = (typeof SORTS)[number];

export interface RolloutQuery extends RolloutFilter {
  /** Plain text, case-insensitive, anywhere in prompt, completion, answer or verdict. */
  readonly search?: string | undefined;
  /** Whether it must stand in what the model wrote by itself: forced words do not count. */
  readonly own?: boolean | undefined;
  readonly sort: RolloutSort;
  readonly offset: number;
  readonly limit: number;
}

/** A log and the run it is of. */
export interface NamedLog {
  readonly run: string;
  readonly log: RolloutLog;
}

/** Orders that are kept; each is 8 bytes a match. */
const MOST_ORDERS = 4;
/** Of a log in a place, which is log × 2³² + row. */
const LOG = 2 ** 32;

export const placeOf = (log: number, row: number): number => log * LOG + row;
export const logOf = (place: number): number => Math.floor(place / LOG);
export const rowOf = (place: number): number => place % LOG;

export class RolloutSearch {
  /** By the question and the state of the files: the places of the rollouts, in order. */
  readonly #orders = new Map<string, Float64Array>();

  /** A page of the rollouts that match. Logs are polled first. */
  async page(logs: readonly NamedLog[], query: RolloutQuery): Promise<RolloutPage> {
    await Promise.all(logs.map(({ log }) => log.poll()));
    const order = await this.#order(logs, query);
    const { offset, limit } = query;
    const page = order.subarray(offset, offset + limit);
    const items = await readFound(logs, page);
    return { total: order.length, offset, items, ...facets(logs) };
  }

  async #order(logs: readonly NamedLog[], query: RolloutQuery): Promise<Float64Array> {
    const { offset: _, limit: __, sort, search, own, ...filter } = query;
    const key = JSON.stringify([filter, search, own, sort, logs.map(({ log }) => log.version)]);
    let order = this.#orders.get(key);
    if (order === undefined) {
      const columns = logs.map(({ log }) => log.columns);
      const parts = await Promise.all(logs.map(({ log }) => log.select(filter, search, own)));
      order = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      parts.forEach((part, i) => {
        for (const row of part) order![at++] = placeOf(i, row);
      });
      order.sort(comparator(sort, columns));
    }
    this.#orders.delete(key);
    this.#orders.set(key, order);
    for (const oldest of this.#orders.keys()) {
      if (this.#orders.size <= MOST_ORDERS) break;
      this.#orders.delete(oldest);
    }
    return order;
  }
}

function comparator(sort: RolloutSort, columns: readonly RolloutLog["columns"][]): (a: number, b: number) => number {
  const value = (at: number, key: "step" | "reward" | "tokens" | "advantage" | "group" | "index"): number =>
    columns[logOf(at)]!.table[key][rowOf(at)]!;
  const tie = (a: number, b: number): number =>
    value(b, "step") - value(a, "step") ||
    logOf(a) - logOf(b) ||
    value(a, "group") - value(b, "group") ||
    value(a, "index") - value(b, "index");
  if (sort === "newest") return tie;
  const key = KEYS.find((one) => sort.endsWith(one))!;
  const sign = sort.startsWith("-") ? -1 : 1;
  return (a, b) => sign * (value(a, key) - value(b, key)) || tie(a, b);
}

/** The rollouts at some places of an order. */
async function readFound(logs: readonly NamedLog[], page: Float64Array): Promise<FoundRollout[]> {
  const texts = await Promise.all(
    logs.map(({ log }, i) => log.read([...page].filter((at) => logOf(at) === i).map((at) => rowOf(at)))),
  );
  return [...page].flatMap((at) => {
    const i = logOf(at);
    const rollout = texts[i]!.get(rowOf(at));
    return rollout === undefined ? [] : [{ run: logs[i]!.run, ...rollout }];
  });
}

/** Choices for filters, over all of the runs, whatever was asked. */
function facets(logs: readonly NamedLog[]): Pick<RolloutPage, "steps" | "families" | "levels" | "forced"> {
  const union = <T>(lists: readonly (readonly T[])[]): T[] => [...new Set(lists.flat())];
  const columns = logs.map(({ log }) => log.columns);
  return {
    steps: columns.length === 1 ? columns[0]!.steps : union(columns.map((one) => one.steps)).sort((a, b) => a - b),
    families: union(columns.map((one) => one.families)).sort(),
    levels: union(columns.map((one) => one.levels)).sort((a, b) => a - b),
    forced: columns.some((one) => one.anyForced),
  };
}
