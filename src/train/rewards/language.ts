/**
 * Language consistency (DeepSeek-R1, arXiv 2501.12948, eq. 7): the share of the prompt's language among the words of the
 * thinking, 0..1; here among the words that are known to be of one language (tasks/trace/words.ts). A thought without any
 * such word is in no wrong language: 1.
 */
import { type Language, languageShare } from "../../tasks/index.ts";

export function languageConsistency(thinking: string, language: Language): number {
  return languageShare(thinking, language);
}
