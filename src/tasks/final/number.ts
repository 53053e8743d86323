/**
 * Reads an answer that is one number, with a unit or without, as an exact rational.
 *
 * A text is one number or it is none: nothing is searched for, so an answer with two candidates has no value at all, and
 * words may follow a number but never lead to it. Digits are ASCII. Percent and currency are units like others and do not
 * change the value: 50 % is 50.
 */
import { trim } from "../answers.ts";

/** An exact value n/d; d > 0, not necessarily in lowest terms. */
export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

export function sameValue(a: Rational, b: Rational): boolean {
  return a.n * b.d === b.n * a.d;
}

/** A number that was read, or why there is none. */
export type Reading = { readonly value: Rational } | { readonly fault: string };

/** Largest power of ten, up or down, in scientific notation: enough for every quantity of physics. */
const MOST_EXPONENT = 99;
const MOST_UNIT_WORDS = 4;

const NATURAL = String.raw`\d{1,3}(?:,\d{3})+|\d+`;
const CURRENCY = "[$€£¥₹]";
const HEAD = new RegExp(String.raw`^([+-]?) ?(${CURRENCY}?) ?([+-]?)(?:(${NATURAL})(?:\.(\d+))?|\.(\d+))`);
const OVER = new RegExp(`^ ?/ ?(${NATURAL})`);
const MIXED = /^ (\d+) ?\/ ?(\d+)/;
const POWER = /^(?:[eE]([+-]?\d+)| ?[×x*] ?10\^(?:\{([+-]?\d+)\}|([+-]?\d+)))/;

const SCALES: Readonly<Record<string, bigint>> = {
  thousand: 1000n,
  million: 1_000_000n,
  billion: 1_000_000_000n,
  trillion: 1_000_000_000_000n,
};

/** Reads a text that `plain` has seen, of bounded length. */
export function readNumber(text: string): Reading {
  const stopped = text.endsWith(".") ? trim(text.slice(0, -1)) : text;
  const head = HEAD.exec(stopped);
  if (head === null) return { fault: "not a number" };
  const [all, signBefore, currency, signAfter, whole, decimals = head[6]] = head;
  if (signBefore !== "" && signAfter !== "") return { fault: "two signs" };
  const digits = whole?.replaceAll(",", "") ?? "0";
  if (/^0\d/.test(digits)) return { fault: "a leading zero" };
  let rest = stopped.slice(all.length);
  let value: Rational = { n: BigInt(digits + (decimals ?? "")), d: 10n ** BigInt(decimals?.length ?? 0) };

  const mixed = decimals === undefined ? MIXED.exec(rest) : null;
  const over = decimals === undefined && mixed === null ? OVER.exec(rest) : null;
  const power = mixed === null && over === null ? POWER.exec(rest) : null;
  if (mixed !== null) {
    const [n, d] = [BigInt(mixed[1]!), BigInt(mixed[2]!)];
    if (n >= d) return { fault: "not a proper fraction" };
    value = { n: value.n * d + n, d };
  } else if (over !== null) {
    value = { n: value.n, d: BigInt(over[1]!.replaceAll(",", "")) };
    if (value.d === 0n) return { fault: "division by 0" };
  } else if (power !== null) {
    const exponent = Number(power[1] ?? power[2] ?? power[3]);
    if (Math.abs(exponent) > MOST_EXPONENT) return { fault: `an exponent beyond ${MOST_EXPONENT}` };
    const factor = 10n ** BigInt(Math.abs(exponent));
    value = exponent < 0 ? { n: value.n, d: value.d * factor } : { n: value.n * factor, d: value.d };
  }
  rest = rest.slice((mixed ?? over ?? power)?.[0].length ?? 0);

  const unit = readUnit(rest, currency !== "");
  if ("fault" in unit) return unit;
  const sign = signBefore === "-" || signAfter === "-" ? -1n : 1n;
  return { value: { n: sign * value.n * unit.scale, d: value.d } };
}

const LETTERS = "A-Za-zÄÖÜäöüßé°";
const WORD = new RegExp(String.raw`^/?[${LETTERS}]+(?:[-/'’.][${LETTERS}]+)*(?:[²³]|\^[23]|\^\{[23]\})?[.,]?$`);
/** Letters that stand alone as units; any other is a variable or abbreviates a number (`5k`). */
const UNIT_LETTERS = new Set("mgshdlLVWJNC°");

/** What follows a number: how it scales the value, or why it may not stand there. */
function readUnit(rest: string, hasCurrency: boolean): { readonly scale: bigint } | { readonly fault: string } {
  const sign = /^ ?([%$€£¥₹])/.exec(rest);
  if (sign !== null) {
    if (sign[1] !== "%" && hasCurrency) return { fault: "two currency signs" };
    rest = rest.slice(sign[0].length);
    if (/^[^ /]/.test(rest)) return { fault: "something after the number that is no unit" };
  }
  const words = trim(rest) === "" ? [] : trim(rest).split(" ");
  const scale = SCALES[words[0]?.toLowerCase() ?? ""];
  if (scale !== undefined) {
    if (sign !== null || !rest.startsWith(" ")) return { fault: "a scale that belongs to nothing" };
    words.shift();
    // `2 million $` and the like.
    if (/^[%$€£¥₹]$/.test(words[0] ?? "") && !hasCurrency) words.shift();
  }
  if (words.length > MOST_UNIT_WORDS) return { fault: `more than ${MOST_UNIT_WORDS} words after the number` };
  for (const [i, word] of words.entries()) {
    // `$18 a day`; a letter that nothing follows, or that stands at the number itself, is a variable.
    if (word === "a" && i + 1 < words.length && (i > 0 || rest.startsWith(" "))) continue;
    if (!WORD.test(word)) return { fault: "something after the number that is no unit" };
    const bare = word.replace(/^\/|[.,²³]+$|\^.*$/g, "");
    // `3 times` and `3 times a week` count; times anything else is a product.
    const multiplied = /^(?:times|mal)$/i.test(words[i - 1]?.replace(/[.,]$/, "") ?? "");
    if (multiplied && !OFTEN.has(bare.toLowerCase())) return { fault: "a product" };
    if (bare.length === 1 && !UNIT_LETTERS.has(bare)) return { fault: `${bare} after the number, which is no unit` };
    for (const part of bare.toLowerCase().split(/[-/'’.]/)) {
      if (NOT_UNITS.has(part) || COUNTS.test(part)) return { fault: `${JSON.stringify(part)} after the number` };
    }
  }
  return { scale: scale ?? 1n };
}

/** Words that say how often something is, behind `times`. */
const OFTEN = new Set("a an per each every am im in on daily weekly pro jeden jede".split(" "));

/** Words that tie another value to the number, take it back, or calculate with it. */
const NOT_UNITS = new Set(
  (
    "or oder and und not nicht no nein nor but aber because weil if wenn to bis maybe either otherwise wait plus minus " +
    "divided modulo mod squared cubed factorial negative sqrt root pi nan inf infinity infinite undefined " +
    "mil mill mio mrd mn bn tsd"
  ).split(" "),
);

/** Words that count, English and German, with their plurals: `3 dozen` is not 3, and `42 forty-three` is two answers. */
const COUNTS = new RegExp(
  `^(?:${[
    "zero|null|ones?|eins?|two|zwei|three|drei|four|vier|fi(?:ve|fth)|fünf|six|sechs|seven|sieben|eight|acht|nine|neun",
    "ten|elf|eleven|twelve|zwölf|(?:thir|four|fif|six|seven|eigh|nine)teen|twenty|thirty|fou?rty|fifty|sixty|seventy|eighty|ninety|\\S+(?:zig|ßig|zehn)|zehn",
    "hundred|thousand|\\S*(?:hundert|tausend)|\\w*illion(?:en)?|milliarden?|dozen|dutzend|score",
    "half|halves|halb\\w*|hälfte|thirds?|quarters?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|drittel|viertel|fünftel|sechstel|achtel|zehntel",
    "hundredths?|thousandths?|double|triple|twice|doppelt",
  ].join("|")})s?$`,
);
