/**
 * What says of sampled data where they come from: `lineage.json` beside `traces.jsonl`. What learns from them takes it into
 * its own lineage.
 */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isMissing } from "../runs/disk.ts";
import { ReckonError } from "../util/errors.ts";
import type { DataFile } from "./data-files.ts";
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
export function originsOf(files: readonly DataFile[]): DataOrigin[] {
  return recordsOf(files, readDataLineage).map(({ families: _, ...origin }) => origin);
}

/** What stands in a folder of the data that were sampled into it; undefined where none were. */
export function readDataLineage(folder: string): DataLineage | undefined {
  const path = join(folder, DATA_LINEAGE);
  try {
    return JSON.parse(readFileSync(path, "utf8")) as DataLineage;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new ReckonError("DATA_LINEAGE", `${path} cannot be read.`, {
      got: error instanceof Error ? error.message : String(error),
      help: "Sample the data again, or delete this file: the model's lineage then does not name where they come from.",
      cause: error,
    });
  }
}

/** A record of how a file of data was made, in its folder. */
export interface DataRecord {
  /** SHA-256 of the file. */
  readonly hash: string;
}

/**
 * The records beside files of data, each once: of a folder only where one of its files is what the record is of. Others that
 * lie there, and data that were changed since, have come about in another way.
 */
export function recordsOf<R extends DataRecord>(
  files: readonly DataFile[],
  read: (folder: string) => R | undefined,
): R[] {
  return [...Map.groupBy(files, ({ path }) => dirname(path))].flatMap(([folder, own]) => {
    const record = read(folder);
    return own.some(({ sha256 }) => sha256 === record?.hash) ? [record!] : [];
  });
}

/**
 * What is to be told of data that were changed since they were made: that nothing will say of whom they are.
 * @param read the records that may stand in a folder
 */
export function changedSince(
  files: readonly DataFile[],
  ...read: readonly ((folder: string) => DataRecord | undefined)[]
): string[] {
  return files.flatMap(({ path, sha256 }) => {
    const records = basename(path) === TRACES ? read.flatMap((one) => one(dirname(path)) ?? []) : [];
    if (records.length === 0 || records.some(({ hash }) => hash === sha256)) return [];
    return [`${path} was changed after it was sampled: the model's lineage will not name who wrote it`];
  });
}

/** @param reckon a model's reckon.json, as a checkpoint has it */
export function ancestryOf(reckon: unknown): unknown {
  if (typeof reckon !== "object" || reckon === null) return null;
  const { evaluation: _, seconds: __, parent, ...own } = reckon as Readonly<Record<string, unknown>>;
  return { ...own, parent: ancestryOf(parent) };
}
