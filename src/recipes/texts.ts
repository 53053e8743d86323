/**
 * The texts that recipes train on, and the first of them as a print of the code: they tell two versions of the code apart whose recipe is the same, since a
 * changed corpus, method or gold answer changes them.
 */
import {
  document,
  formatCompletion,
  getTask,
  goldTrace,
  meetsHeldOut,
  type ProblemWeight,
  renderDocument,
  sampleFromMix,
} from "../tasks/index.ts";
import { Random } from "../util/random.ts";
import { phasesOf } from "./corpus-mix.ts";
import type { Recipe, SuperviseStage } from "./schema.ts";

/** Document `index` of the corpus of a phase. */
export function pretrainText(recipe: Recipe, phase: ReturnType<typeof phasesOf>[number], index: number): string {
  return renderDocument(document(Random.of(recipe.seed, "corpus", index), phase.mix));
}

/** Clean solution `index` of a stage. */
export function superviseText(recipe: Recipe, stage: SuperviseStage, index: number): string {
  const { prompt, thinking, answer } = cleanSolution(recipe.seed, index, stage.problems);
  return `<|user|>${prompt}<|assistant|>${formatCompletion(thinking, answer)}<|end|>`;
}

/** Far from any index that a run counts to. */
const STAND_IN_STRIDE = 2 ** 41;

/** Training problem `index` with its solution; a stand-in where the solution would meet a held-out problem on its way. */
export function cleanSolution(
  seed: number,
  index: number,
  rungs: readonly ProblemWeight[],
): { readonly prompt: string; readonly thinking: string; readonly answer: string } {
  for (let attempt = 0; ; attempt++) {
    const problem = sampleFromMix({ seed, index: index + attempt * STAND_IN_STRIDE, split: "train" }, rungs);
    const trace = goldTrace(problem, problem.language);
    if (!meetsHeldOut(problem.family, trace.thinking)) return { prompt: problem.prompt, ...trace };
  }
}

/**
 * The first `count` documents of each phase of pretraining, clean solutions of fine-tuning, or training problems of built-in
 * families with their gold answers of reinforcement.
 */
export function firstTexts(recipe: Recipe, count: number): string[] {
  return recipe.stages.flatMap((stage) => {
    switch (stage.kind) {
      case "pretrain":
        return phasesOf(stage).flatMap((phase) =>
          Array.from({ length: count }, (_, index) => pretrainText(recipe, phase, index)),
        );
      case "supervise":
        return Array.from({ length: count }, (_, index) => superviseText(recipe, stage, index));
      case "reinforce":
        return Array.from({ length: count }, (_, index) => {
          const { family, prompt, facts } = sampleFromMix({ seed: recipe.seed, index, split: "train" }, stage.problems);
          return `${prompt}\n${getTask(family).gold(facts)}`;
        });
      default:
        stage satisfies never;
        throw new Error("internal: unknown stage");
    }
  });
}
