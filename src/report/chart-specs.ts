/** Which curves there are, what they mean and how they are drawn. */
import { number, percent } from "./format.ts";

/** Line styles differ by dash as well as by colour. */
export type Stroke = "main" | "right" | "wrong" | "quiet" | "second" | "third" | "fourth";

export interface SeriesSpec {
  readonly key: string;
  readonly label: string;
  readonly stroke: Stroke;
  /** A reference level: dashed, never smoothed. */
  readonly reference?: boolean;
  /** Logged at few steps only: drawn with points. */
  readonly sparse?: boolean;
}

export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  /** What it says, for a newcomer; one sentence. */
  readonly about: string;
  /** The same of a run that forces a "wait" into answers, where that makes a difference. */
  readonly aboutForced?: string;
  readonly series: readonly SeriesSpec[];
  readonly format: (value: number) => string;
  /** The axis begins at zero unless the values go below. */
  readonly zero: boolean;
  /** Greatest value the axis may end at, for shares. */
  readonly top?: number;
}

const share = { format: percent, zero: true, top: 1 } as const;
const plain = { format: number, zero: true } as const;

const MAIN_CHARTS: readonly ChartSpec[] = [
  {
    id: "accuracy",
    title: "Held-out accuracy",
    about: "Share of problems it has never seen that it solves. The dashed line is what guessing gives.",
    series: [
      { key: "eval/accuracy", label: "accuracy", stroke: "main", sparse: true },
      { key: "eval/chance", label: "guessing", stroke: "quiet", reference: true, sparse: true },
    ],
    ...share,
  },
  {
    id: "reward",
    title: "Reward",
    about: "What its tries earn on average in training. Learning is nothing but raising this.",
    series: [{ key: "reward", label: "reward", stroke: "main" }],
    ...plain,
  },
  {
    id: "length",
    title: "Length of answers",
    about: "Tokens an answer takes, thinking included. Nobody tells it to think longer; it grows when that pays.",
    aboutForced:
      "Tokens an answer takes, thinking included. A forced “wait” lengthens a share of the training answers; beyond that it grows when that pays.",
    series: [
      { key: "completions/mean_length", label: "all", stroke: "main" },
      { key: "completions/mean_length_right", label: "right", stroke: "right" },
      { key: "completions/mean_length_wrong", label: "wrong", stroke: "wrong" },
    ],
    format: (value) => (value >= 10 ? Math.round(value).toLocaleString("en") : value.toFixed(1)),
    zero: true,
  },
  {
    id: "recheck",
    title: "Second looks",
    about: "Share of answers in which it tries again or checks what it has.",
    aboutForced:
      "Share of answers in which it tries again or checks what it has. In training a forced “wait” counts too; at tests nothing is forced.",
    series: [
      { key: "recheck_share", label: "in training", stroke: "main" },
      { key: "eval/recheck_share", label: "held-out", stroke: "second", sparse: true },
    ],
    ...share,
  },
  {
    id: "format",
    title: "Format",
    about: "Share of answers in the agreed form: one block of thinking, one answer, nothing after.",
    series: [
      { key: "rewards/format/mean", label: "in training", stroke: "main" },
      { key: "eval/format", label: "held-out", stroke: "second", sparse: true },
    ],
    ...share,
  },
  {
    id: "entropy",
    title: "Entropy",
    about: "How open its next word is, in nats. At zero it has stopped exploring.",
    series: [
      { key: "entropy", label: "where it learned", stroke: "main" },
      { key: "sampling/mean_surprisal", label: "all tries", stroke: "second" },
    ],
    ...plain,
  },
];

const MORE_CHARTS: readonly ChartSpec[] = [
  {
    id: "accuracy-train",
    title: "Training accuracy",
    about: "Share of right answers among the tries it learns from.",
    series: [{ key: "rewards/accuracy/mean", label: "accuracy", stroke: "main" }],
    ...share,
  },
  {
    id: "given-format",
    title: "Accuracy where the form is right",
    about: "Held-out accuracy among the answers in the agreed form: what it gains beyond learning the form.",
    series: [{ key: "eval/accuracy_given_format", label: "accuracy", stroke: "main", sparse: true }],
    ...share,
  },
  {
    id: "recovered",
    title: "Recovered",
    about: "Of the answers whose first try was wrong and that went on, the share that ended right.",
    series: [{ key: "eval/recovered", label: "held-out", stroke: "main", sparse: true }],
    ...share,
  },
  {
    id: "dead",
    title: "Groups that teach nothing",
    about: "Share of groups whose tries all earned the same: too easy or too hard.",
    series: [{ key: "frac_reward_zero_std", label: "groups", stroke: "main" }],
    ...share,
  },
  {
    id: "mixed",
    title: "Groups of the right difficulty",
    about: "Share of groups of whose tries 5 to 95 % were right: neither too hard nor too easy.",
    series: [{ key: "frac_groups_mixed", label: "groups", stroke: "main" }],
    ...share,
  },
  {
    id: "clipped",
    title: "Cut-off answers",
    about: "Share of answers that ran into the length limit.",
    series: [{ key: "completions/clipped_ratio", label: "answers", stroke: "main" }],
    ...share,
  },
  {
    id: "ends",
    title: "Shortest and longest answer",
    about: "Tokens, in each batch of tries.",
    series: [
      { key: "completions/max_length", label: "longest", stroke: "main" },
      { key: "completions/min_length", label: "shortest", stroke: "second" },
    ],
    ...plain,
  },
  {
    id: "held-length",
    title: "Length on held-out problems",
    about: "Tokens an answer takes on problems it has never seen.",
    series: [{ key: "eval/mean_length", label: "length", stroke: "main", sparse: true }],
    ...plain,
  },
  {
    id: "spread",
    title: "Spread of rewards",
    about: "Standard deviation of the rewards within a group: what there is to learn from.",
    series: [{ key: "reward_std", label: "deviation", stroke: "main" }],
    ...plain,
  },
  {
    id: "clip",
    title: "Clipped updates",
    about: "Share of tokens whose update was held back because it had gone far enough.",
    series: [
      { key: "clip_ratio/region_mean", label: "all", stroke: "main" },
      { key: "clip_ratio/high_mean", label: "upwards", stroke: "second" },
      { key: "clip_ratio/low_mean", label: "downwards", stroke: "third" },
    ],
    ...share,
  },
  {
    id: "kl",
    title: "Distance from the reference",
    about: "KL divergence from the reference model, in nats a token.",
    series: [{ key: "kl", label: "KL", stroke: "main" }],
    ...plain,
  },
  {
    id: "loss",
    title: "Loss",
    about: "The objective of the update. In this kind of learning it hovers around zero.",
    series: [{ key: "loss", label: "loss", stroke: "main" }],
    format: number,
    zero: false,
  },
  {
    id: "gradient",
    title: "Gradient norm",
    about: "Size of the update before clipping. Spikes are a warning.",
    series: [{ key: "grad_norm", label: "norm", stroke: "main" }],
    ...plain,
  },
  {
    id: "rate",
    title: "Learning rate",
    about: "Size of the optimiser's steps.",
    series: [{ key: "learning_rate", label: "rate", stroke: "main" }],
    ...plain,
  },
  {
    id: "gap",
    title: "Sampler and trainer",
    about: "Greatest difference of log-probabilities between the two. Float noise is right; more is a fault.",
    series: [
      { key: "sampling/sampling_logp_difference/max", label: "greatest", stroke: "main" },
      { key: "sampling/sampling_logp_difference/mean", label: "mean", stroke: "second" },
    ],
    ...plain,
  },
  {
    id: "ratio",
    title: "Importance ratio",
    about: "Probability under the trained model over that under the sampler, token by token. One at the first update.",
    series: [
      { key: "sampling/importance_sampling_ratio/max", label: "greatest", stroke: "second" },
      { key: "sampling/importance_sampling_ratio/mean", label: "mean", stroke: "main" },
      { key: "sampling/importance_sampling_ratio/min", label: "least", stroke: "third" },
    ],
    format: (value) => (Math.abs(value - 1) < 0.005 ? value.toFixed(6) : number(value)),
    zero: false,
  },
  {
    id: "tokens",
    title: "Tokens so far",
    about: "All it has seen, and of these what it wrote itself or was to say.",
    series: [
      { key: "num_tokens", label: "all", stroke: "main" },
      { key: "completions/num_tokens", label: "written", stroke: "second" },
      { key: "num_loss_tokens", label: "to say", stroke: "third" },
    ],
    ...plain,
  },
  {
    id: "time",
    title: "Seconds a step",
    about: "Where the time goes.",
    series: [
      { key: "time/step", label: "all", stroke: "main" },
      { key: "time/generate", label: "generating", stroke: "second" },
      { key: "time/train", label: "training", stroke: "third" },
    ],
    ...plain,
  },
];

/** What a pretraining run shows first. */
const READING_LOSS: ChartSpec = {
  id: "reading-loss",
  title: "Loss",
  about: "How surprised it is by the next word of its corpus, in nats. Lower is better.",
  series: [{ key: "loss", label: "loss", stroke: "main" }],
  format: number,
  zero: false,
};

/** One metric by itself, for charts that lay the runs over each other. */
export interface MetricSpec extends Omit<ChartSpec, "series" | "aboutForced"> {
  readonly key: string;
  /** Logged at few steps only: never smoothed. */
  readonly sparse: boolean;
  /** Metric of a level to compare with, such as chance. */
  readonly reference: string | null;
}

/**
 * Every metric that a reader may want to compare, those shown first in front; titles tell the metrics of a chart apart.
 * @param forced as for `chooseCharts`, of any of the runs
 */
export function comparedMetrics(keys: readonly string[], forced: boolean): ChartSplit {
  const reading = !keys.includes("reward");
  const { main, more } = chooseCharts(keys, reading, forced);
  const known = new Set(keys);
  const split = (specs: readonly ChartSpec[]): MetricSpec[] =>
    specs.flatMap(({ series, aboutForced: _, ...spec }) =>
      series
        .filter((one) => known.has(one.key) && one.reference !== true)
        .map(({ key, label, sparse = false }, i) => ({
          ...spec,
          id: `${spec.id}-${i}`,
          key,
          sparse,
          reference: series.find((other) => other.reference === true)?.key ?? null,
          title: series.filter((one) => one.reference !== true).length > 1 ? `${spec.title}: ${label}` : spec.title,
        })),
    );
  const first = split(main.map((spec) => ({ ...spec, series: spec.series.slice(0, spec.id === "accuracy" ? 2 : 1) })));
  const shown = new Set(first.map(({ key }) => key));
  return { main: first, more: split([...main, ...more]).filter(({ key }) => !shown.has(key)) };
}

export interface ChartSplit {
  readonly main: readonly MetricSpec[];
  readonly more: readonly MetricSpec[];
}

export interface ChartChoice {
  readonly main: readonly ChartSpec[];
  readonly more: readonly ChartSpec[];
}

/**
 * The charts of a run.
 * @param keys metrics that it has logged
 * @param reading pretraining, which has no rewards
 * @param forced whether a "wait" is forced into answers (`forcesWaits`)
 */
export function chooseCharts(keys: readonly string[], reading: boolean, forced: boolean): ChartChoice {
  const known = new Set(keys);
  const logged = (spec: ChartSpec): boolean => spec.series.some(({ key }) => known.has(key));
  const first = forced ? MAIN_CHARTS.map((spec) => ({ ...spec, about: spec.aboutForced ?? spec.about })) : MAIN_CHARTS;
  const main = reading ? [READING_LOSS, ...first.filter(logged)] : first;
  const all = [...familyCharts(keys), ...MORE_CHARTS, ...otherCharts(keys)];
  const more = all.filter((spec) => logged(spec) && !(reading && spec.id === "loss"));
  return { main, more };
}

const FAMILY = /^eval\/([^/]+)\/accuracy$/;
/** Levels of a family: the ladder shows them, not a chart each. */
const RUNG = /^eval\/[^/]+\/\d+\/(accuracy|chance|problems)$/;
const STROKES: readonly Stroke[] = ["main", "second", "third", "fourth", "right", "wrong"];

/** One plain chart for each metric that no other chart shows, such as a user's own reward. */
function otherCharts(keys: readonly string[]): ChartSpec[] {
  const shown = new Set([...MAIN_CHARTS, ...MORE_CHARTS].flatMap((spec) => spec.series.map(({ key }) => key)));
  return keys
    .filter((key) => !shown.has(key) && !FAMILY.test(key) && !RUNG.test(key))
    .map((key) => ({
      id: `key-${key}`,
      title: key,
      about: "",
      series: [
        { key, label: key.split("/").at(-1)!.replaceAll("_", " "), stroke: "main", sparse: key.startsWith("eval/") },
      ],
      format: number,
      zero: false,
    }));
}

/** Held-out accuracy of each family that was evaluated, at most six to a chart. */
function familyCharts(keys: readonly string[]): ChartSpec[] {
  const families = keys.filter((key) => FAMILY.test(key));
  const charts: ChartSpec[] = [];
  for (let i = 0; i < families.length; i += STROKES.length) {
    charts.push({
      id: `families-${i}`,
      title: "Held-out accuracy by family",
      about: "The same measure, one line for each kind of problem.",
      series: families
        .slice(i, i + STROKES.length)
        .map((key, j) => ({ key, label: FAMILY.exec(key)![1]!, stroke: STROKES[j]!, sparse: true })),
      ...share,
    });
  }
  return charts;
}
