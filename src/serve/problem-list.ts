/**
 * The problems of one run or of several, each with how it went at every step where it occurred: held-out ones come back at
 * each evaluation, training ones seldom twice.
 */
import type { RolloutFilter } from "./rollout-columns.ts";
import type { NamedLog } from "./rollout-search.ts";
import type { ProblemOutcome, ProblemPage, ProblemSummary } from "./wire.ts";

export interface ProblemQuery extends Pick<RolloutFilter, "family" | "level"> {
  readonly offset: number;
  readonly limit: number;
}

interface Seen {
  readonly id: string;
  readonly family: string;
  readonly level: number;
  answers: number;
  right: number;
  /** Distinct steps of one run, summed over the runs. */
  occasions: number;
  /** Where its text stands. */
  readonly log: number;
  readonly row: number;
}

/** Problems that occurred most often first, then by family and level. Logs are polled first. */
export async function problemPage(logs: readonly NamedLog[], query: ProblemQuery): Promise<ProblemPage> {
  await Promise.all(logs.map(({ log }) => log.poll()));
  const seen = new Map<string, Seen>();
  const selected = logs.map(({ log }) => log.columns.select({ family: query.family, level: query.level }));
  logs.forEach(({ log: { columns } }, log) => {
    const { problem, step, family, level } = columns.table;
    const lastStep = new Map<string, number>();
    for (const row of selected[log]!) {
      const id = columns.problemIds[problem[row]!]!;
      let entry = seen.get(id);
      if (entry === undefined) {
        const of = { family: columns.families[family[row]!]!, level: level[row]! };
        entry = { id, ...of, answers: 0, right: 0, occasions: 0, log, row };
        seen.set(id, entry);
      }
      entry.answers++;
      if (columns.isRight(row)) entry.right++;
      if (lastStep.get(id) !== step[row]) entry.occasions++;
      lastStep.set(id, step[row]!);
    }
  });
  const all = [...seen.values()].sort(
    (a, b) =>
      b.occasions - a.occasions ||
      (a.family < b.family ? -1 : a.family > b.family ? 1 : a.level - b.level) ||
      a.log - b.log ||
      a.row - b.row,
  );
  const shown = all.slice(query.offset, query.offset + query.limit);
  const outcomes = outcomesOf(logs, selected, new Set(shown.map(({ id }) => id)));
  const texts = await Promise.all(
    logs.map(({ log }, i) => log.read(shown.filter((entry) => entry.log === i).map(({ row }) => row))),
  );
  const items = shown.map(({ id, family, level, answers, right, log, row }): ProblemSummary => {
    const prompt = texts[log]!.get(row)?.prompt ?? "";
    return { id, family, level, prompt, answers, right, outcomes: outcomes.get(id) ?? [] };
  });
  const families = [...new Set(logs.flatMap(({ log }) => log.columns.families))].sort();
  const levels = [...new Set(logs.flatMap(({ log }) => log.columns.levels))].sort((a, b) => a - b);
  return { total: all.length, offset: query.offset, items, families, levels };
}

/** For each wanted problem, its answers by run and step. */
function outcomesOf(
  logs: readonly NamedLog[],
  selected: readonly Uint32Array[],
  wanted: ReadonlySet<string>,
): Map<string, ProblemOutcome[]> {
  const out = new Map<string, ProblemOutcome[]>();
  logs.forEach(({ run, log: { columns } }, i) => {
    const { problem, step } = columns.table;
    const found = new Map<string, { run: string; step: number; answers: number; right: number }>();
    for (const row of selected[i]!) {
      const id = columns.problemIds[problem[row]!]!;
      if (!wanted.has(id)) continue;
      const key = `${id} ${step[row]}`;
      let one = found.get(key);
      if (one === undefined) {
        one = { run, step: step[row]!, answers: 0, right: 0 };
        found.set(key, one);
        const list = out.get(id);
        if (list === undefined) out.set(id, [one]);
        else list.push(one);
      }
      one.answers++;
      if (columns.isRight(row)) one.right++;
    }
  });
  return out;
}
