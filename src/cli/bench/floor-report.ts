/** Floors and aims in docs/performance.md: which are met, by how much the others are missed, and why. */
import { floorWords, formatGap, formatValue, type Verdict } from "./floors.ts";
import { mark, table } from "./markdown.ts";
import type { Reasons } from "./reasons.ts";

const UNKNOWN = "no reason found yet";

export function verdictsText(floors: readonly Verdict[], reasons: Reasons): string {
  const missed = floors.filter(({ value, floor }) => value !== null && value < floor);
  const open = floors.filter(({ value }) => value === null);
  const lines = [
    ...missed.map(
      (verdict) => `- **${verdict.name}**: ${gapText(verdict)}. ${sentence(reasons[verdict.name] ?? UNKNOWN)}`,
    ),
    ...open.map(({ name, unjudged }) => `- **${name}** cannot be judged: ${unjudged}.`),
  ];
  const sum =
    lines.length === 0
      ? "Every floor is met."
      : `${floors.length - lines.length} of ${floors.length} floors are met. The others:\n\n${lines.join("\n")}`;
  return [
    `A floor is what must be reached, an aim what would be good. \`ratio\` of a step is PyTorch eager's time over ours for a whole
training step, gradients and optimiser, or for decoding; \`fraction\` is our rate in the gradients over that of the best plain product; \`ratio\` of grpo is
TRL's time over ours for a whole step of reinforcement learning.`,
    table(
      ["", "measured", "floor", "aim"],
      floors.map((verdict) => [
        `${verdict.name}${mark(verdict)}`,
        verdict.value === null ? "–" : formatValue(verdict.what, verdict.value),
        verdict.value === null
          ? `${formatValue(verdict.what, verdict.floor)}: not judged`
          : floorWords(verdict).slice(6),
        aimText(verdict),
      ]),
    ),
    sum,
    aimsText(floors),
  ].join("\n\n");
}

function gapText({ what, value, floor }: Verdict): string {
  return `${formatValue(what, value!)} instead of ${formatValue(what, floor)}, short by ${formatGap(what, value!, floor)}`;
}

function aimText({ what, value, aim }: Verdict): string {
  if (aim === null) return "–";
  const wanted = formatValue(what, aim);
  if (value === null) return `${wanted}: not judged`;
  return `${wanted}: ${value >= aim ? "reached" : `not reached, short by ${formatGap(what, value, aim)}`}`;
}

function aimsText(floors: readonly Verdict[]): string {
  const words = (["ratio", "fraction"] as const).map((what) => {
    const some = floors.filter((verdict) => verdict.what === what && verdict.aim !== null);
    const reached = some.filter(({ value, aim }) => value !== null && value >= aim!).length;
    const aims = [...new Set(some.map(({ aim }) => formatValue(what, aim!)))].join(" and ");
    const of = what === "ratio" ? "times eager" : "of the best product";
    return `${aims} ${of} in ${reached} of ${some.length}`;
  });
  return `The aims are reached: ${words.join(", ")}.`;
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
