/**
 * What the stages of a recipe were like as they ran, read off their folders in the run that made them: how long each took,
 * what judges were worth on their held-out part, and what these gave step by step while a policy was reinforced against them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parameterLayout } from "../../model/parameters.ts";
import { readPipeline, stageNameOf } from "../../recipes/index.ts";
import { listOf } from "../../recipes/stages.ts";
import type { ReliabilityBin } from "../../train/calibration.ts";
import { MODEL_NAME } from "../../train/model-judge.ts";
import { newestCheckpoint, openModel } from "../models.ts";
import type { OpinionStep } from "./record.ts";
import { metricLines, opinionStep } from "./training-record.ts";

/** What a reward model's checkpoint says of it. */
export interface JudgeRecord {
  readonly parameters: number;
  readonly flops: number;
  /** Of one that reads with marks: a reader as large as itself reads before it. */
  readonly marks?: number;
  /** docs/metrics.md: `eval/pair_accuracy` and others, on held-out prompts. */
  readonly evaluation: Readonly<Record<string, number>>;
  readonly reliability: readonly ReliabilityBin[];
}

export interface StageCourse {
  readonly stage: string;
  readonly kind: string;
  /** Wall seconds, evaluations and checkpoints included, work that a kill undid left out. */
  readonly seconds: number;
  /** Of a stage that trains a judge. */
  readonly judge?: JudgeRecord;
  /** Of reinforcement with judges: step by step. */
  readonly opinions?: readonly OpinionStep[];
}

/** The stages of a run in their order, those that are done. */
export async function courseOf(run: string): Promise<readonly StageCourse[]> {
  const { stages = [], recipe } = readPipeline(run) ?? {};
  const done = stages.filter(({ state }) => state === "finished");
  return Promise.all(
    done.map(async ({ name, kind, folder, seconds }) => {
      const place = join(run, folder);
      const own = recipe?.stages.find((stage) => stageNameOf(stage) === name);
      const judges =
        own?.kind === "reinforce" ? listOf(own.rewardModel).map(({ name: called = MODEL_NAME }) => called) : [];
      const opinions = judges.length === 0 ? [] : metricLines(place).flatMap((line) => opinionStep(line, judges));
      return {
        ...{ stage: name, kind, seconds: Number(seconds.toFixed(3)) },
        ...(kind === "reward" ? { judge: await judgeRecord(newestCheckpoint(place)!) } : {}),
        ...(opinions.length === 0 ? {} : { opinions }),
      };
    }),
  );
}

/** @param folder of a reward model's checkpoint */
export async function judgeRecord(folder: string): Promise<JudgeRecord> {
  const { flops, reward } = JSON.parse(readFileSync(join(folder, "reckon.json"), "utf8")) as {
    readonly flops: number;
    readonly reward: Pick<JudgeRecord, "evaluation" | "reliability" | "marks">;
  };
  const { checkpoint } = await openModel(folder);
  return {
    parameters: parameterLayout(checkpoint.config).parameterCount,
    flops,
    ...(reward.marks === undefined ? {} : { marks: reward.marks }),
    evaluation: reward.evaluation,
    reliability: reward.reliability,
  };
}
