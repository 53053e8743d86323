/** The thinking budget of models that write in the strict format of src/tasks/format.ts. */
import type { Tokenizer } from "../model/tokenizer.ts";
import { WORDS } from "../tasks/index.ts";
import type { ThinkingBudget } from "./budget.ts";

/**
 * Thinking that is ended after `maxThinkingTokens`, by the tokens that open the answer, or put off `waits` times, by a line
 * that begins with "wait".
 */
export function formatBudget(
  tokenizer: Tokenizer,
  limits: { readonly maxThinkingTokens?: number | undefined; readonly waits?: number },
): ThinkingBudget {
  const special = (token: string): number => tokenizer.specialId(token)!;
  const { maxThinkingTokens, waits = 0 } = limits;
  return {
    ...(maxThinkingTokens === undefined ? {} : { maxThinkingTokens }),
    thinkStart: special("<think>"),
    thinkEnd: special("</think>"),
    forceTokens: [special("</think>"), special("<answer>")],
    waits,
    waitTokens: tokenizer.encodePlain(`\n${WORDS.en.wait}`),
  };
}
