/**
 * Which sampled traces become data: readable ones, each once, the cleanest of a prompt, families in balance. Pure
 * functions of the traces in their order, so the same samples give the same data.
 *
 * After DeepSeek-R1 (arXiv 2501.12948, §3): right answers without mixed languages, repetitions and overlong thoughts.
 * Left out: a model that judges or rewrites; what is readable here can be told by rule.
 */
import { meetsHeldOut } from "../corpus/leaks.ts";
import { solvedFamily } from "../instructions/index.ts";
import { languageShare } from "../trace/words.ts";
import type { Trace } from "./index.ts";

/** A right answer with what decides over its place. */
export interface Candidate {
  readonly trace: Trace;
  /** Tokens of its thinking. */
  readonly tokens: number;
}

export interface ReadableSettings {
  /** Largest share of lines that say again what another one said. */
  readonly maxRepetition: number;
  readonly maxThinkingTokens?: number | undefined;
  /** Whether thoughts that are not wholly in the language of their prompt are refused. */
  readonly oneLanguage: boolean;
}

/** Why a candidate is not readable; undefined for one that is. */
export function faultOf(
  { trace, tokens }: Candidate,
  settings: ReadableSettings,
): "repetitive" | "mixed" | "long" | "held-out" | undefined {
  const { thinking, language, family } = trace;
  if (repetition(thinking) > settings.maxRepetition) return "repetitive";
  if (settings.oneLanguage && language !== undefined && languageShare(thinking, language) < 1) return "mixed";
  if (tokens > (settings.maxThinkingTokens ?? Number.POSITIVE_INFINITY)) return "long";
  // Nobody is to learn from data what a held-out problem's answer is.
  const { facts } = trace;
  if (family !== undefined && meetsHeldOut(solvedFamily({ family, facts }), thinking)) return "held-out";
  return undefined;
}

/** So often in a row is no list any more: `7 7 7 7 7 7`. */
const LOOP = 6;

/**
 * How much of a thought says again what it said: the share of lines that stand in it a second time, or 1 where a line
 * goes round in a loop. 0 for an empty thought. Linear in the text.
 */
export function repetition(thinking: string): number {
  const lines = thinking.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0) return 0;
  if (lines.some(loops)) return 1;
  return 1 - new Set(lines).size / lines.length;
}

/** Whether the same word stands in a line so often in a row that it must be a loop. */
function loops(line: string): boolean {
  let run = 1;
  const words = line.split(" ");
  for (let i = 1; i < words.length; i++) {
    run = words[i] === words[i - 1] ? run + 1 : 1;
    if (run >= LOOP) return true;
  }
  return false;
}

export interface SelectSettings {
  /** Traces of one prompt: those with the fewest repetitions, among these the shortest. */
  readonly perPrompt: number;
  /** Traces in all; left out, all. */
  readonly rows?: number | undefined;
}

export interface Selection<C extends Candidate = Candidate> {
  /** In the order of the candidates. */
  readonly kept: readonly C[];
  /** Candidates whose prompt and text were there before. */
  readonly duplicate: readonly C[];
  /** More of one prompt than are kept. */
  readonly surplus: readonly C[];
  /** More of a family than its share. */
  readonly unbalanced: readonly C[];
}

/** Chooses among readable candidates. */
export function selectTraces<C extends Candidate>(candidates: readonly C[], settings: SelectSettings): Selection<C> {
  const seen = new Set<string>();
  const duplicate: C[] = [];
  const byPrompt = new Map<string, C[]>();
  for (const candidate of candidates) {
    const { prompt, thinking, answer } = candidate.trace;
    const text = JSON.stringify([prompt, thinking, answer]);
    if (seen.has(text)) {
      duplicate.push(candidate);
      continue;
    }
    seen.add(text);
    const list = byPrompt.get(prompt);
    if (list) list.push(candidate);
    else byPrompt.set(prompt, [candidate]);
  }
  const surplus: C[] = [];
  /** By family, the best of each prompt first, then the second best, and so on. */
  const families = new Map<string, { readonly candidate: C; readonly rank: number }[]>();
  for (const list of byPrompt.values()) {
    const ranked = [...list].sort(cleaner);
    surplus.push(...ranked.slice(settings.perPrompt));
    ranked.slice(0, settings.perPrompt).forEach((candidate, rank) => {
      const family = candidate.trace.family ?? "";
      const own = families.get(family) ?? [];
      own.push({ candidate, rank });
      families.set(family, own);
    });
  }
  const most = fairShare(
    [...families.values()].map((list) => list.length),
    settings.rows,
  );
  const chosen = new Set<C>();
  const unbalanced: C[] = [];
  [...families.values()].forEach((list, i) => {
    const ordered = [...list].sort((a, b) => a.rank - b.rank);
    ordered.forEach(({ candidate }, n) => {
      if (n < most[i]!) chosen.add(candidate);
      else unbalanced.push(candidate);
    });
  });
  return { kept: candidates.filter((candidate) => chosen.has(candidate)), duplicate, surplus, unbalanced };
}

function cleaner(a: Candidate, b: Candidate): number {
  return repetition(a.trace.thinking) - repetition(b.trace.thinking) || a.tokens - b.tokens;
}

/**
 * Shares `rows` out as equally as the families allow: what a small family cannot give the others give, in turn; single
 * rows that are left over go to the first ones.
 */
function fairShare(sizes: readonly number[], rows = Number.POSITIVE_INFINITY): number[] {
  const given = sizes.map(() => 0);
  let left = Math.min(
    rows,
    sizes.reduce((n, size) => n + size, 0),
  );
  while (left > 0) {
    const open = sizes.flatMap((size, i) => (given[i]! < size ? [i] : []));
    const each = Math.max(1, Math.floor(left / open.length));
    for (const i of open) {
      const more = Math.min(each, sizes[i]! - given[i]!, left);
      given[i]! += more;
      left -= more;
    }
  }
  return given;
}
