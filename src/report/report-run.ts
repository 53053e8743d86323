/** What a report is made of: one run, read from wherever it lies. */
import type { Thought } from "./forced-text.ts";
import type { RunCurves } from "./run-curves.ts";

export interface ReportSample extends Thought {
  readonly family: string;
  readonly level: number;
  readonly prompt: string;
  readonly answer: string | null;
  readonly tokens: number;
  readonly score: number;
  readonly reason: string;
  readonly reward: number;
  readonly advantage: number;
}

export interface ReportEvent {
  readonly time: string | null;
  readonly level: "info" | "warning" | "error";
  readonly code: string;
  readonly step: number | null;
  readonly message: string;
  readonly help: string | null;
}

export interface ReportRun {
  readonly name: string;
  /** In words; null where `state.json` cannot be read. */
  readonly state: { readonly words: string; readonly step: number; readonly steps: number } | null;
  readonly startedAt: string | null;
  readonly updatedAt: string | null;
  /** The resolved recipe, or null. */
  readonly recipe: unknown;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly curves: RunCurves & { keys(): string[] };
  readonly events: readonly ReportEvent[];
  /** `reckon.json` of the newest checkpoint; null without one. */
  readonly lineage: unknown;
  readonly flaws: readonly { readonly file: string; readonly problem: string }[];
  /** Answers of a few steps, early to late. */
  readonly samples: readonly { readonly step: number; readonly answers: readonly ReportSample[] }[];
}
