/** What the document's parts have in common: tables, and figures in words. */
import { type AnyResult, ageOf } from "./results.ts";

export { table } from "../markdown-table.ts";

export const two = (value: number): string => value.toFixed(2);
export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
export const ms = (value: number): string => value.toFixed(value < 100 ? 1 : 0);
export const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
export const seconds = (value: number): string => `${(value / 1000).toFixed(1)} s`;
export const cores = (threads: number): string => (threads === 1 ? "1 core" : `${threads} cores`);

/** A dagger behind what was measured on other code than the present. */
export function mark({ commit }: Pick<AnyResult, "commit">): string {
  return ageOf(commit) === "present" ? "" : " †";
}
