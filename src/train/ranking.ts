/**
 * What comes of choosing among several answers to a problem: by the number of those that say the same (Wang et al. 2022,
 * self-consistency), by a reward model's rating (Lightman et al. 2023, arXiv 2305.20050), or by both (Li et al. 2022,
 * arXiv 2206.02336). Beside them stands pass@k, which no choice can exceed.
 */
import { bestOfK, majorityVote } from "../generate/index.ts";
import { ReckonError } from "../util/errors.ts";
import { mean } from "../util/statistics.ts";
import type { Evaluated } from "./evaluate.ts";
import { opinionFailure, opinionOn } from "./model-judge.ts";

/** Optional numbers of `reckon eval --json`; what is right is what counts as right in its `pass_at_k`. */
export interface RankingSummary {
  /** k → share of problems that the majority of the first k answers gets right, for powers of two up to `samples`. */
  readonly votes: Readonly<Record<string, number>>;
  /** k → share that the highest rated of k answers gets right, in expectation over all choices of k of them. */
  readonly best_of_k?: Readonly<Record<string, number>>;
  /** Share that a vote of all answers gets right in which each counts as much as its rating. */
  readonly weighted_vote?: number;
}

/**
 * @param answers problem-major with `samples` each
 * @param rated whether a reward model has judged them (model-judge.ts). A rating is `RewardOpinion.value`, of a step-wise model
 * thus the product over the lines or the least of them, as it was trained. Answers that it was not shown, or that were too
 * long for it, stand below all others and have no vote.
 * @throws ReckonError REWARD_FAILED where it failed on any of them: a choice by the others would not be the model's
 */
export function summariseRanking(answers: readonly Evaluated[], samples: number, rated: boolean): RankingSummary {
  const problems = Array.from({ length: answers.length / samples }, (_, p) =>
    answers.slice(p * samples, (p + 1) * samples),
  );
  const votes = votesOf(problems, samples);
  if (!rated) return { votes };
  checkRated(answers);
  const ranked = problems.map((list) =>
    list.map((answer) => ({
      rating: opinionOn(answer.judgement) ?? Number.NEGATIVE_INFINITY,
      score: isRight(answer),
    })),
  );
  return {
    votes,
    best_of_k: forPowers(samples, (k) => mean(ranked.map((list) => bestOfK(list, k)))),
    weighted_vote: mean(problems.map((list) => voted(list, ({ judgement }) => opinionOn(judgement) ?? 0))),
  };
}

function checkRated(answers: readonly Evaluated[]): void {
  const failures = answers.flatMap(({ judgement }) => opinionFailure(judgement) ?? []);
  if (failures.length === 0) return;
  throw new ReckonError("REWARD_FAILED", "the reward model failed, so that nothing can be chosen by it", {
    expected: "a rating of every answer in the strict format that it has room for",
    got: `${failures.length} of ${answers.length} answers without one; the first: ${failures[0]}`,
    help: "measure without --reward-model, or with an earlier checkpoint of it",
  });
}

/**
 * k → share of problems that the majority of the first k answers gets right. Blanks make no difference between answers.
 * @param problems the answers to each
 */
export function votesOf(problems: readonly (readonly Evaluated[])[], samples: number): Record<string, number> {
  return forPowers(samples, (k) => mean(problems.map((list) => voted(list.slice(0, k)))));
}

/** 1 if the vote is for a right answer. */
function voted(answers: readonly Evaluated[], weightOf?: (answer: Evaluated) => number): number {
  const vote = majorityVote(answers, (answer) => answer.rollout.parsed.answer?.replace(/\s+/g, ""), weightOf);
  return vote ? isRight(vote.winner) : 0;
}

const isRight = ({ judgement }: Evaluated): number => (judgement.score === 1 ? 1 : 0);

function forPowers(samples: number, value: (k: number) => number): Record<string, number> {
  const out: Record<string, number> = {};
  for (let k = 1; k <= samples; k *= 2) out[String(k)] = value(k);
  return out;
}
