/** How answers to instructions are summed up: who does as it is told, kind by kind, right or wrong. */
import { asInstruction, getTask, wordedShare } from "../tasks/index.ts";
import { mean } from "../util/statistics.ts";
import type { Evaluated } from "./evaluate.ts";

export interface KindResult {
  /** Answers. */
  readonly n: number;
  /** Share in the strict format that does as it was told, right or wrong. */
  readonly followed: number;
  /** Share that is right and does as it was told. */
  readonly right: number;
}

export interface InstructionSummary {
  readonly n: number;
  /** Shares over all answers. */
  readonly followed: number;
  readonly right: number;
  /** Share that is in the strict format. */
  readonly format: number;
  /** As `languageOf`; NaN where nothing was thought. */
  readonly language: number;
  /** By family, without what all their names begin with. */
  readonly kinds: Readonly<Record<string, KindResult>>;
}

/** Condenses judged answers to instructions. */
export function summariseInstructions(answers: readonly Evaluated[]): InstructionSummary {
  const kinds = new Map<string, Evaluated[]>();
  for (const answer of answers) {
    const kind = answer.rollout.problem.family.replace(/^instruct-/, "");
    const own = kinds.get(kind);
    if (own) own.push(answer);
    else kinds.set(kind, [answer]);
  }
  return {
    ...resultOf(answers),
    format: mean(answers.map(({ judgement }) => judgement.rewards["format"] ?? 0)),
    language: languageOf(answers),
    kinds: Object.fromEntries([...kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, own]) => [k, resultOf(own)])),
  };
}

function resultOf(answers: readonly Evaluated[]): KindResult {
  return {
    n: answers.length,
    followed: mean(answers.map((answer) => (followed(answer) ? 1 : 0))),
    right: mean(answers.map(({ judgement }) => judgement.score)),
  };
}

function followed({ rollout, judgement }: Evaluated): boolean {
  const { problem, parsed } = rollout;
  if (judgement.rewards["format"] !== 1 || parsed.answer === null) return false;
  return asInstruction(getTask(problem.family))?.follows(problem, parsed.thinking, parsed.answer).score === 1;
}

/** Mean share of the prompt's language among the known words of the thoughts that have any; NaN where none has. */
export function languageOf(answers: readonly Evaluated[]): number {
  const shares = answers.flatMap(
    ({ rollout: { parsed, problem } }) => wordedShare(parsed.thinking, problem.language) ?? [],
  );
  return shares.length === 0 ? Number.NaN : mean(shares);
}
