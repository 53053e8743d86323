/** Words and tables of the evidence. */
import type { Interval } from "../../util/statistics.ts";
import { table as markdown } from "../markdown-table.ts";

export { markdown };

export function percent(x: number): string {
  return Number.isFinite(x) ? `${(100 * x).toFixed(1)} %` : "–";
}

/** A number with so many decimals, or a dash where it is not known. */
export function figure(x: number, decimals: number): string {
  return Number.isFinite(x) ? x.toFixed(decimals) : "–";
}

export function withInterval(x: number, { low, high }: Interval): string {
  return `${percent(x)} (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`;
}

/** A number that is no share, with its interval. */
export function figureWithInterval(x: number, { low, high }: Interval): string {
  return `${figure(x, 1)} (${figure(low, 1)}–${figure(high, 1)})`;
}

/** A figure that was wanted beforehand. */
export interface Floor {
  readonly what: string;
  readonly wanted: string;
  readonly got: string;
  readonly met: boolean;
  /** By how much, in words. */
  readonly by?: string;
}

/** How values of a floor are said, and how far the one that decides is from what was wanted. */
export interface Unit {
  readonly say: (value: number) => string;
  readonly gap: (distance: number) => string;
}

/** Shares, 0 to 1. */
export const SHARES: Unit = { say: percent, gap: (x) => `${(100 * x).toFixed(1)} points` };
/** Differences of shares. */
export const POINTS: Unit = { say: (x) => `${(100 * x).toFixed(1)} points`, gap: SHARES.gap };
export const TIMES: Unit = { say: (x) => `${figure(x, 2)} ×`, gap: (x) => `${x.toFixed(2)} ×` };
export const COUNTS: Unit = { say: String, gap: String };

/** A floor that each of the values must reach; met or missed by what the least of them is above it or under it. */
export function atLeast(what: string, wanted: number, values: readonly number[], unit: Unit): Floor {
  const least = Math.min(...values);
  return bound(what, `≥ ${unit.say(wanted)}`, least - wanted, values, unit);
}

/** A limit that none of the values may exceed. */
export function atMost(what: string, wanted: number, values: readonly number[], unit: Unit): Floor {
  const greatest = Math.max(...values);
  return bound(what, `≤ ${unit.say(wanted)}`, wanted - greatest, values, unit);
}

/** A value that is not known meets nothing. */
function bound(what: string, wanted: string, room: number, values: readonly number[], unit: Unit): Floor {
  const by = Number.isFinite(room) ? { by: unit.gap(Math.abs(room)) } : {};
  return { what, wanted, got: values.map(unit.say).join(", "), met: room >= 0, ...by };
}

/** A floor that shares must reach, each of them. */
export function shareFloor(what: string, wanted: number, shares: readonly number[]): Floor {
  return atLeast(what, wanted, shares, SHARES);
}

/** How far a share is from what was wanted. */
export function pointsFrom(gap: number): Pick<Floor, "by"> {
  return Number.isFinite(gap) ? { by: SHARES.gap(Math.abs(gap)) } : {};
}

/** On how many problems, and at which scale, floors are measured. */
export function extentFloor(scale: string, count: number, asked: "problems" | "instructions" = "problems"): Floor {
  return {
    what: `held-out ${asked} at the scale small`,
    wanted: "≥ 2000",
    got: `${count} at the scale ${scale}`,
    met: scale === "small" && count >= 2000,
  };
}

/** Why a floor is missed, by its name; undefined where nobody has found out. It is asked of each floor. */
export type Why = (floor: string) => string | undefined;

export function floorTable(floors: readonly Floor[], why: Why): string {
  return markdown(
    ["floor", "wanted", "measured", ""],
    floors.map(({ what, wanted, got, met, by }) => {
      const how = by === undefined ? "" : ` by ${by}`;
      const reason = why(what) ?? "No reason found yet.";
      return [what, wanted, got, met ? `met${how}` : `**missed**${how}. ${reason}`];
    }),
  );
}

/** A block that no text within it can end. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
