/** What the engine must reach and what it aims at, and by what a result is judged to. */
import type { ConfigurationName } from "./configurations.ts";
import type { GrpoResult } from "./grpo.ts";
import type { BenchResult } from "./result.ts";
import { wholeStep } from "./whole.ts";

/**
 * On one core and on two: share of the best plain product (gradients of a training step), and time of PyTorch eager over ours
 * (the whole step, gradients and optimiser; decoding). Decoding multiplies a row a sequence, which no product of that shape
 * does at the best rate: its share is told and has no floor.
 */
export const FLOORS: Readonly<Record<ConfigurationName, { readonly fraction: number; readonly ratio: number }>> = {
  a: { fraction: 0.7, ratio: 1.1 },
  b: { fraction: 0.75, ratio: 1.05 },
  c: { fraction: 0.8, ratio: 1 },
};

/** What would be good, for every configuration. */
export const AIMS = { fraction: 0.85, ratio: 1.3 } as const;

/** Of a whole step of reinforcement learning: TRL's time over ours, for a job of this size. */
export const GRPO_FLOOR = { ratio: 2, prompts: 32, samples: 16 } as const;

/** A floor beside what was measured. */
export interface Verdict {
  /** The result and what of it, e.g. "step-a-1 ratio"; the key in bench/reasons.json. */
  readonly name: string;
  readonly what: "ratio" | "fraction";
  /** That it was measured on. */
  readonly commit: string;
  /** Null where it cannot be judged; `unjudged` says why. */
  readonly value: number | null;
  readonly unjudged?: string;
  readonly floor: number;
  readonly aim: number | null;
}

/** Every floor of these results. */
export function verdicts(
  steps: readonly BenchResult[],
  decodes: readonly BenchResult[],
  grpo: readonly GrpoResult[],
): Verdict[] {
  return [...steps.flatMap(stepVerdicts), ...decodes.map(decodeVerdict), ...grpo.map(grpoVerdict)];
}

export function stepVerdicts(result: BenchResult): [ratio: Verdict, fraction: Verdict] {
  const { name, commit, config, fraction } = result;
  const whole = wholeStep(result);
  const ratio = whole?.ratio ?? null;
  const why = whole === null ? "the optimiser's step was not measured" : (result.peerMissing ?? "there was no PyTorch");
  const floor = FLOORS[config];
  return [
    {
      ...{ name: `${name} ratio`, what: "ratio", commit, value: ratio, floor: floor.ratio, aim: AIMS.ratio },
      ...(ratio === null ? { unjudged: why } : {}),
    },
    { name: `${name} fraction`, what: "fraction", commit, value: fraction, floor: floor.fraction, aim: AIMS.fraction },
  ];
}

export function decodeVerdict({ name, commit, config, ratio, peerMissing }: BenchResult): Verdict {
  const verdict = {
    name: `${name} ratio`,
    what: "ratio",
    commit,
    floor: FLOORS[config].ratio,
    aim: AIMS.ratio,
  } as const;
  return ratio === null
    ? { ...verdict, value: null, unjudged: peerMissing ?? "there was no PyTorch" }
    : { ...verdict, value: ratio };
}

export function grpoVerdict({ name, commit, job, ratio, peerMissing }: GrpoResult): Verdict {
  const { prompts, samples } = GRPO_FLOOR;
  const unjudged =
    job.prompts !== prompts || job.samples !== samples
      ? `the floor is for ${prompts} × ${samples} samples, this is ${job.prompts} × ${job.samples}`
      : ratio === null
        ? (peerMissing ?? "there was no TRL")
        : undefined;
  const verdict = { name: `${name} ratio`, what: "ratio", commit, floor: GRPO_FLOOR.ratio, aim: null } as const;
  return unjudged === undefined ? { ...verdict, value: ratio } : { ...verdict, value: null, unjudged };
}

/** "1.25" or "80 %" */
export function formatValue(what: Verdict["what"], value: number): string {
  return what === "ratio" ? value.toFixed(2) : `${(100 * value).toFixed(0)} %`;
}

/** By how much a missed floor or aim is missed, in its own unit: "0.05" or "10.2 points"; fine enough not to be 0. */
export function formatGap(what: Verdict["what"], value: number, wanted: number): string {
  const gap = (wanted - value) * (what === "ratio" ? 1 : 100);
  const digits = what === "ratio" ? 2 : 1;
  const fine = gap < 0.5 * 10 ** -digits ? gap.toPrecision(1) : gap.toFixed(digits);
  return what === "ratio" ? fine : `${fine} points`;
}

/** "floor 1.10: met" */
export function floorWords(verdict: Verdict): string {
  const { what, value, floor } = verdict;
  const word = value === null || value >= floor ? "met" : `**missed** by ${formatGap(what, value, floor)}`;
  return `floor ${formatValue(what, floor)}: ${word}`;
}

/** "1.25 (floor 1.10: met)"; a dash where it cannot be judged */
export function judged(verdict: Verdict): string {
  const { what, value } = verdict;
  return value === null ? "–" : `${formatValue(what, value)} (${floorWords(verdict)})`;
}
