/**
 * What can be known of a recipe before its first stage begins: whether its later stages could begin too. A stage looks
 * through what it begins with by itself, but of several the last one would do so hours after the first.
 *
 * The same code decides as in the stages, as far as it is cheap: files of data are read, users' modules loaded and tried out,
 * of models the configuration and the tokenizer read; no weights are, and nothing is asked of an API.
 * Left out: what shows only with a model's tokens (traces or prompts that are too long), whether an API takes the key, and
 * what earlier stages turn out to make.
 */
import { listTasks, type ProblemWeight } from "../tasks/index.ts";
import { DEFAULT_REWARDS } from "../train/judge.ts";
import { ReckonError } from "../util/errors.ts";
import { corpusOf, ratedCorpus } from "./corpora.ts";
import { phasesOf } from "./corpus-mix.ts";
import { checkData } from "./data.ts";
import { checkDistribution, checkModels } from "./preflight-models.ts";
import { checkRungs, openProblems } from "./problems.ts";
import { ratedTraces } from "./rated-traces.ts";
import type { Recipe, RewardStage, SampleStage, Stage } from "./schema.ts";
import { isPath, stageNameOf } from "./stages.ts";
import { endpointTeacher } from "./teacher/endpoint.ts";

export interface PreflightOptions {
  /** The folder of a model that a recipe names; default: the name is the folder. */
  readonly modelFolder?: (name: string) => string;
  /** Stages that are looked through; default all. */
  readonly stages?: readonly Stage[];
  /** Where keys of APIs are looked up; default the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Is told of a key that is not set, which may be before the run begins, in place of an error. */
  readonly warn?: (message: string) => void;
}

/**
 * Looks through the stages of a recipe.
 * @throws ReckonError the first thing that is in the way, with its stage's name: MODEL_UNKNOWN, REWARD_MODEL and MODEL_WRITES_NOT
 * for a model and a judge that are mistaken for each other, DISTIL_TOKENIZER; as `openProblems`, `openData`, `ratedTraces` and
 * `endpointTeacher`
 */
export async function preflight(recipe: Recipe, options: PreflightOptions = {}): Promise<void> {
  for (const stage of options.stages ?? recipe.stages) {
    try {
      await checkStage(recipe, stage, options);
    } catch (error) {
      throw recipe.stages.length > 1 ? inStage(stage, error) : error;
    }
  }
}

function inStage(stage: Stage, error: unknown): unknown {
  if (!(error instanceof ReckonError)) return error;
  const { code, summary, expected, got, help } = error;
  return new ReckonError(code, `stage ${stageNameOf(stage)}: ${summary}`, {
    ...(expected === undefined ? {} : { expected }),
    ...(got === undefined ? {} : { got }),
    ...(help === undefined ? {} : { help }),
    cause: error,
  });
}

async function checkStage(recipe: Recipe, stage: Stage, options: PreflightOptions): Promise<void> {
  const { modelFolder = (name: string): string => name } = options;
  await checkModels(recipe, stage, modelFolder);
  switch (stage.kind) {
    case "pretrain":
      for (const { mix } of phasesOf(stage)) checkReasoning(mix.problems);
      return;
    case "supervise":
      checkRungs(stage.problems);
      await checkData(recipe, stage);
      return checkDistribution(recipe, stage, modelFolder);
    case "reinforce":
      return (await openProblems(stage)).close();
    case "sample":
      await (await openProblems({ ...stage, rewards: DEFAULT_REWARDS, userRewards: [] })).close();
      return checkKey(stage, options);
    case "graded":
      return checkReasoning(stage.problems);
    case "reward":
      return checkRated(stage);
    default:
      stage satisfies never;
      throw new Error("internal: unknown stage");
  }
}

/** Of reasoning families alone the corpus and the graded chains can be written. */
function checkReasoning(rungs: readonly ProblemWeight[]): void {
  checkRungs(rungs);
  const names = listTasks().map(({ name }) => name);
  const other = rungs.find(({ family }) => !names.includes(family));
  if (other === undefined) return;
  throw new ReckonError("RECIPE_INVALID", `no chains of thought can be written of ${other.family}`, {
    expected: names.join(", "),
    got: `${other.family}, a family of instructions`,
  });
}

async function checkRated(stage: RewardStage): Promise<void> {
  const { data = "corpus:graded", problems } = stage;
  const corpus = corpusOf(data);
  if (corpus !== undefined) {
    ratedCorpus(corpus);
    return corpus === "graded" ? checkReasoning(problems) : checkRungs(problems);
  }
  // Of rated traces the families may be somebody's own: the stage takes of its problems those that the file has.
  if (isPath(data)) await ratedTraces({ ...stage, evaluatePrompts: 1 }, 0);
}

function checkKey({ teacher, temperature, maxNewTokens }: SampleStage, options: PreflightOptions): void {
  if (teacher === undefined) return;
  try {
    endpointTeacher(teacher, { seed: 0, temperature, maxNewTokens }, options.environment ?? process.env);
  } catch (error) {
    if (!options.warn || !(error instanceof ReckonError) || error.code !== "TEACHER_KEY") throw error;
    options.warn(`${error.summary} ${error.help}`);
  }
}
