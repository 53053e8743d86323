/**
 * The few words that thinking is written with, in both surface languages. Everything else is digits and signs, so the
 * language of a thought is the language of these words, and a thought can be turned from one into the other word by word.
 */
import type { Language } from "../task.ts";

export interface Words {
  /** Opens another try after a failed one, or doubt about a finished result. */
  readonly wait: string;
  /** Opens a second look at a result. */
  readonly check: string;
  readonly yes: string;
  readonly no: string;
  /** Opens the conclusion. */
  readonly so: string;
  /** What remains of a list. */
  readonly left: string;
  /** Opens the conclusion of a writer who gave up. */
  readonly guess: string;
  readonly even: string;
  readonly odd: string;
}

export const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    ...{ wait: "wait", check: "check", yes: "yes", no: "no", so: "so", left: "left", guess: "guess" },
    ...{ even: "even", odd: "odd" },
  },
  de: {
    ...{ wait: "warte", check: "prüfe", yes: "ja", no: "nein", so: "also", left: "Rest", guess: "rate" },
    ...{ even: "gerade", odd: "ungerade" },
  },
};

export const LANGUAGES: readonly Language[] = ["en", "de"];

/** The words of a language, for counting the share of a language in a text. */
export function wordList(language: Language): readonly string[] {
  return Object.values(WORDS[language]);
}

const LANGUAGE_OF = new Map<string, Language>(
  LANGUAGES.flatMap((language) => wordList(language).map((word): [string, Language] => [word, language])),
);

/**
 * Share of a language among the known words of a thought; 1 when it has none of either language: what has no words does
 * not mix them. Linear in the text.
 */
export function languageShare(thinking: string, language: Language): number {
  return wordedShare(thinking, language) ?? 1;
}

/** The same for measuring: undefined for a thought without known words, which would only thin out those that have some. */
export function wordedShare(thinking: string, language: Language): number | undefined {
  let own = 0;
  let all = 0;
  for (const match of thinking.matchAll(/\p{L}+/gu)) {
    const found = LANGUAGE_OF.get(match[0]);
    if (found === undefined) continue;
    all++;
    if (found === language) own++;
  }
  return all === 0 ? undefined : own / all;
}

const KEY_OF = new Map<string, keyof Words>(
  LANGUAGES.flatMap((language) =>
    Object.entries(WORDS[language]).map(([key, word]): [string, keyof Words] => [word, key as keyof Words]),
  ),
);

/** The thought with its known words in one language; all else stays as it is. Linear in the text. */
export function inLanguage(thinking: string, language: Language): string {
  return thinking.replace(/\p{L}+/gu, (word) => {
    const key = KEY_OF.get(word);
    return key === undefined ? word : WORDS[language][key];
  });
}

/** Whether a word means `key` in any language. */
export function means(word: string, key: keyof Words): boolean {
  return word === WORDS.en[key] || word === WORDS.de[key];
}
