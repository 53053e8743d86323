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
}

export function floorTable(floors: readonly Floor[]): string {
  return markdown(
    ["floor", "wanted", "measured", ""],
    floors.map((floor) => [floor.what, floor.wanted, floor.got, floor.met ? "met" : "**missed**"]),
  );
}

/** What stands where nothing has been measured yet. */
export function missing(part: string): string {
  return `Not measured yet: \`npm run reckon -- evidence --parts ${part}\`.`;
}
