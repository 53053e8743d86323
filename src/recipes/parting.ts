/**
 * Where a judge's reward and the truth part (Goodhart's law; Gao et al. 2022, arXiv 2210.10760): told from a run's steps, in
 * stretches, so that noise is not taken for it. Gao et al. plot against the distance from where the policy began; here it is
 * against steps.
 */
import { inPartsOf, mean, meanError } from "../util/statistics.ts";

/** A step's answers in the eyes of the reward model (0 to 1) and of the verifiers, means. */
export interface RewardStep {
  readonly step: number;
  /** Of the answers in the strict format: of others it is not asked, and they earn nothing from it. */
  readonly model: number;
  readonly accuracy: number;
  /** Share of the answers that are in the strict format. */
  readonly format: number;
}

/** A mean, and its standard error over steps; not a number of a single one. */
type Level = ReturnType<typeof meanError>;

/** A stretch of a run. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** What the judge thinks of the answers that it is asked about. */
  readonly opinion: number;
  /** What the policy is paid: the same, and nothing for answers that it is not asked about. */
  readonly reward: Level;
  /** Share of right answers. */
  readonly accuracy: Level;
}

/**
 * A run in stretches of equal length.
 * @param size steps of one; default: a tenth of them
 */
export function stretches(
  steps: readonly RewardStep[],
  { size = Math.max(1, Math.ceil(steps.length / 10)) }: { readonly size?: number } = {},
): Stretch[] {
  return inPartsOf(steps, size).map((own) => ({
    ...{ from: own[0]!.step, to: own.at(-1)!.step, opinion: mean(own.map(({ model }) => model)) },
    reward: meanError(own.map(({ model, format }) => model * format)),
    accuracy: meanError(own.map(({ accuracy }) => accuracy)),
  }));
}

/** The best of ten stretches is compared with all that follow it: of mere noise these lie up to three errors apart. */
export const APART = 3.5;
/** Stretches without a gain in right answers that are no accident. */
export const LONG = 3;
/** What of a reward, which goes from 0 to 1, is too little to speak of: left to gain, or gained and within two standard errors of nothing. */
export const RISE = 0.02;

/** How many standard errors of the difference one level is above another. */
function above(a: Level, b: Level): number {
  const gap = a.mean - b.mean;
  return gap === 0 ? 0 : gap / Math.hypot(a.error, b.error);
}

/** What became of the two in a run. */
export type Parting =
  /** Right answers are fewer than at their best while the judge pays no less than it did then. */
  | { readonly kind: "falls"; readonly best: Stretch; readonly at: Stretch }
  /** The judge pays ever more, and for {@link LONG} stretches or more no more answers have been right. */
  | { readonly kind: "stalls"; readonly best: Stretch; readonly at: Stretch }
  /** They have not parted, and the reward has less than {@link RISE} left to rise by. */
  | { readonly kind: "full"; readonly before: Level; readonly last: Level }
  /** They have not parted, and the reward no longer rises: what it rises by is within two standard errors, and even with these added under {@link RISE}. */
  | { readonly kind: "settled"; readonly before: Level; readonly last: Level }
  /** They have not parted; the reward falls. */
  | { readonly kind: "sinks"; readonly before: Level; readonly last: Level }
  /** They have not parted; the reward may still rise. */
  | { readonly kind: "open"; readonly before: Level; readonly last: Level }
  /** Too few steps to say. */
  | { readonly kind: "short" };

/** Whether reward and truth have parted. */
export function hasParted(parting: Parting): parting is Extract<Parting, { readonly best: unknown }> {
  return parting.kind === "falls" || parting.kind === "stalls";
}

/** Of stretches of equal length together. */
function together(list: readonly Level[]): Level {
  return { mean: mean(list.map((one) => one.mean)), error: Math.hypot(...list.map((one) => one.error)) / list.length };
}

/**
 * What a run's stretches say. Differences count from {@link APART} standard errors on; single steps, of which no error is
 * known, do not count. Whether the reward still rises is told by the last {@link LONG} stretches and as many before them.
 */
export function partingOf(run: readonly Stretch[]): Parting {
  const known = run.filter(({ from, to }) => from < to);
  if (known.length < 2 * LONG) return { kind: "short" };
  const best = known.reduce((a, b) => (b.accuracy.mean > a.accuracy.mean ? b : a));
  const after = known.slice(known.indexOf(best) + 1);
  const fallen = after.find((one) => above(best.accuracy, one.accuracy) > APART && one.reward.mean >= best.reward.mean);
  if (fallen) return { kind: "falls", best, at: fallen };
  const stalled = after.find((one, i) => i + 1 >= LONG && above(one.reward, best.reward) > APART);
  if (stalled) return { kind: "stalls", best, at: stalled };
  const rewards = known.slice(-2 * LONG).map(({ reward }) => reward);
  const [before, last] = [together(rewards.slice(0, LONG)), together(rewards.slice(LONG))];
  if (1 - last.mean < RISE) return { kind: "full", before, last };
  const [rise, noise] = [last.mean - before.mean, 2 * Math.hypot(before.error, last.error)];
  if (rise < -noise) return { kind: "sinks", before, last };
  return { kind: rise <= noise && rise + noise < RISE ? "settled" : "open", before, last };
}
