/**
 * What can be grown in a tab, and how much work a step is: easier rungs and fewer samples than on the command line, so
 * that one thread of WebAssembly learns visibly within minutes. Figures from runs of these settings:
 * docs/decisions/005-providers.md.
 */
import type { ProblemWeight } from "../../tasks/index.ts";

export interface GrowthSettings {
  readonly problems: readonly ProblemWeight[];
  readonly steps: number;
  readonly promptsPerStep: number;
  readonly samplesPerPrompt: number;
  readonly maxNewTokens: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly evaluateEvery: number;
  readonly evaluateProblems: number;
}

export interface Preset {
  readonly id: string;
  readonly label: string;
  /** What happens, for a newcomer; one sentence. */
  readonly about: string;
  readonly settings: GrowthSettings;
}

const shared = {
  promptsPerStep: 8,
  samplesPerPrompt: 8,
  learningRate: 5e-4,
  seed: 0,
  evaluateEvery: 4,
  evaluateProblems: 64,
} as const;

const rung = (family: string, level: number): ProblemWeight => ({ family, level, weight: 1 });

/** The first is the default. */
export const PRESETS: readonly Preset[] = [
  {
    id: "arithmetic",
    label: "Equations, expressions, products",
    about: "Three kinds of problems at once. It learns to write the steps down, and to look at them again.",
    settings: {
      ...shared,
      problems: [rung("equation", 0), rung("expression", 0), rung("multiplication", 0)],
      steps: 60,
      maxNewTokens: 96,
    },
  },
  {
    id: "sums",
    label: "Sums",
    about: "Numbers of two and three digits. The quickest to learn: column by column instead of a guess.",
    settings: { ...shared, problems: [rung("addition", 0), rung("addition", 1)], steps: 40, maxNewTokens: 64 },
  },
  {
    id: "countdown",
    label: "Countdown",
    about:
      "Reach a number with all of three others. It learns to try, to judge its tries and to go on; answers grow longer.",
    settings: { ...shared, problems: [rung("countdown", 0)], steps: 120, maxNewTokens: 128 },
  },
];

/** Settings of a preset with single ones replaced, as the page's address may ask: `steps`, `seed`, and so on. */
export function withSettings(settings: GrowthSettings, query: URLSearchParams): GrowthSettings {
  const number = (name: keyof GrowthSettings, least: number, most: number): object => {
    const text = query.get(name);
    const value = Number(text);
    return text !== null && Number.isInteger(value) && value >= least && value <= most ? { [name]: value } : {};
  };
  return {
    ...settings,
    ...number("steps", 1, 10_000),
    ...number("promptsPerStep", 1, 64),
    ...number("samplesPerPrompt", 2, 64),
    ...number("maxNewTokens", 8, 256),
    ...number("seed", 0, 2 ** 32),
    ...number("evaluateEvery", 1, 1000),
    ...number("evaluateProblems", 1, 512),
  };
}
