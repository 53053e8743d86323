/**
 * From a teacher's answers to traces to learn from: each answer is verified by its task, and what is not right, whole and
 * readable is left out (DeepSeek-R1, arXiv 2501.12948, §3.2: rejection sampling), counted at its first reason.
 */
import {
  type Candidate,
  faultOf,
  finalAnswer,
  formatCompletion,
  inLanguage,
  type Problem,
  readTraces,
  selectTraces,
  type Trace,
} from "../../tasks/index.ts";
import type { Judge } from "../../train/judge.ts";
import type { Rollout } from "../../train/rollout.ts";
import type { KeepSettings } from "./settings.ts";
import type { TeacherAnswer } from "./teacher.ts";

/** A trace with what its answer cost; readers of traces pass over what they do not know. */
export interface TeacherTrace extends Trace {
  readonly finish: TeacherAnswer["finish"];
  readonly usage?: TeacherAnswer["usage"];
}

/** What became of the answers. */
export interface AnswerCounts {
  readonly answers: number;
  /** Nothing was said, or nothing in which a final answer can be found. */
  readonly empty: number;
  /** Ended by the limit of new tokens. */
  readonly truncated: number;
  /** Held back by the provider, or ended by a call of a tool. */
  readonly filtered: number;
  /** Of a model of ours: not in the strict format. */
  readonly malformed: number;
  readonly wrong: number;
  /** Right, but without thinking. */
  readonly thoughtless: number;
  readonly long: number;
  /** It says again and again what it has said. */
  readonly repetitive: number;
  /** Not wholly in the language of the prompt. */
  readonly mixed: number;
  /** Its thinking meets a held-out problem on its way. */
  readonly heldOut: number;
  /** It holds a special token, or what no text may hold. */
  readonly unreadable: number;
  /** The same text to the same prompt. */
  readonly duplicate: number;
  /** More of one prompt than are kept. */
  readonly surplus: number;
  /** More of a family than its share. */
  readonly unbalanced: number;
  readonly kept: number;
}

type Counts = { -readonly [K in keyof AnswerCounts]: number };
type Reason = Exclude<keyof AnswerCounts, "answers" | "kept">;

const NO_COUNTS: AnswerCounts = {
  ...{ answers: 0, empty: 0, truncated: 0, filtered: 0, malformed: 0, wrong: 0, thoughtless: 0 },
  ...{ long: 0, repetitive: 0, mixed: 0, heldOut: 0, unreadable: 0 },
  ...{ duplicate: 0, surplus: 0, unbalanced: 0, kept: 0 },
};

export interface Answered {
  readonly problem: Problem;
  readonly said: TeacherAnswer;
}

interface TeacherCandidate extends Candidate {
  readonly trace: TeacherTrace;
}

interface Read extends Answered {
  readonly thinking: string;
  readonly answer: string | null;
}

const OPEN = "<answer>";
const CLOSE = "</answer>";

/**
 * Thinking and final answer of what a teacher said: the answer in its last tags, else in a box or after `####`, else all of
 * one line. A model without thinking of its own says its steps before the answer; where it has both, what it says
 * beside the answer is a summary, and left out.
 */
export function readAnswer({ thinking, content }: Pick<TeacherAnswer, "thinking" | "content">): {
  readonly thinking: string;
  readonly answer: string | null;
} {
  const open = content.lastIndexOf(OPEN);
  const close = content.indexOf(CLOSE, open);
  const tagged = open >= 0 && close >= 0;
  const answer = tagged ? content.slice(open + OPEN.length, close).trim() : finalAnswer(content);
  const steps = tagged ? content.slice(0, open) : content.trim().includes("\n") ? content : "";
  return { thinking: (thinking.trim() || steps).trim(), answer: answer === "" ? null : answer };
}

/**
 * The traces that are kept, in the order of the answers, and what became of all of them.
 * @param judge verifies; users' tasks do so in their threads
 * @param source who answered
 */
export async function tracesOf(
  answered: readonly Answered[],
  judge: Judge,
  settings: KeepSettings,
  source: string,
): Promise<{ readonly traces: TeacherTrace[]; readonly counts: AnswerCounts }> {
  const counts: Counts = { ...NO_COUNTS, answers: answered.length };
  const passes = (reason: Reason | undefined): boolean => {
    if (reason !== undefined) counts[reason]++;
    return reason === undefined;
  };
  const whole = answered
    .map((one): Read => ({ ...one, ...readAnswer(one.said) }))
    .filter((one) => passes(brokenOff(one)));
  const judgements = await judge(whole.map(rolloutOf));
  const candidates = whole
    .filter((_, i) => passes(judgements[i]!.score === 1 ? undefined : "wrong"))
    .map((one) => candidateOf(one, settings, source))
    .filter((one) => passes(unfit(one, settings)));
  const { kept, ...others } = selectTraces(candidates, settings);
  for (const [reason, list] of Object.entries(others)) counts[reason as keyof typeof others] = list.length;
  counts.kept = kept.length;
  return { traces: kept.map(({ trace }) => trace), counts };
}

/** Why there is no whole answer. */
function brokenOff({ said, answer }: Read): Reason | undefined {
  if (said.finish === "length") return "truncated";
  if (said.finish === "filter" || said.finish === "tools") return "filtered";
  if (said.malformed !== undefined) return "malformed";
  return answer === null ? "empty" : undefined;
}

/** Why a right answer is nothing to learn from. */
function unfit(candidate: Candidate, settings: KeepSettings): Reason | undefined {
  const { trace, tokens: characters } = candidate;
  if (trace.thinking === "" && !settings.withoutThinking) return "thoughtless";
  if (characters > (settings.maxThinking ?? Number.POSITIVE_INFINITY)) return "long";
  const readable = { maxRepetition: settings.maxRepetition ?? 1, oneLanguage: settings.language === "filter" };
  const fault = faultOf(candidate, readable);
  if (fault !== undefined) return fault === "held-out" ? "heldOut" : fault;
  return readTraces(JSON.stringify(trace)).faults.length > 0 ? "unreadable" : undefined;
}

/** With characters in place of tokens, which are the teacher's own: they say as well which thought is shorter. */
function candidateOf(one: Read, { language }: KeepSettings, source: string): TeacherCandidate {
  const thinking = language === "rewrite" ? inLanguage(one.thinking, one.problem.language) : one.thinking;
  return { trace: traceOf({ ...one, thinking }, source), tokens: thinking.length };
}

function traceOf({ problem, said, thinking, answer }: Read, source: string): TeacherTrace {
  const { id, family, level, facts, language, prompt } = problem;
  const { sample, finish, usage } = said;
  return {
    ...{ id: `${id}#${sample}`, prompt, thinking, answer: answer!, family, level, facts, language },
    ...{ score: 1, source, finish },
    ...(usage ? { usage } : {}),
  };
}

/** The answer as a judge of rollouts wants it: in the strict format, which the teacher need not know. */
function rolloutOf({ problem, thinking, answer }: Read): Rollout {
  const text = `${formatCompletion(thinking, answer!)}<|end|>`;
  const parsed = { formatOk: true, thinking, answer, reason: "ok" };
  return { problem, segments: [], text, parsed, finish: "stop", length: 0 };
}
