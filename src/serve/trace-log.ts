/**
 * `traces.jsonl` of a stage that makes data: its rows in memory (a run of an hour makes some ten thousand, a few
 * megabytes), filtered and ordered at each question. The order of the last question is kept for its further pages.
 */
import { z } from "zod";
import { JsonlTail } from "./jsonl-tail.ts";
import type { TraceItem, TracePage } from "./wire.ts";

const missing = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

const lineSchema = z.object({
  id: missing(z.string()),
  prompt: z.string(),
  thinking: z.string().default(""),
  answer: z.string(),
  family: missing(z.string()),
  level: missing(z.number()),
  language: missing(z.string()),
  score: missing(z.number()),
  ratings: z.record(z.string(), z.number()).default({}),
  steps: z.array(z.number()).default([]),
  source: missing(z.string()),
});

/** `file`: as they stand in it. A leading minus is descending; without a rating last. */
export const TRACE_SORTS = ["file", "length", "-length", "rating", "-rating"] as const;
export type TraceSort = (typeof TRACE_SORTS)[number];

export interface TraceQuery {
  readonly family?: string | undefined;
  readonly level?: number | undefined;
  readonly language?: string | undefined;
  readonly outcome?: "right" | "wrong" | undefined;
  /** Rating that is meant by the range and the order; default: the mean of all that are given. */
  readonly aspect?: string | undefined;
  readonly ratingFrom?: number | undefined;
  readonly ratingTo?: number | undefined;
  /** Plain text, case-insensitive, anywhere in prompt, thinking or answer. */
  readonly search?: string | undefined;
  readonly sort: TraceSort;
  readonly offset: number;
  readonly limit: number;
}

export class TraceLog {
  readonly #tail: JsonlTail;
  #items: TraceItem[] = [];
  #generation = 0;
  #last: { readonly key: string; readonly found: readonly TraceItem[] } | null = null;

  constructor(path: string) {
    this.#tail = new JsonlTail(path, {
      reset: () => {
        this.#items = [];
        this.#generation++;
      },
      line: (value, { line }) => {
        const { id, ...rest } = lineSchema.parse(value);
        this.#items.push({ id: line, name: id ?? `line-${line + 1}`, ...rest });
      },
    });
  }

  /** Reads what is new; returns whether anything changed. */
  poll(): Promise<boolean> {
    return this.#tail.poll();
  }

  get length(): number {
    return this.#items.length;
  }

  /** A page of the rows that match; the log is polled first. */
  async page(query: TraceQuery): Promise<Omit<TracePage, "counts">> {
    await this.poll();
    const found = this.#find(query);
    const { offset, limit } = query;
    const distinct = <T>(of: (item: TraceItem) => T | null): T[] =>
      [...new Set(this.#items.map(of))].filter((value) => value !== null);
    return {
      total: found.length,
      offset,
      items: found.slice(offset, offset + limit),
      rows: this.#items.length,
      broken: this.#tail.badLines,
      families: distinct(({ family }) => family).sort(),
      levels: distinct(({ level }) => level).sort((a, b) => a - b),
      languages: distinct(({ language }) => language).sort(),
      aspects: aspectMeans(found.length > 0 ? found : this.#items),
    };
  }

  #find({ offset: _, limit: __, ...question }: TraceQuery): readonly TraceItem[] {
    const key = JSON.stringify([question, this.#generation, this.#items.length]);
    if (this.#last?.key !== key) {
      const found = this.#items.filter(matcher(question));
      this.#last = { key, found: ordered(found, question.sort, question.aspect) };
    }
    return this.#last.found;
  }
}

/** A trace's rating of one aspect, or the mean of all that it has; NaN without any. */
function ratingOf({ ratings }: TraceItem, aspect: string | undefined): number {
  if (aspect !== undefined) return ratings[aspect] ?? Number.NaN;
  const given = Object.values(ratings);
  return given.length === 0 ? Number.NaN : given.reduce((sum, value) => sum + value, 0) / given.length;
}

function matcher(question: Omit<TraceQuery, "offset" | "limit">): (item: TraceItem) => boolean {
  const { family, level, language, outcome, aspect, ratingFrom, ratingTo } = question;
  const needle = question.search?.trim().toLowerCase() ?? "";
  return (item) => {
    if (family !== undefined && item.family !== family) return false;
    if (level !== undefined && item.level !== level) return false;
    if (language !== undefined && item.language !== language) return false;
    if (outcome !== undefined && (item.score === null || item.score >= 1 !== (outcome === "right"))) return false;
    if (ratingFrom !== undefined && !(ratingOf(item, aspect) >= ratingFrom)) return false;
    if (ratingTo !== undefined && !(ratingOf(item, aspect) <= ratingTo)) return false;
    return needle === "" || [item.prompt, item.thinking, item.answer].some((one) => one.toLowerCase().includes(needle));
  };
}

function ordered(items: readonly TraceItem[], sort: TraceSort, aspect: string | undefined): readonly TraceItem[] {
  if (sort === "file") return items;
  const sign = sort.startsWith("-") ? -1 : 1;
  const value = sort.endsWith("length")
    ? ({ thinking }: TraceItem) => thinking.length
    : (item: TraceItem) => ratingOf(item, aspect);
  return items
    .map((item) => ({ item, by: value(item) }))
    .sort((a, b) => Number(Number.isNaN(a.by)) - Number(Number.isNaN(b.by)) || sign * (a.by - b.by) || 0)
    .map(({ item }) => item);
}

function aspectMeans(items: readonly TraceItem[]): Record<string, number> {
  const sums = new Map<string, { sum: number; n: number }>();
  for (const { ratings } of items) {
    for (const [aspect, value] of Object.entries(ratings)) {
      const { sum, n } = sums.get(aspect) ?? { sum: 0, n: 0 };
      sums.set(aspect, { sum: sum + value, n: n + 1 });
    }
  }
  return Object.fromEntries([...sums].map(([aspect, { sum, n }]) => [aspect, sum / n]));
}
