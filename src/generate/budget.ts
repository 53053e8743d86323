/**
 * Thinking budgets by forcing (Muennighoff et al. 2025, "s1: Simple test-time scaling", arXiv 2501.19393): a sequence that
 * has thought for its budget is made to end its thinking and to answer; one that would end its thinking early can be made
 * to go on, by a word such as "wait" in the place of the token that ends it.
 */
export interface ThinkingBudget {
  /** Tokens after the thinking began, the token that ends it not counted; 0 forbids thinking. Default: no limit. */
  readonly maxThinkingTokens?: number;
  /** The token that begins thinking; without it the completion begins inside of it. */
  readonly thinkStart?: number;
  /** The token that ends thinking. */
  readonly thinkEnd: number;
  /** What is written when the budget is spent, e.g. `</think><answer>`; its first token should be `thinkEnd`. */
  readonly forceTokens: readonly number[];
  /** How often the end of thinking is put off; thinking that has not begun is left alone. Default 0. */
  readonly waits?: number;
  /** What is written instead of `thinkEnd` when it is put off, e.g. a line end and "wait". They count as thinking. */
  readonly waitTokens?: readonly number[];
}

/** Tokens that were forced: `count` of them from index `from` on. */
export interface ForcedRange {
  readonly from: number;
  readonly count: number;
}

/** One sequence under a budget: asked before each token whether it is forced, shown each choice, told each token. */
export class BudgetedSequence {
  readonly #budget: ThinkingBudget;
  readonly #limit: number;
  #state: "before" | "thinking" | "ending" | "after";
  #thought = 0;
  /** What is still to be written of the ending or of a wait. */
  #pending: readonly number[] = [];
  #waits = 0;
  #index = 0;
  readonly #forced: { from: number; count: number }[] = [];

  constructor(budget: ThinkingBudget) {
    this.#budget = budget;
    this.#limit = budget.maxThinkingTokens ?? Number.POSITIVE_INFINITY;
    this.#state = budget.thinkStart === undefined ? "thinking" : "before";
  }

  /** The tokens that were forced so far. */
  get forced(): readonly ForcedRange[] {
    return this.#forced;
  }

  /** The token that must come next, or undefined where the model is free. */
  next(): number | undefined {
    if (this.#state === "thinking" && this.#thought >= this.#limit) {
      this.#state = "ending";
      this.#pending = this.#budget.forceTokens;
    }
    const token = this.#pending[0];
    if (token === undefined && this.#state === "ending") this.#state = "after";
    return token;
  }

  /** What is written where the model chose `token`: the first word of a wait where it would stop thinking too early. */
  amend(token: number): number {
    const { thinkEnd, waits = 0, waitTokens = [] } = this.#budget;
    if (this.#state !== "thinking" || token !== thinkEnd || this.#thought === 0) return token;
    if (this.#waits >= waits || waitTokens.length === 0) return token;
    this.#waits++;
    this.#pending = waitTokens;
    return waitTokens[0]!;
  }

  /** Takes note of the token that came. */
  accept(token: number): void {
    const index = this.#index++;
    if (this.#pending.length > 0) {
      this.#pending = this.#pending.slice(1);
      const last = this.#forced.at(-1);
      if (last && last.from + last.count === index) last.count++;
      else this.#forced.push({ from: index, count: 1 });
    }
    switch (this.#state) {
      case "before":
        if (token === this.#budget.thinkStart) this.#state = "thinking";
        break;
      case "thinking":
        if (token === this.#budget.thinkEnd) this.#state = "after";
        else this.#thought++;
        break;
      case "ending":
      case "after":
        break;
      default:
        this.#state satisfies never;
        throw new Error(`internal: state ${String(this.#state)}`);
    }
  }
}
