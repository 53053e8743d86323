/**
 * Everyday text without a user's turn: numbers in words, lists of numbers in several forms, and people who greet each other.
 * A base has met such words and signs on the web long before anybody asks it for an answer in words or in brackets; without
 * them fine-tuning would have to teach it to spell.
 */
import type { Random } from "../../util/random.ts";
import { type GreetingFacts, greeting, greetingReply } from "../instructions/greeting.ts";
import { sampleList } from "../instructions/list.ts";
import { numberWords } from "../instructions/number-words.ts";
import { isHeldOut, type Language } from "../task.ts";
import type { Plain } from "./plain.ts";

/** 5 to 10 numbers with their words, `47=forty-seven` or the other way about; most of them below 200. */
export function numbersInWords(random: Random, language: Language): Plain {
  const wordsFirst = random.chance(0.3);
  const lines = Array.from({ length: random.int(5, 10) }, () => {
    const value = random.int(0, random.pick([20, 100, 100, 199, 199, 1998]));
    const words = numberWords(value, language);
    // No blank before the words: as the first ones of an answer they have none either.
    return wordsFirst ? `${words}=${value}` : `${value}=${words}`;
  });
  return { text: lines.join("\n"), posed: [] };
}

/** 3 to 6 lists of numbers, each in a form that is named. */
export function lists(random: Random, language: Language): Plain {
  const lines = Array.from({ length: random.int(3, 6) }, () => sampleList(random, language));
  return { text: lines.join("\n"), posed: [] };
}

/** 2 to 4 greetings with their replies; none is a held-out one. */
export function greetings(random: Random, language: Language): Plain {
  const lines: string[] = [];
  const met: GreetingFacts[] = [];
  const length = random.int(2, 4);
  while (met.length < length) {
    const facts = greeting.sample(random, random.chance(0.8) ? 1 : 0);
    if (isHeldOut(greeting, facts)) continue;
    met.push(facts);
    lines.push(greeting.prompt(facts, language), greetingReply(facts, language));
  }
  return { text: lines.join("\n"), posed: met.map((facts) => ({ family: greeting.name, facts })) };
}
