/**
 * The weight of an answer's tokens in the loss, which is a sum over tokens: the normalisations of the GRPO family.
 *
 * - grpo: mean over answers of the mean over tokens, 1 / (N·|o_i|) (DeepSeekMath, arXiv 2402.03300)
 * - dapo: mean over all tokens of the step, 1 / Σ|o|, times the step's answers over the update's: in every update of a
 *   step a token counts the same (DAPO, arXiv 2503.14476; TRL's `dapo`)
 * - bnpo: mean over the tokens of the update alone (TRL's `bnpo`)
 * - dr_grpo: by a constant, 1 / (N·L_max) (Dr. GRPO, arXiv 2503.20783)
 *
 * With one update a step dapo and bnpo are the same.
 */
export type Normalisation = "grpo" | "dr_grpo" | "dapo" | "bnpo";

/**
 * @param lengths learnt tokens of every answer in the update; 0 for one that is left out
 * @param maxLength L_max, the cap on new tokens
 * @param step learnt tokens of every answer of the whole step; default: the update is the step
 */
export function tokenWeights(
  lengths: readonly number[],
  normalisation: Normalisation,
  maxLength: number,
  step: readonly number[] = lengths,
): number[] {
  const answers = lengths.length;
  const perToken = (list: readonly number[]): number =>
    1 /
    Math.max(
      1,
      list.reduce((a, b) => a + b, 0),
    );
  switch (normalisation) {
    case "grpo":
      return lengths.map((length) => 1 / (answers * Math.max(1, length)));
    case "dapo":
      return lengths.map(() => (step.length / answers) * perToken(step));
    case "bnpo":
      return lengths.map(() => perToken(lengths));
    case "dr_grpo":
      return lengths.map(() => 1 / (answers * maxLength));
    default:
      normalisation satisfies never;
      throw new Error("internal: unknown normalisation");
  }
}
