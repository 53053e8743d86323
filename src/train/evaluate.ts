/**
 * Held-out evaluation: sample answers, judge them, and say what they were like. Accuracy never stands alone: beside it
 * are its standard error, the chance level, and accuracy given the format, which tells reasoning from tidiness.
 */
import { passAtK } from "../generate/index.ts";
import { promptIds } from "../model/chat-template.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import { analyse, type Problem } from "../tasks/index.ts";
import { mean } from "../util/statistics.ts";
import type { Compute, RolloutRequest, Weights } from "./compute.ts";
import type { Judge } from "./judge.ts";
import { type Judgement, type Rollout, rolloutOf } from "./rollout.ts";

export interface EvaluationSettings {
  /** Answers a problem. */
  readonly samples: number;
  readonly seed: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly maxNewTokens: number;
  readonly batchRows?: number;
  readonly budget?: RolloutRequest["budget"];
  /** One for each problem, in place of `budget`. */
  readonly budgets?: RolloutRequest["budgets"];
  readonly weights?: Weights;
  /** Names the draw, so that evaluations of one run do not share random numbers with its rollouts. */
  readonly key?: readonly (string | number)[];
}

export interface RungResult {
  readonly family: string;
  readonly level: number;
  readonly n: number;
  readonly accuracy: number;
  readonly chance: number;
  readonly format: number;
  readonly tokens_mean: number;
}

/** The numbers of `reckon eval --json`. */
export interface EvaluationSummary {
  /** Problems. */
  readonly n: number;
  readonly samples: number;
  readonly pass_at_1: number;
  /** Standard error of pass_at_1 over problems. */
  readonly se: number;
  /** k → pass@k for powers of two up to `samples`. */
  readonly pass_at_k: Readonly<Record<string, number>>;
  readonly format: number;
  readonly accuracy_given_format: number;
  readonly chance: number;
  readonly tokens_mean: number;
  readonly tokens_right: number;
  readonly tokens_wrong: number;
  /** Share of answers with a retry or a second look. */
  readonly recheck_share: number;
  /** Of answers whose first try was wrong and that went on: the share that ended right. */
  readonly recovered: number;
  /** Share of all answers whose first try was wrong and that went on. */
  readonly went_on_share: number;
  readonly cut_share: number;
  readonly by_family_level: readonly RungResult[];
}

export interface Evaluated {
  readonly rollout: Rollout;
  readonly judgement: Judgement;
}

/** Samples and judges; results are problem-major. */
export async function sampleAnswers(
  compute: Compute,
  tokenizer: Tokenizer,
  problems: readonly Problem[],
  settings: EvaluationSettings,
  judge: Judge,
): Promise<Evaluated[]> {
  const prompts = problems.map((problem) => promptIds(tokenizer, problem.prompt));
  const { shards } = compute.spec;
  const size = Math.ceil(problems.length / shards);
  const { samples, seed, temperature, topK, topP, maxNewTokens, batchRows, budget, budgets } = settings;
  const requests = Array.from(
    { length: shards },
    (_, s): RolloutRequest => ({
      prompts: prompts.slice(s * size, (s + 1) * size),
      samples,
      maxNewTokens,
      temperature,
      ...(topK === undefined ? {} : { topK }),
      ...(topP === undefined ? {} : { topP }),
      ...(batchRows === undefined ? {} : { batchRows }),
      ...(budget === undefined ? {} : { budget }),
      ...(budgets === undefined ? {} : { budgets: budgets.slice(s * size, (s + 1) * size) }),
      stopTokens: [tokenizer.specialId("<|end|>")!],
      seed,
      key: settings.key ?? ["evaluate"],
      itemOffset: s * size * samples,
    }),
  ).filter((request) => request.prompts.length > 0);
  const completions = await compute.generate(requests, settings.weights ?? "parameters");
  const rollouts = completions.flatMap((list, s) =>
    list.map((completion) => {
      const index = s * size + completion.prompt;
      return rolloutOf(problems[index]!, prompts[index]!, completion, tokenizer);
    }),
  );
  const judgements = await judge(rollouts);
  return rollouts.map((rollout, i) => ({ rollout, judgement: judgements[i]! }));
}

/** Condenses judged answers, problem-major with `samples` each. */
export function summarise(answers: readonly Evaluated[], samples: number): EvaluationSummary {
  const problems = answers.length / samples;
  const right = (answer: Evaluated): boolean => answer.judgement.score === 1;
  const correct = Array.from(
    { length: problems },
    (_, p) => answers.slice(p * samples, (p + 1) * samples).filter(right).length,
  );
  const rates = correct.map((c) => c / samples);
  const accuracy = mean(rates);
  const variance = mean(rates.map((rate) => (rate - accuracy) ** 2));
  const formatted = answers.filter((a) => a.judgement.rewards["format"] === 1);
  const traces = answers.map((a) => ({ answer: a, trace: analyse(a.rollout.problem, a.rollout.parsed.thinking) }));
  const wentOn = traces.filter(({ trace }) => trace.firstTryWrong && trace.wentOn);
  const passes: Record<string, number> = {};
  for (let k = 1; k <= samples; k *= 2) passes[String(k)] = mean(correct.map((c) => passAtK(samples, c, k)));
  const lengths = (list: readonly Evaluated[]): number => mean(list.map((a) => a.rollout.length));
  return {
    n: problems,
    samples,
    pass_at_1: accuracy,
    se: Math.sqrt(variance / Math.max(1, problems - 1)),
    pass_at_k: passes,
    format: formatted.length / Math.max(1, answers.length),
    accuracy_given_format: formatted.length === 0 ? 0 : formatted.filter(right).length / formatted.length,
    chance: mean(answers.map((a) => a.rollout.problem.chance)),
    tokens_mean: lengths(answers),
    tokens_right: lengths(answers.filter(right)),
    tokens_wrong: lengths(answers.filter((a) => !right(a))),
    recheck_share: mean(traces.map(({ trace }) => (trace.retries + trace.rechecks > 0 ? 1 : 0))),
    recovered: mean(wentOn.map(({ answer }) => (right(answer) ? 1 : 0))),
    went_on_share: wentOn.length / Math.max(1, answers.length),
    cut_share: mean(answers.map((a) => (a.rollout.finish === "length" ? 1 : 0))),
    by_family_level: rungs(answers),
  };
}

function rungs(answers: readonly Evaluated[]): RungResult[] {
  const groups = new Map<string, Evaluated[]>();
  for (const answer of answers) {
    const { family, level } = answer.rollout.problem;
    const key = `${family}/${level}`;
    const list = groups.get(key);
    if (list) list.push(answer);
    else groups.set(key, [answer]);
  }
  return [...groups.values()]
    .map((list) => ({
      family: list[0]!.rollout.problem.family,
      level: list[0]!.rollout.problem.level,
      n: list.length,
      accuracy: mean(list.map((a) => a.judgement.score)),
      chance: mean(list.map((a) => a.rollout.problem.chance)),
      format: mean(list.map((a) => a.judgement.rewards["format"] ?? 0)),
      tokens_mean: mean(list.map((a) => a.rollout.length)),
    }))
    .sort((a, b) => (a.family < b.family ? -1 : a.family > b.family ? 1 : a.level - b.level));
}
