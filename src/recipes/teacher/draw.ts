/** Training problems to ask a teacher, each once: an answer may cost money. */
import type { Problem } from "../../tasks/index.ts";
import type { ProblemSource } from "../problems.ts";

/** Draws for each problem that is wanted, before the rungs count as used up. */
const PATIENCE = 20;

/** Problems of the training split with different prompts; fewer than `count` where the rungs have no more. */
export async function drawOnce(draw: ProblemSource["draw"], seed: number, count: number): Promise<Problem[]> {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (let index = 0; problems.length < count && index < PATIENCE * count + 100; index++) {
    const problem = await draw({ seed, index, split: "train" });
    const key = `${problem.family}\n${problem.prompt}`;
    if (seen.has(key)) continue;
    seen.add(key);
    problems.push(problem);
  }
  return problems;
}
