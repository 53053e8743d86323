/**
 * Majority voting over sampled answers (Wang et al. 2022, "Self-Consistency Improves Chain of Thought Reasoning").
 */
export interface Vote<T> {
  /** The first of the answers that won. */
  readonly winner: T;
  readonly votes: number;
  /** Answers that were counted. */
  readonly total: number;
}

/**
 * The answer that most others equal; among equals the one that came first.
 * @param keyOf answers with equal keys are one answer; undefined or null abstains (no answer could be read)
 * @param weightOf weight of a vote, e.g. a reward model's score; default 1
 * @returns undefined where all abstain
 */
export function majorityVote<T>(
  answers: readonly T[],
  keyOf: (answer: T) => string | undefined | null,
  weightOf: (answer: T) => number = () => 1,
): Vote<T> | undefined {
  const counts = new Map<string, { winner: T; votes: number; weight: number }>();
  let total = 0;
  for (const answer of answers) {
    const key = keyOf(answer);
    if (key === undefined || key === null) continue;
    total++;
    const count = counts.get(key);
    if (!count) counts.set(key, { winner: answer, votes: 1, weight: weightOf(answer) });
    else {
      count.votes++;
      count.weight += weightOf(answer);
    }
  }
  let best: { winner: T; votes: number; weight: number } | undefined;
  for (const count of counts.values()) if (!best || count.weight > best.weight) best = count;
  return best && { winner: best.winner, votes: best.votes, total };
}
