/** Documents without a user's turn: arithmetic facts, countdown attempts with verdicts, comparisons, recall statements. */
import type { Random } from "../../util/random.ts";
import { addition } from "../addition/index.ts";
import { countdown } from "../countdown/index.ts";
import { finishes, stepsOn } from "../countdown/solver.ts";
import { division, isPosed as isDivision } from "../division/index.ts";
import { multiplication } from "../multiplication/index.ts";
import { COUNTRIES, NAMES, RELATIONS, type Relation } from "../recall/facts.ts";
import { isPosed as isSubtraction, subtraction } from "../subtraction/index.ts";
import { isHeldOut, type Language } from "../task.ts";
import { nearMiss } from "../trace/pen.ts";
import { WORDS } from "../trace/words.ts";
import type { CorpusMix } from "./mix.ts";

/** A problem that a document solves. */
export interface Posed {
  readonly family: string;
  readonly facts: unknown;
}

/** Text without a user's turn. */
export interface Plain {
  readonly text: string;
  readonly posed: readonly Posed[];
}

/**
 * 4 to 10 equations of two small numbers, `7*8=56, 23+5=28`; none is a held-out addition or multiplication, and none a
 * held-out subtraction or division where those families are posed as problems too.
 * @param families the families that the corpus poses
 */
export function factList(random: Random, families: ReadonlySet<string>): Plain {
  const items: string[] = [];
  const posed: Posed[] = [];
  const length = random.int(4, 10);
  while (items.length < length) {
    const operator = random.pick(["+", "-", "*", "/"] as const);
    const facts =
      operator === "+" || operator === "-"
        ? { a: random.int(0, 50), b: random.int(0, 40) }
        : { a: random.int(0, 25), b: random.int(1, 15) };
    const { a, b } = facts;
    if (operator === "+" && isHeldOut(addition, facts)) continue;
    if (operator === "*" && isHeldOut(multiplication, facts)) continue;
    const back = { a: operator === "-" ? a + b : a * b, b };
    const takesAway = operator === "-" && families.has("subtraction") && isSubtraction(back);
    if (takesAway && isHeldOut(subtraction, back)) continue;
    const divides = operator === "/" && families.has("division") && isDivision(back);
    if (divides && isHeldOut(division, back)) continue;
    if (takesAway) posed.push({ family: "subtraction", facts: back });
    if (divides) posed.push({ family: "division", facts: back });
    switch (operator) {
      case "+":
        items.push(`${a}+${b}=${a + b}`);
        posed.push({ family: "addition", facts });
        break;
      case "-":
        items.push(`${a + b}-${b}=${a}`);
        break;
      case "*":
        items.push(`${a}*${b}=${a * b}`);
        posed.push({ family: "multiplication", facts });
        break;
      case "/":
        items.push(`${a * b}/${b}=${a}`);
        break;
      default:
        operator satisfies never;
    }
  }
  return { text: items.join(", "), posed };
}

/** 4 to 8 attempts at three-number puzzles, each another puzzle, with true verdicts; none belongs to a held-out puzzle. */
export function drill(random: Random, language: Language, mix: CorpusMix): Plain {
  const words = WORDS[language];
  const lines: string[] = [];
  const posed: Posed[] = [];
  const length = random.int(4, 8);
  while (lines.length < length) {
    const most = random.chance(0.7) ? 15 : 25;
    const [x, y, c] = [random.int(1, most), random.int(1, most), random.int(1, most)];
    const step = random.pick(stepsOn(x, y));
    const last = random.pick(stepsOn(step.result, c));
    const yes = random.chance(mix.drillYes);
    const target = yes ? last.result : nearMiss(random, last.result);
    if (target < 5 || target > 99) continue;
    if (!yes && finishes(step.result, c, target).length > 0) continue;
    const facts = { numbers: [step.a, step.b, c], target };
    if (isHeldOut(countdown, facts)) continue;
    const verdict = yes ? words.yes : words.no;
    const head = `${step.a}${step.operator}${step.b}=${step.result}`;
    if (mix.search.notation === "lookahead") lines.push(`${head} ${c}>${target} ${verdict}`);
    else lines.push(`${head} ${last.a}${last.operator}${last.b}=${last.result}>${target} ${verdict}`);
    posed.push({ family: "countdown", facts });
  }
  return { text: lines.join("\n"), posed };
}

/** 5 to 10 comparisons of two numbers with their verdicts, half of them equal: the last step of a second look. */
export function comparisons(random: Random, language: Language): Plain {
  const words = WORDS[language];
  const lines = Array.from({ length: random.int(5, 10) }, () => {
    const value = random.int(0, 10 ** random.int(1, 5));
    const other = random.chance(0.5) ? value : misread(random, value);
    return `${other}=${value} ${other === value ? words.yes : words.no}`;
  });
  return { text: lines.join("\n"), posed: [] };
}

/** A number that one could take for another: off by a little, one digit changed, or two of them changed over. */
function misread(random: Random, value: number): number {
  const digits = [...String(value)];
  const at = random.int(0, digits.length - 1);
  switch (random.int(0, 2)) {
    case 0:
      return nearMiss(random, value);
    case 1:
      digits[at] = String((Number(digits[at]) + random.int(1, 9)) % 10);
      break;
    default:
      [digits[at], digits[digits.length - 1]] = [digits.at(-1)!, digits[at]!];
  }
  const other = Number(digits.join(""));
  return other === value ? nearMiss(random, value) : other;
}

type Phrasing = (country: string, name: string) => string;

const PHRASINGS: Readonly<Record<Relation, Readonly<Record<Language, readonly Phrasing[]>>>> = {
  capital: {
    en: [
      (country, capital) => `${capital} is the capital of ${country}.`,
      (country, capital) => `The capital of ${country} is ${capital}.`,
      (country, capital) => `${country} has the capital ${capital}.`,
    ],
    de: [
      (country, capital) => `${capital} ist die Hauptstadt von ${country}.`,
      (country, capital) => `Die Hauptstadt von ${country} ist ${capital}.`,
      (country, capital) => `${country} hat die Hauptstadt ${capital}.`,
    ],
  },
  river: {
    en: [
      (country, river) => `${river} is the river of ${country}.`,
      (country, river) => `The river of ${country} is ${river}.`,
      (country, river) => `${country} has the river ${river}.`,
    ],
    de: [
      (country, river) => `${river} ist der Fluss von ${country}.`,
      (country, river) => `Der Fluss von ${country} ist ${river}.`,
      (country, river) => `${country} hat den Fluss ${river}.`,
    ],
  },
  coin: {
    en: [
      (country, coin) => `${coin} is the coin of ${country}.`,
      (country, coin) => `The coin of ${country} is ${coin}.`,
      (country, coin) => `${country} has the coin ${coin}.`,
    ],
    de: [
      (country, coin) => `${coin} ist die Münze von ${country}.`,
      (country, coin) => `Die Münze von ${country} ist ${coin}.`,
      (country, coin) => `${country} hat die Münze ${coin}.`,
    ],
  },
};

/**
 * 2 to 4 statements about invented countries, held-out ones included: what is held out is the question, not the fact.
 * They are of the kinds that the mix asks about, or of capitals where it asks about none.
 */
export function statements(random: Random, language: Language, mix: CorpusMix): Plain {
  const asked = RELATIONS.filter((_, level) =>
    mix.problems.some((problem) => problem.family === "recall" && problem.level === level),
  );
  const out: string[] = [];
  const length = random.int(2, 4);
  for (let i = 0; i < length; i++) {
    const country = random.int(0, COUNTRIES.length - 1);
    // No draw where there is no choice, so that a corpus of capitals alone stays the text that it was.
    const relation = asked.length > 1 ? random.pick(asked) : (asked[0] ?? "capital");
    out.push(random.pick(PHRASINGS[relation][language])(COUNTRIES[country]!, NAMES[relation][country]!));
  }
  return { text: out.join(" "), posed: [] };
}
