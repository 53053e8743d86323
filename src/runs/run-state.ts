/** `state.json` of a run: how far it is, and who writes it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isMissing } from "./disk.ts";

export type RunStatus = "running" | "paused" | "finished" | "failed" | "stopped";

/** `state.json`. Times are ISO 8601. */
export interface RunState {
  readonly status: RunStatus;
  readonly step: number;
  readonly steps: number;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly pid: number;
  readonly message?: string;
}

export const now = (): { updatedAt: string; pid: number } => ({
  updatedAt: new Date().toISOString(),
  pid: process.pid,
});

export function freshState(): RunState {
  return { status: "running", step: 0, steps: 0, startedAt: new Date().toISOString(), ...now() };
}

export function stateText(state: RunState): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}

export function readState(path: string): RunState | undefined {
  const state = readJson(join(path, "state.json"));
  return typeof state === "object" && state !== null && "status" in state ? (state as RunState) : undefined;
}

/** Content of a JSON file; undefined if there is none or it is not JSON. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
