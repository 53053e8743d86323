/**
 * The pretraining corpus, one document at a time: a pure function of its stream and its mix.
 *
 * No document poses a held-out problem, states one in a list of facts, or meets one on its way: whole expressions that
 * stand inside a longer one's solution, three-number puzzles inside a longer countdown and the like count too (leaks.ts).
 * A single step inside a solution (`26+3=29`, a column with its carry `7+8+1=16`) is not a problem of its own.
 */
import type { Random } from "../../util/random.ts";
import { formatCompletion } from "../format.ts";
import { getTask } from "../registry.ts";
import { isHeldOut, type Language } from "../task.ts";
import { Pen, type Tongue } from "../trace/pen.ts";
import { WORDS } from "../trace/words.ts";
import { meetsHeldOut } from "./leaks.ts";
import { type CorpusMix, DEFAULT_MIX } from "./mix.ts";
import { comparisons, drill, factList, type Posed, statements } from "./plain.ts";
import { greetings, lists, numbersInWords } from "./talk.ts";
import { writerOf } from "./writers.ts";

/** What a document is: with or without tags, worked or answered at once; or text without a user's turn. */
export type DocumentKind =
  | "worked"
  | "direct"
  | "worked-untagged"
  | "direct-untagged"
  | "facts"
  | "drill"
  | "comparison"
  | "statement"
  | "talk";

export interface CorpusDocument {
  readonly kind: DocumentKind;
  /** Text of the user's turn; "" for a document that is plain text. */
  readonly prompt: string;
  /** Text of the assistant's turn, tags included; or the plain text. Without the end token. */
  readonly response: string;
  /** Family of the problem; of plain text the family that it serves. */
  readonly family: string;
  readonly level: number;
  readonly language: Language;
  /** The thinking alone; "" where there is none. */
  readonly thinking: string;
  /** The final answer; "" for plain text. */
  readonly answer: string;
  /** The problems whose solution stands in the document. */
  readonly posed: readonly Posed[];
}

/** Draws one document from a stream: `document(Random.of(seed, "corpus", index))`. */
export function document(random: Random, mix: CorpusMix = DEFAULT_MIX): CorpusDocument {
  const kinds = mix.kinds;
  const kind = random.weighted(["solution", "facts", "drill", "statement", "comparison", "talk"] as const, [
    kinds.solution,
    kinds.facts,
    kinds.drill,
    kinds.statement,
    kinds.comparison,
    kinds.talk,
  ]);
  switch (kind) {
    case "solution":
      return solution(random, mix);
    case "facts":
      return plain(kind, "addition", "en", factList(random, familiesIn(mix)));
    case "drill": {
      const tongue = random.chance(mix.german) ? "de" : "en";
      return plain(kind, "countdown", tongue, drill(random, tongue, mix));
    }
    case "comparison": {
      const language = random.chance(mix.german) ? "de" : "en";
      return plain(kind, "addition", language, comparisons(random, language));
    }
    case "statement": {
      const language = random.chance(mix.german) ? "de" : "en";
      return plain(kind, "recall", language, statements(random, language, mix));
    }
    case "talk": {
      const language = random.chance(mix.german) ? "de" : "en";
      const [family, write] = random.weighted(TALKS, [0.5, 0.25, 0.25]);
      return plain(kind, family, language, write(random, language));
    }
    default:
      kind satisfies never;
      throw new Error("internal: unknown kind of document");
  }
}

/** What talk there is, and the instructions that it prepares for. */
const TALKS = [
  ["instruct-words", numbersInWords],
  ["instruct-list", lists],
  ["instruct-greeting", greetings],
] as const;

/** The document as the text that a model is trained on, with its special tokens. */
export function renderDocument({ prompt, response }: CorpusDocument): string {
  return prompt === "" ? `${response}<|end|>` : `<|user|>${prompt}<|assistant|>${response}<|end|>`;
}

function plain(
  kind: DocumentKind,
  family: string,
  language: Language,
  { text, posed }: { text: string; posed: readonly Posed[] },
): CorpusDocument {
  return { kind, prompt: "", response: text, family, level: 0, language, thinking: "", answer: "", posed };
}

function solution(random: Random, mix: CorpusMix): CorpusDocument {
  const { family, level } = random.weighted(mix.problems, weights(mix));
  const task = getTask(family);
  const writer = writerOf(task);
  const language: Language = random.chance(mix.german) ? "de" : "en";
  const direct = random.chance(mix.direct);
  const tagged = !random.chance(mix.untagged);
  const tongue = drawTongue(random, language, mix);
  const directRight = mix.directRight[family] ?? 0.3;
  for (;;) {
    const facts = task.sample(random, level);
    if (isHeldOut(task, facts)) continue;
    let thinking = "";
    let answer: string;
    if (direct) answer = random.chance(directRight) ? task.gold(facts) : writer.guess(facts, random);
    else {
      const pen = new Pen(random, tongue, 0);
      answer = writer.think(facts, pen, mix);
      thinking = pen.text;
      if (meetsHeldOut(family, thinking)) continue;
    }
    const response = tagged ? formatCompletion(thinking, answer) : untagged(thinking, answer, language);
    const kind: DocumentKind = direct ? (tagged ? "direct" : "direct-untagged") : tagged ? "worked" : "worked-untagged";
    const prompt = task.prompt(facts, language);
    return { kind, prompt, response, family, level, language, thinking, answer, posed: [{ family, facts }] };
  }
}

/** The families that a mix poses. */
function familiesIn(mix: CorpusMix): Set<string> {
  return new Set(mix.problems.filter(({ weight }) => weight > 0).map(({ family }) => family));
}

const weightsOf = new WeakMap<CorpusMix, number[]>();

function weights(mix: CorpusMix): number[] {
  let found = weightsOf.get(mix);
  if (found === undefined) {
    found = mix.problems.map((problem) => problem.weight);
    weightsOf.set(mix, found);
  }
  return found;
}

function drawTongue(random: Random, language: Language, mix: CorpusMix): Tongue {
  const u = random.next();
  if (u < mix.mixed) return "mixed";
  if (u < mix.mixed + mix.otherLanguage) return language === "en" ? "de" : "en";
  return language;
}

/** Without tags the answer follows "so", unless the thinking ends with it already. */
function untagged(thinking: string, answer: string, language: Language): string {
  if (thinking === "") return answer;
  const last = thinking.slice(thinking.lastIndexOf("\n") + 1);
  if (last === `${WORDS.en.so} ${answer}` || last === `${WORDS.de.so} ${answer}`) return thinking;
  return `${thinking}\n${WORDS[language].so} ${answer}`;
}
