/**
 * Equal compute: how long the control of distillation runs. What is equal is what the student costs, training and sampling
 * by the formula of `trainingFlops`; the teacher's sampling is no part of it, and is told beside it (`teachers` of
 * reckon.json), since a teacher's answers can be used again and again.
 */
import { READ, TRAINED } from "./estimate.ts";
import type { LineageRecord } from "./lineage.ts";

export interface ReinforceCost {
  readonly promptsPerStep: number;
  readonly samplesPerPrompt: number;
  /** Passes over one batch of answers. */
  readonly iterations: number;
  /** Tokens of an answer, on average over the run. */
  readonly answerTokens: number;
}

/**
 * Steps of reinforcement that cost a model what fine-tuning it on so many tokens does: the nearest number, at least 1. The
 * model's size cancels out.
 * @param trainedTokens of the fine-tuning, all epochs
 */
export function equalSteps(trainedTokens: number, cost: ReinforceCost): number {
  const { promptsPerStep, samplesPerPrompt, iterations, answerTokens } = cost;
  const step = promptsPerStep * samplesPerPrompt * answerTokens * (READ + TRAINED * iterations);
  return Math.max(1, Math.round((TRAINED * trainedTokens) / step));
}

/**
 * The same from what a distilled student's reckon.json says it took, for a control that is run after it.
 * @param student of the fine-tuning stage: `tokens` are all that were trained on
 */
export function equalStepsOf(student: Pick<LineageRecord, "tokens">, cost: ReinforceCost): number {
  return equalSteps(student.tokens, cost);
}

/** How equal it became, for the comparison's caption: answers grow or shrink under reinforcement. */
export function computeRatio(control: Pick<LineageRecord, "flops">, student: Pick<LineageRecord, "flops">): number {
  return control.flops / student.flops;
}
