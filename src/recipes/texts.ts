/**
 * The texts that recipes train on, and the first of them as a print of the code: they tell two versions of the code apart whose recipe is the same, since a
 * changed corpus, method or gold answer changes them.
 */
import {
  document,
  formatCompletion,
  getTask,
  isBuiltIn,
  renderDocument,
  sampleFromMix,
  type Trace,
  traceLines,
} from "../tasks/index.ts";
import { Random } from "../util/random.ts";
import { corporaOf, corpusOf, corpusTraces, ratedCorpus } from "./corpora.ts";
import { phasesOf } from "./corpus-mix.ts";
import type { Recipe, SuperviseStage } from "./schema.ts";
import { cleanSolution } from "./solutions.ts";

/** Document `index` of the corpus of a phase. */
export function pretrainText(recipe: Recipe, phase: ReturnType<typeof phasesOf>[number], index: number): string {
  return renderDocument(document(Random.of(recipe.seed, "corpus", index), phase.mix));
}

/** Clean solution `index` of a stage. */
export function superviseText(recipe: Recipe, stage: SuperviseStage, index: number): string {
  return traceText(cleanSolution(recipe.seed, index, stage.problems));
}

/** A trace as the text that is trained on. */
export function traceText({ prompt, thinking, answer }: Pick<Trace, "prompt" | "thinking" | "answer">): string {
  return `<|user|>${prompt}<|assistant|>${formatCompletion(thinking, answer)}<|end|>`;
}

/**
 * The first `count` documents of each phase of pretraining, clean solutions of fine-tuning (or traces of each corpus that it
 * reads), or training problems of built-in families with their gold answers of stages that answer them.
 */
export function firstTexts(recipe: Recipe, count: number): string[] {
  return recipe.stages.flatMap((stage) => {
    switch (stage.kind) {
      case "pretrain":
        return phasesOf(stage).flatMap((phase) =>
          Array.from({ length: count }, (_, index) => pretrainText(recipe, phase, index)),
        );
      case "supervise":
        return stage.data === undefined
          ? Array.from({ length: count }, (_, index) => superviseText(recipe, stage, index))
          : corporaOf(stage.data).flatMap((corpus) =>
              corpusTraces(corpus, count, recipe.seed, stage.problems).map(traceText),
            );
      case "reinforce":
      case "sample": {
        const rungs = stage.problems.filter(({ family }) => isBuiltIn(family));
        if (rungs.length === 0) return [];
        return Array.from({ length: count }, (_, index) => {
          const { family, prompt, facts } = sampleFromMix({ seed: recipe.seed, index, split: "train" }, rungs);
          return `${prompt}\n${getTask(family).gold(facts)}`;
        });
      }
      case "reward":
      case "graded": {
        const corpus = stage.kind === "reward" && stage.data !== undefined ? corpusOf(stage.data) : "graded";
        if (corpus === undefined) return [];
        const write = ratedCorpus(corpus);
        return Array.from({ length: count }, (_, index) =>
          traceLines(write({ seed: recipe.seed, index, split: "train", ...stage })),
        );
      }
      default:
        stage satisfies never;
        throw new Error("internal: unknown stage");
    }
  });
}
