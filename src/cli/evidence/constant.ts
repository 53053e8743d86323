/**
 * What can be got without reading a question: the answer that is most common among a rung's training problems, given to
 * its held-out ones. Chance, as the families state it, is that of a random legal answer, and lower where some are more
 * common than others.
 */
import { getTask, type Problem, sampleProblem } from "../../tasks/index.ts";
import { mean } from "../../util/statistics.ts";
import type { Rung } from "./figures.ts";

/** Training problems of a rung that the answer is chosen by, and the seed that draws them. */
const DRAWN = 500;
const SEED = 7_000_003;

/** Share of a rung's problems that its constant answer gets right. */
export function constantShare(
  { family, level, at }: Pick<Rung, "family" | "level" | "at">,
  problems: readonly Problem[],
): number {
  const task = getTask(family);
  const counts = new Map<string, number>();
  for (let index = 0; index < DRAWN; index++) {
    const answer = task.gold(sampleProblem(task, { seed: SEED, index, level, split: "train" }).facts);
    counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  const [common] = [...counts].reduce((most, next) => (next[1] > most[1] ? next : most));
  return mean(at.map((problem) => (task.verify(problems[problem]!.facts, common).score === 1 ? 1 : 0)));
}
