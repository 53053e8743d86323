/**
 * What the evidence keeps of a measurement: figures, and for each problem how many of its answers were right, so that
 * intervals and paired comparisons can be made from the records alone. Small enough to be committed.
 */
import { majorityVote } from "../../generate/index.ts";
import { addSkills, NO_SKILLS, type SkillCounts, searchSkills } from "../../tasks/index.ts";
import { type Evaluated, type EvaluationSummary, summarise } from "../../train/evaluate.ts";
import { mean } from "../../util/statistics.ts";

/** How answers are drawn. */
export interface Sampling {
  readonly temperature: number;
  /** Answers a problem. */
  readonly samples: number;
  readonly thinkingBudget?: number;
  readonly waits?: number;
}

/** What a run was like as it went. */
export interface TrainingRecord {
  readonly steps: number;
  /** Wall seconds of its steps. */
  readonly seconds: number;
  readonly flops: number;
  /** Its evaluations as it went. */
  readonly curve: readonly { readonly step: number; readonly accuracy: number; readonly tokens: number }[];
}

export interface Measurement {
  readonly name: string;
  /** Names the weights and the problems by how they are made; a record with another key is not this measurement. */
  readonly key: string;
  /** SHA-256 of the weights. */
  readonly weights: string;
  /** Parameters of the model. */
  readonly parameters: number;
  readonly commit: string;
  readonly sampling: Sampling;
  readonly summary: EvaluationSummary;
  /** Elementary skills of countdown searches, as counts. */
  readonly skills: SkillCounts;
  /** For each problem: answers that are right. */
  readonly right: readonly number[];
  /** For each problem: tokens of its answers, mean. */
  readonly tokens: readonly number[];
  /** k → share of problems that the majority of the first k answers gets right; where there are several. */
  readonly votes?: Readonly<Record<string, number>>;
  readonly training?: TrainingRecord;
}

/** Condenses answers, problem-major. */
export function condense(
  answers: readonly Evaluated[],
  samples: number,
): Pick<Measurement, "summary" | "skills" | "right" | "tokens" | "votes"> {
  const problems = Array.from({ length: answers.length / samples }, (_, p) =>
    answers.slice(p * samples, (p + 1) * samples),
  );
  return {
    summary: summarise(answers, samples),
    skills: skillsOf(answers),
    right: problems.map((list) => list.filter((answer) => answer.judgement.score === 1).length),
    tokens: problems.map((list) => Number(mean(list.map((answer) => answer.rollout.length)).toFixed(1))),
    ...(samples < 2 ? {} : { votes: votesOf(problems, samples) }),
  };
}

function votesOf(problems: readonly (readonly Evaluated[])[], samples: number): Record<string, number> {
  const out: Record<string, number> = {};
  for (let k = 1; k <= samples; k *= 2) {
    out[String(k)] = mean(
      problems.map((list) => {
        const vote = majorityVote(list.slice(0, k), (answer) => answer.rollout.parsed.answer?.replace(/\s+/g, ""));
        return vote?.winner.judgement.score === 1 ? 1 : 0;
      }),
    );
  }
  return out;
}

function skillsOf(answers: readonly Evaluated[]): SkillCounts {
  let total = NO_SKILLS;
  for (const { rollout } of answers) {
    if (rollout.problem.family !== "countdown") continue;
    const facts = rollout.problem.facts as Parameters<typeof searchSkills>[0];
    total = addSkills(total, searchSkills(facts, rollout.parsed.thinking));
  }
  return total;
}
