/**
 * The problems of one run or of several, each with how it went at every step where it occurred: held-out ones come back at
 * each evaluation, training ones seldom twice. Which problems there are is found out once for each state of the files and
 * kept for the last few questions, so that a further page goes over its own problems alone.
 */
import type { RolloutFilter } from "./rollout-columns.ts";
import { logOf, type NamedLog, placeOf, rowOf } from "./rollout-search.ts";
import type { ProblemOutcome, ProblemPage, ProblemSummary, Rung } from "./wire.ts";

export interface ProblemQuery extends Pick<RolloutFilter, "family" | "level"> {
  readonly offset: number;
  readonly limit: number;
}

interface Seen extends Rung {
  readonly id: string;
  /** Its rollouts, run by run in the order of their files: log × 2³² + row. */
  readonly places: number[];
  /** Distinct steps of one run, summed over the runs. */
  occasions: number;
}

/** Lists that are kept; each takes 8 bytes a rollout and some hundred a problem. */
const MOST_LISTS = 4;

export class ProblemList {
  readonly #lists = new Map<string, readonly Seen[]>();
  #groupings = 0;

  /** How often the rollouts of all runs were gone through. */
  get groupings(): number {
    return this.#groupings;
  }

  /** Problems that occurred most often first, then by family and level. Logs are polled first. */
  async page(logs: readonly NamedLog[], query: ProblemQuery): Promise<ProblemPage> {
    await Promise.all(logs.map(({ log }) => log.poll()));
    const all = this.#list(logs, query);
    const shown = all.slice(query.offset, query.offset + query.limit);
    // Before anything is waited for: the logs may grow, and be cut, meanwhile.
    const found = shown.map((problem) => ({ problem, outcomes: outcomesOf(logs, problem) }));
    const columns = logs.map(({ log }) => log.columns);
    const families = [...new Set(columns.flatMap((one) => one.families))].sort();
    const levels = [...new Set(columns.flatMap((one) => one.levels))].sort((a, b) => a - b);
    const rungs = new Map(columns.flatMap((one) => one.rungs.map((rung) => [`${rung.family} ${rung.level}`, rung])));
    const firsts = shown.map(({ places }) => places[0]!);
    const texts = await Promise.all(
      logs.map(({ log }, i) => log.read(firsts.filter((at) => logOf(at) === i).map((at) => rowOf(at)))),
    );
    const items = found.map(({ problem: { id, family, level, places }, outcomes }): ProblemSummary => {
      const [first] = places;
      const prompt = texts[logOf(first!)]!.get(rowOf(first!))?.prompt ?? "";
      const right = outcomes.reduce((sum, one) => sum + one.right, 0);
      return { id, family, level, prompt, answers: places.length, right, outcomes };
    });
    return { total: all.length, offset: query.offset, items, families, levels, rungs: [...rungs.values()] };
  }

  #list(logs: readonly NamedLog[], { family, level }: ProblemQuery): readonly Seen[] {
    const key = JSON.stringify([family, level, logs.map(({ log }) => log.version)]);
    let list = this.#lists.get(key);
    if (list === undefined) {
      list = group(logs, { family, level });
      this.#groupings++;
    }
    this.#lists.delete(key);
    this.#lists.set(key, list);
    for (const oldest of this.#lists.keys()) {
      if (this.#lists.size <= MOST_LISTS) break;
      this.#lists.delete(oldest);
    }
    return list;
  }
}

function group(logs: readonly NamedLog[], filter: RolloutFilter): readonly Seen[] {
  const seen = new Map<string, Seen>();
  const stepAt = (place: number): number => logs[logOf(place)]!.log.columns.table.step[rowOf(place)]!;
  logs.forEach(({ log: { columns } }, log) => {
    const { problem, family, level } = columns.table;
    for (const row of columns.select(filter)) {
      const id = columns.problemIds[problem[row]!]!;
      let entry = seen.get(id);
      if (entry === undefined) {
        entry = { id, family: columns.families[family[row]!]!, level: level[row]!, places: [], occasions: 0 };
        seen.set(id, entry);
      }
      const place = placeOf(log, row);
      const before = entry.places.at(-1);
      const same = before !== undefined && logOf(before) === log && stepAt(before) === stepAt(place);
      if (!same) entry.occasions++;
      entry.places.push(place);
    }
  });
  return [...seen.values()].sort(
    (a, b) =>
      b.occasions - a.occasions ||
      (a.family < b.family ? -1 : a.family > b.family ? 1 : a.level - b.level) ||
      a.places[0]! - b.places[0]!,
  );
}

/** Its answers by run and step. */
function outcomesOf(logs: readonly NamedLog[], { places }: Seen): ProblemOutcome[] {
  const out: { run: string; step: number; answers: number; right: number }[] = [];
  const found = new Map<string, (typeof out)[number]>();
  for (const place of places) {
    const { run, log } = logs[logOf(place)]!;
    const { columns } = log;
    const row = rowOf(place);
    const step = columns.table.step[row]!;
    const key = `${logOf(place)} ${step}`;
    let one = found.get(key);
    if (one === undefined) {
      one = { run, step, answers: 0, right: 0 };
      found.set(key, one);
      out.push(one);
    }
    one.answers++;
    if (columns.isRight(row)) one.right++;
  }
  return out;
}
