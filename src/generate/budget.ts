/**
 * Thinking budgets by forcing (Muennighoff et al. 2025, "s1: Simple test-time scaling"): a sequence that has thought for
 * its budget is made to end its thinking and to answer. Left out: forcing it to think on ("Wait").
 */
export interface ThinkingBudget {
  /** Tokens after the thinking began, the token that ends it not counted; 0 forbids thinking. */
  readonly maxThinkingTokens: number;
  /** The token that begins thinking; without it the completion begins inside of it. */
  readonly thinkStart?: number;
  /** The token that ends thinking. */
  readonly thinkEnd: number;
  /** What is written when the budget is spent, e.g. `</think><answer>`; its first token should be `thinkEnd`. */
  readonly forceTokens: readonly number[];
}

/** One sequence under a budget: asked before each token whether it is forced, told each token after. */
export class BudgetedSequence {
  readonly #budget: ThinkingBudget;
  #state: "before" | "thinking" | "forcing" | "after";
  #thought = 0;
  #forced = 0;

  constructor(budget: ThinkingBudget) {
    this.#budget = budget;
    this.#state = budget.thinkStart === undefined ? "thinking" : "before";
  }

  /** How many tokens were forced so far. */
  get forced(): number {
    return this.#forced;
  }

  /** The token that must come next, or undefined where the model is free. */
  next(): number | undefined {
    if (this.#state === "thinking" && this.#thought >= this.#budget.maxThinkingTokens) this.#state = "forcing";
    if (this.#state !== "forcing") return undefined;
    const token = this.#budget.forceTokens[this.#forced];
    if (token === undefined) this.#state = "after";
    return token;
  }

  /** Takes note of the token that came. */
  accept(token: number): void {
    switch (this.#state) {
      case "before":
        if (token === this.#budget.thinkStart) this.#state = "thinking";
        break;
      case "thinking":
        if (token === this.#budget.thinkEnd) this.#state = "after";
        else this.#thought++;
        break;
      case "forcing":
        this.#forced++;
        break;
      case "after":
        break;
      default:
        this.#state satisfies never;
        throw new Error(`internal: state ${String(this.#state)}`);
    }
  }
}
