/** What a run was like, read off its folder, and what it kept of the data that it made. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RewardStep } from "../../recipes/parting.ts";
import { MODEL_NAME } from "../../train/model-judge.ts";
import { mean } from "../../util/statistics.ts";
import { newestCheckpoint } from "../models.ts";
import type { DataRecord, OpinionStep, TrainingRecord } from "./record.ts";

const short = (x: number): number => Number(x.toFixed(4));

/** What of a checkpoint's reckon.json is read here. */
interface Lineage {
  readonly step?: number;
  readonly flops?: number;
  readonly seconds?: number;
  readonly tokens?: number;
  readonly sampledTokens?: number;
}

/** Reads off a run's metrics and lineage what it was like; undefined for a run without metrics. */
export function trainingRecord(run: string): TrainingRecord | undefined {
  const lines = metricLines(run);
  if (lines.length === 0) return undefined;
  const checkpoint = newestCheckpoint(run);
  const judged = lines.flatMap(rewardStep);
  const mixed = lines.flatMap((line) => line["frac_groups_mixed"] ?? []);
  return {
    ...spent(checkpoint === undefined ? {} : lineageOf(checkpoint)),
    steps: lines.at(-1)?.["step"] ?? 0,
    ...(mixed.length === 0 ? {} : { mixed: Number(mean(mixed).toFixed(4)) }),
    curve: lines.flatMap((line) =>
      line["eval/accuracy"] === undefined
        ? []
        : [{ step: line["step"]!, accuracy: line["eval/accuracy"], tokens: line["eval/mean_length"] ?? 0 }],
    ),
    ...(judged.length === 0 ? {} : { rewards: judged }),
  };
}

/** A run's metrics, step by step; none where it has written none. */
export function metricLines(run: string): readonly Readonly<Record<string, number>>[] {
  const file = join(run, "metrics.jsonl");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, number>);
}

/** A step whose answers a reward model without a name has judged beside the rules. */
function rewardStep(line: Readonly<Record<string, number>>): RewardStep[] {
  return opinionStep(line, [MODEL_NAME]).map(({ step, accuracy, opinions }) => ({
    ...{ step, model: opinions[MODEL_NAME]!, accuracy, format: short(line["rewards/format/mean"] ?? Number.NaN) },
  }));
}

/** A step in which the judges were asked. */
export function opinionStep(line: Readonly<Record<string, number>>, judges: readonly string[]): OpinionStep[] {
  const [step, accuracy] = [line["step"], line["rewards/accuracy/mean"]];
  const opinions = judges.flatMap((name) => {
    const opinion = line[`rewards/${name}/mean`];
    return opinion === undefined ? [] : [[name, short(opinion)] as const];
  });
  if (step === undefined || accuracy === undefined || opinions.length === 0) return [];
  return [{ step, accuracy: short(accuracy), opinions: Object.fromEntries(opinions) }];
}

/** What a model that ships says of its training; its run is not at hand. */
export function shippedRecord(folder: string): TrainingRecord {
  const lineage = lineageOf(folder);
  return { ...spent(lineage), steps: lineage.step ?? 0, curve: [] };
}

function spent({ flops = 0, seconds = Number.NaN, tokens, sampledTokens }: Lineage) {
  return {
    seconds,
    flops,
    ...(tokens === undefined ? {} : { tokens }),
    ...(sampledTokens === undefined ? {} : { sampledTokens }),
  };
}

/** What the lineage of a checkpoint states; nothing of a model that was not made here. */
function lineageOf(checkpoint: string): Lineage {
  const file = join(checkpoint, "reckon.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Lineage) : {};
}

/** What a stage that has sampled data says of it in its lineage.json. */
export function dataRecord(run: string): Omit<DataRecord, "name" | "key"> {
  const { prompts, sampledTokens, hash, counts } = JSON.parse(
    readFileSync(join(run, "lineage.json"), "utf8"),
  ) as DataRecord;
  return { prompts, sampledTokens, hash, counts };
}
