/** Whole numbers in words, and back: English ("one hundred five", "and" allowed) and German ("einhundertfünf"). */
import { trim } from "../answers.ts";
import type { Language } from "../task.ts";

/** Largest number that has words here. */
export const LARGEST = 9999;

const UNITS: Readonly<Record<Language, readonly string[]>> = {
  en: "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  ),
  de: "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split(
    " ",
  ),
};

const TENS: Readonly<Record<Language, readonly string[]>> = {
  en: "- - twenty thirty forty fifty sixty seventy eighty ninety".split(" "),
  de: "- - zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split(" "),
};

/** A number from −9999 to 9999 in words. */
export function numberWords(value: number, language: Language): string {
  if (!Number.isInteger(value) || Math.abs(value) > LARGEST) throw new RangeError(`${value} has no words here`);
  if (value < 0) return `minus ${numberWords(-value, language)}`;
  return language === "en" ? english(value) : german(value);
}

function english(value: number): string {
  const parts: string[] = [];
  const [thousands, hundreds, rest] = digits(value);
  if (thousands > 0) parts.push(`${UNITS.en[thousands]} thousand`);
  if (hundreds > 0) parts.push(`${UNITS.en[hundreds]} hundred`);
  if (rest > 0 || value === 0) {
    const [ten, unit] = [Math.floor(rest / 10), rest % 10];
    parts.push(rest < 20 ? UNITS.en[rest]! : unit === 0 ? TENS.en[ten]! : `${TENS.en[ten]}-${UNITS.en[unit]}`);
  }
  return parts.join(" ");
}

function german(value: number): string {
  const [thousands, hundreds, rest] = digits(value);
  // Before another word "eins" loses its s.
  const before = (unit: number): string => (unit === 1 ? "ein" : UNITS.de[unit]!);
  let text = "";
  if (thousands > 0) text += `${before(thousands)}tausend`;
  if (hundreds > 0) text += `${before(hundreds)}hundert`;
  if (rest > 0 || value === 0) {
    const [ten, unit] = [Math.floor(rest / 10), rest % 10];
    text += rest < 20 ? UNITS.de[rest]! : unit === 0 ? TENS.de[ten]! : `${before(unit)}und${TENS.de[ten]}`;
  }
  return text;
}

function digits(value: number): readonly [thousands: number, hundreds: number, rest: number] {
  return [Math.floor(value / 1000), Math.floor(value / 100) % 10, value % 100];
}

/**
 * The number that words say; null where they say none. A capital letter, blanks around it, and English without hyphens are
 * forgiven.
 */
export function readNumberWords(text: string, language: Language): number | null {
  if (text.length > 100) return null;
  const plain = tidyWords(text, language);
  const minus = plain.startsWith("minus ");
  const words = minus ? plain.slice(6) : plain;
  const value = language === "en" ? readEnglish(words) : readGerman(words);
  // Whatever was made of the words: they must be those of the number.
  if (value === null || tidyWords(numberWords(value, language), language) !== words) return null;
  return minus && value > 0 ? -value : minus ? null : value;
}

function tidyWords(text: string, language: Language): string {
  const trimmed = trim(text);
  const words = trimmed.slice(0, 1).toLowerCase() + trimmed.slice(1);
  if (language === "en") return words.replaceAll("-", " ").replace(/(hundred|thousand) and /g, "$1 ");
  // "hundert" stands for "einhundert", at the front and after "tausend".
  const hundred = words.replace(/^(minus )?hundert/, "$1einhundert").replace(/tausendhundert/, "tausendeinhundert");
  return hundred.replace(/^(minus )?tausend/, "$1eintausend").replace("ss", "ß");
}

function readEnglish(words: string): number | null {
  let [total, part] = [0, 0];
  for (const word of words.split(" ")) {
    const [unit, ten] = [UNITS.en.indexOf(word), TENS.en.indexOf(word)];
    if (unit >= 0) part += unit;
    else if (ten >= 2) part += 10 * ten;
    else if (word === "hundred") part *= 100;
    else if (word === "thousand") [total, part] = [1000 * part, 0];
    else return null;
  }
  return inRange(total + part);
}

function readGerman(words: string): number | null {
  const [head, afterThousand] = cut(words, "tausend");
  const [middle, rest] = cut(afterThousand, "hundert");
  const counts = [head, middle].map((text) => (text === "" ? 0 : text === "ein" ? 1 : UNITS.de.indexOf(text)));
  const [thousands, hundreds] = counts as [number, number];
  const last = rest === "" ? 0 : readBelowHundred(rest);
  if (thousands < 0 || hundreds < 0 || last === null) return null;
  return inRange(1000 * thousands + 100 * hundreds + last);
}

function readBelowHundred(text: string): number | null {
  const unit = UNITS.de.indexOf(text);
  if (unit >= 0) return unit;
  const ten = TENS.de.findIndex((word, i) => i >= 2 && text.endsWith(word));
  if (ten < 0) return null;
  const head = text.slice(0, text.length - TENS.de[ten]!.length);
  if (head === "") return 10 * ten;
  if (!head.endsWith("und")) return null;
  const before = head.slice(0, -3);
  const one = before === "ein" ? 1 : UNITS.de.indexOf(before);
  return one < 1 ? null : 10 * ten + one;
}

/** What stands before a word, and after it; nothing before where it does not occur. */
function cut(text: string, word: string): readonly [before: string, after: string] {
  const at = text.indexOf(word);
  return at < 0 ? ["", text] : [text.slice(0, at), text.slice(at + word.length)];
}

function inRange(value: number): number | null {
  return value <= LARGEST ? value : null;
}
