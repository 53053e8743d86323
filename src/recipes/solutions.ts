/** Clean worked solutions of training problems. */
import { goldTrace, meetsHeldOut, type ProblemWeight, sampleFromMix, solvedFamily, standIn } from "../tasks/index.ts";

export interface Solution {
  readonly prompt: string;
  readonly thinking: string;
  readonly answer: string;
}

/** Training problem `index` with its solution; a stand-in where the solution would meet a held-out problem on its way. */
export function cleanSolution(seed: number, index: number, rungs: readonly ProblemWeight[]): Solution {
  for (let attempt = 0; ; attempt++) {
    const problem = sampleFromMix({ seed, index: standIn(index, attempt), split: "train" }, rungs);
    const trace = goldTrace(problem, problem.language);
    if (!meetsHeldOut(solvedFamily(problem), trace.thinking)) return { prompt: problem.prompt, ...trace };
  }
}
