/** Words and tables of the evidence. */
import type { Interval } from "../../util/statistics.ts";

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

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
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

/** A floor that shares must reach, each of them; met or missed by what the least of them is above it or under it. */
export function shareFloor(what: string, wanted: number, shares: readonly number[]): Floor {
  const least = Math.min(...shares);
  return {
    what,
    wanted: `≥ ${percent(wanted)}`,
    got: shares.map(percent).join(", "),
    met: least >= wanted,
    ...pointsFrom(least - wanted),
  };
}

/** How far a share is from what was wanted. */
export function pointsFrom(gap: number): Pick<Floor, "by"> {
  return Number.isFinite(gap) ? { by: `${Math.abs(100 * gap).toFixed(1)} points` } : {};
}

export function floorTable(floors: readonly Floor[]): string {
  return markdown(
    ["floor", "wanted", "measured", ""],
    floors.map(({ what, wanted, got, met, by }) => {
      const how = by === undefined ? "" : ` by ${by}`;
      return [what, wanted, got, met ? `met${how}` : `**missed**${how}`];
    }),
  );
}

/** What stands where nothing has been measured yet. */
export function missing(part: string): string {
  return `Not measured yet: \`npm run reckon -- evidence --parts ${part}\`.`;
}
