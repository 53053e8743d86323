/** Batched decoding with a KV cache, sampling, thinking budgets, voting. */
export type { ForcedRange, ThinkingBudget } from "./budget.ts";
export { Decoder, type DecoderOptions, type DecoderRun, type Joining, type Parameters } from "./decoder.ts";
export { type Completion, type GenerateRequest, Generator } from "./generate.ts";
export { meanPassAtK, passAtK } from "./passk.ts";
export { bestOfK, type RatedAnswer } from "./rerank.ts";
export { chooseToken, type Sampling, TokenRandom } from "./sample.ts";
export { formatBudget } from "./thinking.ts";
export { majorityVote, type Vote } from "./vote.ts";
