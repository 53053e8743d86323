/**
 * The strict format of a completion, as R1-Zero's format reward wants it: exactly one `<think>…</think>`, directly
 * followed by exactly one `<answer>…</answer>`, directly followed by the end token, and nothing before or after.
 *
 * Only `indexOf` and comparisons: linear in the text whatever stands in it; no regular expression that could backtrack.
 */

/** Special tokens as text; ids are their order in the vocabulary. */
export const SPECIAL_TOKENS = [
  "<|pad|>",
  "<|end|>",
  "<|user|>",
  "<|assistant|>",
  "<think>",
  "</think>",
  "<answer>",
  "</answer>",
] as const;

/** A completion taken apart. */
export interface ParsedCompletion {
  readonly formatOk: boolean;
  /** Text of the thinking block; of a malformed completion whatever can be read as thinking, possibly "". */
  readonly thinking: string;
  /** Text of the answer block; null unless the format is right. */
  readonly answer: string | null;
  /** "ok", or the first fault that was found. */
  readonly reason: string;
}

const THINK = "<think>";
const THINK_END = "</think>";
const ANSWER = "<answer>";
const ANSWER_END = "</answer>";
const END = "<|end|>";
const FOREIGN = ["<|pad|>", "<|user|>", "<|assistant|>"] as const;

/**
 * Parses a completion.
 * @param text the decoded completion including special tokens, ending in `<|end|>` when the model finished
 */
export function parseCompletion(text: string): ParsedCompletion {
  const fail = (reason: string): ParsedCompletion => ({
    formatOk: false,
    thinking: looseThinking(text),
    answer: null,
    reason,
  });
  const end = text.indexOf(END);
  if (end < 0) return fail("not finished: no <|end|>");
  if (end !== text.length - END.length) return fail("text after <|end|>");
  for (const token of FOREIGN) if (text.includes(token)) return fail(`${token} inside the completion`);
  if (!text.startsWith(THINK)) return fail("does not begin with <think>");
  const thinkEnd = text.indexOf(THINK_END);
  if (thinkEnd < 0) return fail("no </think>");
  if (!text.startsWith(ANSWER, thinkEnd + THINK_END.length))
    return fail("</think> is not followed directly by <answer>");
  const answerStart = thinkEnd + THINK_END.length + ANSWER.length;
  const answerEnd = text.indexOf(ANSWER_END);
  if (answerEnd < 0) return fail("no </answer>");
  if (answerEnd < answerStart) return fail("</answer> before the answer block");
  if (answerEnd + ANSWER_END.length !== end) return fail("</answer> is not followed directly by <|end|>");
  if (text.indexOf(THINK, THINK.length) >= 0) return fail("more than one <think>");
  if (text.indexOf(THINK_END, thinkEnd + 1) >= 0) return fail("more than one </think>");
  if (text.indexOf(ANSWER) !== answerStart - ANSWER.length || text.indexOf(ANSWER, answerStart) >= 0) {
    return fail("more than one <answer>");
  }
  return {
    formatOk: true,
    thinking: text.slice(THINK.length, thinkEnd),
    answer: text.slice(answerStart, answerEnd),
    reason: "ok",
  };
}

/** What a malformed completion thought: from `<think>` (or the start) to `</think>`, `<answer>`, the end token or the end. */
function looseThinking(text: string): string {
  const start = text.indexOf(THINK);
  if (start < 0) return "";
  const from = start + THINK.length;
  let to = text.length;
  for (const stop of [THINK_END, ANSWER, END]) {
    const at = text.indexOf(stop, from);
    if (at >= 0 && at < to) to = at;
  }
  return text.slice(from, to);
}

/** The completion that holds this thinking and answer in the strict format, without the end token. */
export function formatCompletion(thinking: string, answer: string): string {
  return `${THINK}${thinking}${THINK_END}${ANSWER}${answer}${ANSWER_END}`;
}
