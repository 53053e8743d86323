/**
 * What each stage of a recipe gave, as in the stage table of DeepSeek-R1 (Nature, table 2): the models that the recipe
 * begins with and those that its stages made, measured alike on held-out problems and instructions.
 *
 * Measurements are kept in `table.json` beside pipeline.json, each under a key of the weights, the problems and the
 * manner of asking: a model is measured once. The answers themselves are beside it, in `table-KEY.jsonl`, as a run's
 * answers to held-out problems are kept, with every part of their reward, the opinions of the recipe's reward models among
 * them: all models were asked the same. Other programs may read these files.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  answers,
  hash,
  type PipelineRecord,
  type Recipe,
  readPipeline,
  referenceOf,
  weightsHash,
} from "../recipes/index.ts";
import { listOf } from "../recipes/stages.ts";
import { isMissing, replaceFile } from "../runs/disk.ts";
import type { Problem } from "../tasks/index.ts";
import { type Evaluated, type EvaluationSummary, summarise } from "../train/evaluate.ts";
import { type InstructionSummary, languageOf, summariseInstructions } from "../train/instruction-metrics.ts";
import { MODEL_NAME } from "../train/model-judge.ts";
import { evaluationRecords } from "../train/reinforce-metrics.ts";
import { ReckonError } from "../util/errors.ts";
import { mean } from "../util/statistics.ts";
import { evaluateModel } from "./evaluation.ts";
import { modelFolder, newestCheckpoint, openModel } from "./models.ts";
import { type NamedReward, openWholeJudge } from "./ranker.ts";
import { type Asked, askedOf } from "./stage-problems.ts";
import { table } from "./ui.ts";

export interface StageRow {
  /** Of a stage its name; of a model that the recipe begins with the last part of its own. */
  readonly name: string;
  readonly key: string;
  readonly summary: Pick<EvaluationSummary, "n" | "pass_at_1" | "se" | "chance" | "format" | "tokens_mean">;
  /** Share right by family. */
  readonly families: Readonly<Record<string, number>>;
  /** Mean share of the prompt's language in the thoughts; null where nothing was thought. */
  readonly language: number | null;
  /** Mean tokens of the thinking, on held-out problems. */
  readonly thinking: number;
  readonly instructions: InstructionSummary;
}

export interface StageTableOptions {
  readonly workers: number;
  /** Held-out problems; default: twice those of the recipe's own evaluations, at most 400. */
  readonly problems?: number;
  /** Held-out instructions; default: three for four problems. */
  readonly instructions?: number;
  /** Is told before a model is measured; those on record are not. */
  readonly onModel?: (name: string) => void;
  /** Is told what a reward model has left out. */
  readonly warn?: (message: string) => void;
}

const FILE = "table.json";
/** To be raised when the same weights would give another row. */
const FORMAT = 2;
const MAX_TOKENS = 256;
const MOST_PROBLEMS = 400;
const INSTRUCTIONS_A_PROBLEM = 0.75;

/**
 * Measures what has not been measured, and gives all rows in the order of the recipe.
 * @param folder of a run of several stages, e.g. `runs/r1`
 * @throws ReckonError RUN_UNKNOWN
 */
export async function stageTable(folder: string, options: StageTableOptions): Promise<StageRow[]> {
  const record = readPipeline(folder);
  if (record === undefined) {
    throw new ReckonError("RUN_UNKNOWN", `${folder} is no run of several stages`, {
      expected: "a folder with pipeline.json",
      help: "train one: reckon train r1",
    });
  }
  const { problems: count = countOf(record.recipe) } = options;
  const instructions = options.instructions ?? Math.ceil(INSTRUCTIONS_A_PROBLEM * count);
  const models = [
    ...beginnings(record.recipe).map((place) => ({ name: nameOf(place), find: () => modelFolder(place) })),
    ...record.stages.flatMap((stage) => {
      const model =
        stage.state === "finished" && answers(stage) ? newestCheckpoint(join(folder, stage.folder)) : undefined;
      return model === undefined ? [] : [{ name: stage.name, find: () => model }];
    }),
  ];
  const { warn = () => {} } = options;
  const judges = await judgesOf(record, folder, warn);
  const judging = judges.map(({ name, weights }) => [name, weights]);
  const asked = await askedOf(record.recipe, { problems: count, instructions, maxTokens: MAX_TOKENS, warn });
  const questions = [...asked.problems, ...asked.instructions].map(({ prompt, facts }) => [prompt, facts]);
  const known = readRows(folder);
  const rows: StageRow[] = [];
  try {
    for (const { name, find } of models) {
      try {
        const model = find();
        const key = hash(
          JSON.stringify([FORMAT, await weightsHash(model), questions, MAX_TOKENS, judging, ...asked.sources]),
        );
        const answers = join(folder, answersFile(key));
        const found = existsSync(answers) ? known.find((row) => row.key === key) : undefined;
        if (found === undefined) options.onModel?.(name);
        rows.push(found ? { ...found, name } : await measure({ ...options, name, key, model, asked, judges, answers }));
      } catch (error) {
        // A published model that does not know our tokens, one that is gone since: the others can be told all the same.
        if (!(error instanceof ReckonError)) throw error;
        warn(`${name} has no part in the table: ${error.message}`);
        continue;
      }
      // What was measured before under other settings is worth its few bytes.
      const others = known.filter((row) => !rows.some((one) => one.key === row.key));
      replaceFile(join(folder, FILE), `${JSON.stringify([...rows, ...others], null, 2)}\n`);
    }
  } finally {
    await asked.close();
  }
  return rows;
}

function countOf(recipe: Recipe): number {
  const own = recipe.stages.map((stage) => ("evaluateProblems" in stage ? stage.evaluateProblems : 0));
  return Math.min(MOST_PROBLEMS, 2 * Math.max(1, ...own));
}

/** Models by name that no stage makes, in the order of their names: the base stands before what was made of it. */
function beginnings(recipe: Recipe): string[] {
  const places = recipe.stages.flatMap((stage) => ("from" in stage ? (stage.from ?? []) : []));
  return [...new Set(places.filter((place) => referenceOf(place) === undefined))].sort();
}

/** The last part of a model's name; of a checkpoint the run that it is of. */
function nameOf(place: string): string {
  const parts = place.split(/[\\/]/).filter((part) => part !== "checkpoints" && !/^step-\d+$/.test(part));
  return parts.at(-1) ?? place;
}

interface StageJudge extends NamedReward {
  readonly weights: string;
}

/** Reward models that a reinforcement of the recipe is judged by, those that are done and still there. */
async function judgesOf(
  { recipe, stages }: PipelineRecord,
  folder: string,
  warn: (message: string) => void,
): Promise<StageJudge[]> {
  const judged = recipe.stages.findLast((stage) => stage.kind === "reinforce" && stage.rewardModel !== undefined);
  if (judged?.kind !== "reinforce") return [];
  const place = (from: string): string | undefined => {
    const made = referenceOf(from);
    if (made === undefined) return modelFolder(from);
    const stage = stages.find((one) => one.name === made && one.state === "finished");
    return stage && newestCheckpoint(join(folder, stage.folder));
  };
  const judges: StageJudge[] = [];
  for (const { from, name = MODEL_NAME } of listOf(judged.rewardModel)) {
    try {
      const found = place(from);
      if (found !== undefined) judges.push({ name, folder: found, weights: await weightsHash(found) });
    } catch (error) {
      if (!(error instanceof ReckonError)) throw error;
      warn(`what ${name} thinks of the answers is not told: ${error.message}`);
    }
  }
  return judges;
}

async function measure({
  name,
  key,
  model,
  asked,
  judges,
  answers: answersPath,
  workers,
  warn = () => {},
}: {
  readonly name: string;
  readonly key: string;
  readonly model: string;
  readonly asked: Asked;
  readonly judges: readonly NamedReward[];
  readonly answers: string;
  readonly workers: number;
  readonly warn?: (message: string) => void;
}): Promise<StageRow> {
  const { checkpoint } = await openModel(model);
  const options = { maxTokens: MAX_TOKENS, workers };
  const { problems, instructions, rules } = asked;
  const all = [...problems, ...instructions];
  const { judge, close } = await openWholeJudge(judges, checkpoint, all, { ...options, rules }, { warn });
  const how = { samples: 1, seed: 7, temperature: 1, ...options, judge };
  const ask = (list: readonly Problem[]): Promise<Evaluated[]> => evaluateModel(checkpoint, list, how);
  const [answers, told] = await ask(problems)
    .then(async (first) => [first, await ask(instructions)] as const)
    .finally(close);
  replaceFile(answersPath, answerLines([...answers, ...told]));
  const { n, pass_at_1, se, chance, format, tokens_mean, by_family_level } = summarise(answers, 1);
  const families = new Map<string, { right: number; n: number }>();
  for (const rung of by_family_level) {
    const { right, n: before } = families.get(rung.family) ?? { right: 0, n: 0 };
    families.set(rung.family, { right: right + rung.accuracy * rung.n, n: before + rung.n });
  }
  const language = languageOf(answers);
  const lengths = answers.map(({ rollout }) => checkpoint.tokenizer.encodePlain(rollout.parsed.thinking).length);
  return {
    ...{ name, key, summary: { n, pass_at_1, se, chance, format, tokens_mean } },
    families: Object.fromEntries([...families].map(([family, { right, n: of }]) => [family, right / of])),
    ...{ language: Number.isNaN(language) ? null : language, thinking: mean(lengths) },
    instructions: summariseInstructions(told),
  };
}

function answersFile(key: string): string {
  return `table-${key.slice(0, 16)}.jsonl`;
}

/** Step 0 is no step: the models come from different runs. */
function answerLines(answers: readonly Evaluated[]): string {
  const records = evaluationRecords(
    0,
    answers.map((answer, index) => ({ ...answer, index })),
  );
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

function readRows(folder: string): StageRow[] {
  try {
    return JSON.parse(readFileSync(join(folder, FILE), "utf8")) as StageRow[];
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return [];
    throw error;
  }
}

/** The rows as a table for people: a model a column. */
export function stageTableText(rows: readonly StageRow[]): string {
  const percent = (value: number | null | undefined): string =>
    value === null || value === undefined || Number.isNaN(value) ? "–" : `${(100 * value).toFixed(1)} %`;
  const line = (label: string, of: (row: StageRow) => string): string[] => [label, ...rows.map(of)];
  const families = [...new Set(rows.flatMap((row) => Object.keys(row.families)))].sort();
  const kinds = [...new Set(rows.flatMap((row) => Object.keys(row.instructions.kinds)))].sort();
  return table([
    line("", ({ name }) => name),
    line("right", ({ summary: { n, pass_at_1, se } }) =>
      n === 0 ? "–" : `${percent(pass_at_1)} ± ${(100 * se).toFixed(1)}`,
    ),
    ...families.map((family) => line(`  ${family}`, (row) => percent(row.families[family]))),
    line("one language", ({ language }) => percent(language)),
    line("strict format", ({ summary }) => (summary.n === 0 ? "–" : percent(summary.format))),
    line("tokens of thinking", ({ summary, thinking }) => (summary.n === 0 ? "–" : thinking.toFixed(1))),
    line("instructions followed", ({ instructions }) => percent(instructions.followed)),
    ...kinds.flatMap((kind) => [
      line(`  ${kind}`, ({ instructions }) => percent(instructions.kinds[kind]?.followed)),
      line(`  ${kind}, right`, ({ instructions }) => percent(instructions.kinds[kind]?.right)),
    ]),
  ]);
}
