/**
 * What says of sampled data where they come from: `lineage.json` beside `traces.jsonl`. What learns from them takes it into
 * its own lineage.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isMissing } from "../runs/disk.ts";
import { ReckonError } from "../util/errors.ts";
import type { FamilyCounts, SampleCounts } from "./sample-counts.ts";

export const DATA_LINEAGE = "lineage.json";
/** What a stage that makes data leaves: one trace a line. */
export const TRACES = "traces.jsonl";

/** `lineage.json`: a function of recipe and seed. Older versions leave `parent` out. */
export interface DataLineage {
  readonly recipe: string;
  readonly stage: string;
  readonly seed: number;
  /** Where the model that answered comes from: its reckon.json without evaluations and clock; null where it has none. */
  readonly parent?: unknown;
  /** SHA-256 of the model's weights that answered. */
  readonly parentHash: string;
  /** SHA-256 of traces.jsonl. */
  readonly hash: string;
  readonly prompts: number;
  /** Tokens of prompts and answers, a prompt once for each of its answers. */
  readonly tokens: number;
  readonly sampledTokens: number;
  readonly counts: SampleCounts;
  readonly families: FamilyCounts;
}

/** What a model's lineage says of the data that it learnt from. */
export type DataOrigin = Omit<DataLineage, "families">;

/** Of the files of traces that a model sampled, what stands beside them; others have none. */
export function originsOf(files: readonly string[]): DataOrigin[] {
  return [...new Set(files.map((file) => dirname(file)))].flatMap((folder) => {
    const path = join(folder, DATA_LINEAGE);
    try {
      const { families: _, ...origin } = JSON.parse(readFileSync(path, "utf8")) as DataLineage;
      return origin;
    } catch (error) {
      if (isMissing(error)) return [];
      throw new ReckonError("DATA_LINEAGE", `${path} cannot be read.`, {
        got: error instanceof Error ? error.message : String(error),
        help: "Sample the data again, or delete this file: the model's lineage then does not name where they come from.",
        cause: error,
      });
    }
  });
}

/** @param reckon a model's reckon.json, as a checkpoint has it */
export function ancestryOf(reckon: unknown): unknown {
  if (typeof reckon !== "object" || reckon === null) return null;
  const { evaluation: _, seconds: __, parent, ...own } = reckon as Readonly<Record<string, unknown>>;
  return { ...own, parent: ancestryOf(parent) };
}
