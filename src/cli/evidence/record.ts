/**
 * What the evidence keeps of a measurement: figures, and for each problem how many of its answers were right, so that
 * intervals and paired comparisons can be made from the records alone. Small enough to be committed.
 */
import type { RewardStep } from "../../recipes/parting.ts";
import type { SampleCounts } from "../../recipes/sample-counts.ts";
import { addSkills, NO_SKILLS, type Problem, type SkillCounts, searchSkills, wordedShare } from "../../tasks/index.ts";
import { type Evaluated, type EvaluationSummary, summarise } from "../../train/evaluate.ts";
import { type InstructionSummary, summariseInstructions } from "../../train/instruction-metrics.ts";
import { votesOf } from "../../train/ranking.ts";
import { mean } from "../../util/statistics.ts";

/** How answers are drawn. */
export interface Sampling {
  readonly temperature: number;
  /** Answers a problem. */
  readonly samples: number;
  readonly thinkingBudget?: number;
  /** For each problem, in place of one for all. */
  readonly thinkingBudgets?: readonly number[];
  readonly waits?: number;
  /** Most new tokens; default: those of reinforcement. */
  readonly maxTokens?: number;
}

/** What a run was like as it went. */
export interface TrainingRecord {
  readonly steps: number;
  /** Wall seconds of the whole training, evaluations and checkpoints included. */
  readonly seconds: number;
  readonly flops: number;
  /** As its lineage has them: all that it has seen, and of these what it sampled. Older records have none. */
  readonly tokens?: number;
  readonly sampledTokens?: number;
  /** Of reinforcement: share of groups that were neither too hard nor too easy, mean over the steps. Older records have none. */
  readonly mixed?: number;
  /** Its evaluations as it went. */
  readonly curve: readonly { readonly step: number; readonly accuracy: number; readonly tokens: number }[];
  /** Of reinforcement with a reward model: step by step. */
  readonly rewards?: readonly RewardStep[];
}

/** Means of a step over its answers. */
export interface OpinionStep {
  readonly step: number;
  /** Share that the verifiers find right. */
  readonly accuracy: number;
  /** By the judge's name, 0 to 1: of the answers that it was asked about. */
  readonly opinions: Readonly<Record<string, number>>;
}

/** What became of the answers that a stage has sampled for others to learn from. */
export interface DataRecord {
  readonly name: string;
  readonly key: string;
  readonly prompts: number;
  readonly sampledTokens: number;
  /** SHA-256 of its traces. */
  readonly hash: string;
  readonly counts: SampleCounts;
}

/** What the parts over stages ask of answers beside rightness: for each problem one number, of its first answer. */
export interface Traits {
  /** Share of the prompt's language among the known words of the thought; null where it has none. */
  readonly language: readonly (number | null)[];
  /** Tokens of the thought. */
  readonly thinking: readonly number[];
  /** 1 in the strict format. */
  readonly format: readonly number[];
  /** Of instructions: who does as told. */
  readonly instructions: InstructionSummary;
  /** Where instructions were asked: 1 for one that is followed, right or wrong. */
  readonly followed?: readonly number[];
}

export interface Measurement {
  readonly name: string;
  /** Names the weights and the problems by how they are made; a record with another key is not this measurement. */
  readonly key: string;
  /** SHA-256 of the weights. */
  readonly weights: string;
  /** Parameters of the model. */
  readonly parameters: number;
  /** Of the code that measured. */
  readonly commit: string;
  /** Of the machine that measured; older records have none. */
  readonly cpu?: string;
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
  readonly traits?: Traits;
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

function skillsOf(answers: readonly Evaluated[]): SkillCounts {
  let total = NO_SKILLS;
  for (const { rollout } of answers) {
    if (rollout.problem.family !== "countdown") continue;
    const facts = rollout.problem.facts as Parameters<typeof searchSkills>[0];
    total = addSkills(total, searchSkills(facts, rollout.parsed.thinking));
  }
  return total;
}

/** @param answers problem-major, `samples` to each @param size tokens of a text */
export function traitsOf(answers: readonly Evaluated[], samples: number, size: (text: string) => number): Traits {
  const first = answers.filter((_, i) => i % samples === 0);
  const told = first.filter(({ rollout }) => isInstruction(rollout.problem));
  return {
    language: first.map(({ rollout: { parsed, problem } }) => {
      const share = wordedShare(parsed.thinking, problem.language);
      return share === undefined ? null : Number(share.toFixed(3));
    }),
    thinking: first.map(({ rollout }) => size(rollout.parsed.thinking)),
    format: first.map(({ judgement }) => judgement.rewards["format"] ?? 0),
    instructions: summariseInstructions(told),
    ...(told.length === 0
      ? {}
      : {
          followed: first.map((answer) =>
            isInstruction(answer.rollout.problem) ? summariseInstructions([answer]).followed : 0,
          ),
        }),
  };
}

export function isInstruction({ family }: Pick<Problem, "family">): boolean {
  return family.startsWith("instruct-");
}
