/**
 * Runs a recipe in a run directory from the command line: progress on the terminal, Ctrl-C that keeps everything, and an
 * end that is written down whatever it was.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { NodeProviderName } from "../graph/node.ts";
import {
  isPath,
  isPipeline,
  preflight,
  RECIPES,
  type Recipe,
  type RecipeInput,
  readPipeline,
  referenceOf,
  relocated,
  resolveRecipe,
  runPipeline,
  runRecipe,
  type Scale,
  type StageRecord,
} from "../recipes/index.ts";
import { refused, retold } from "../recipes/refused.ts";
import { RUN_NAME, RunDirectory, type RunObserver, type RunStatus } from "../runs/run-directory.ts";
import { readJson } from "../runs/run-state.ts";
import { isRowsPath, type TaskFile } from "../runs/task-files.ts";
import { ReckonError } from "../util/errors.ts";
import { findModelFolder, modelFolder, shippedModels } from "./models.ts";
import { onBrokenPipe } from "./pipes.ts";
import { freeUnbegun } from "./unbegun.ts";

export interface TrainingOptions {
  readonly root: string;
  readonly name: string;
  readonly resume: boolean;
  readonly workers: number;
  /** Default `cpu`. */
  readonly provider?: NodeProviderName;
  readonly observer?: RunObserver;
  /** Of a recipe of several stages: is told of each stage as it begins or ends, and gives it its observer. */
  readonly stages?: StagesObserver;
}

export interface StagesObserver {
  told(stage: StageRecord, what: "begins" | "goes on" | "is done" | "was done"): void;
  observer(stage: StageRecord): RunObserver;
}

/** How a run ended, for whoever started it. */
export interface TrainingResult {
  readonly run: string;
  readonly status: Exclude<RunStatus, "running" | "failed">;
  readonly checkpoint: string | undefined;
}

/** What the studio's server sends to a training process that shall save and end. */
export const PAUSE = "pause";

/**
 * A recipe by its name, or from a file: a module with a default export, or JSON.
 * @param scale of a recipe known by name; a file has one only
 */
export async function findRecipe(name: string, scale: Scale = "tiny"): Promise<RecipeInput> {
  const known = RECIPES[name];
  if (known) return known[scale];
  if (!/\.(ts|js|mjs|json)$/.test(name)) {
    throw new ReckonError("RECIPE_UNKNOWN", `there is no recipe ${name}`, {
      expected: `${Object.keys(RECIPES).join(", ")}, or a file .ts, .js, .json`,
      got: name,
    });
  }
  const options = name.endsWith(".json") ? { with: { type: "json" } } : {};
  const module = (await import(pathToFileURL(resolve(name)).href, options).catch((cause: unknown) => {
    throw new ReckonError("RECIPE_UNREADABLE", `${name} could not be loaded`, {
      expected: "a module whose default export is defineRecipe({ … }), or such an object as JSON",
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  })) as { default?: RecipeInput };
  if (module.default === undefined) {
    throw new ReckonError("RECIPE_UNREADABLE", `${name} has no default export`, {
      expected: "export default defineRecipe({ … })",
    });
  }
  return module.default;
}

/**
 * The resolved recipe of a new run. Paths in it are absolute, taken from the folder where the command was given, so that the
 * run can go on from anywhere; shipped models keep their names, so that it can on another machine too.
 * @param name and settings as `reckon train` takes them
 */
export async function newRecipe(name: string, settings: readonly string[], scale: Scale = "tiny"): Promise<Recipe> {
  const recipe = resolveRecipe(await findRecipe(name, scale), settings);
  return { ...recipe, stages: recipe.stages.map(located) };
}

/**
 * The recipe of a run, of one stage or of several, as it goes on with it.
 * @throws ReckonError RUN_UNKNOWN, RUN_DAMAGED
 */
export function storedRecipe(root: string, name: string): Recipe {
  const folder = join(root, name);
  const known = RUN_NAME.test(name)
    ? (readPipeline(folder)?.recipe ?? readJson(join(folder, "recipe.json")))
    : undefined;
  if (known !== undefined) return resolveRecipe(known as RecipeInput);
  throw new ReckonError("RUN_UNKNOWN", `There is no run called ${JSON.stringify(name.slice(0, 80))} in ${root}.`, {
    help: "Check the name and the folder of the runs.",
  });
}

/** The recipe with broken rows of its data, and of its files of questions, left out instead of refused. */
export function skippingBroken(recipe: Recipe): Recipe {
  return {
    ...recipe,
    stages: recipe.stages.map((stage) => {
      const reads =
        (stage.kind === "supervise" && stage.data !== undefined) ||
        (stage.kind === "reward" && stage.data !== undefined && isPath(stage.data));
      const leaving = reads ? { ...stage, broken: "skip" as const } : stage;
      return "tasks" in leaving ? { ...leaving, tasks: leaving.tasks.map(leavingBroken) } : leaving;
    }),
  };
}

function leavingBroken(task: string | TaskFile): string | TaskFile {
  if (typeof task !== "string") return { ...task, broken: "skip" };
  return isRowsPath(task) ? { file: task, broken: "skip" } : task;
}

function located(stage: Recipe["stages"][number]): Recipe["stages"][number] {
  const placed = relocated(stage, locatedModel, locatedData);
  if (!("tasks" in placed)) return placed;
  const tasks = placed.tasks.map((task) =>
    typeof task === "string" ? resolve(task) : { ...task, file: resolve(task.file) },
  );
  if (!("userRewards" in placed)) return { ...placed, tasks };
  return { ...placed, tasks, userRewards: placed.userRewards.map((path) => resolve(path)) };
}

/** What a stage makes, and what the program writes itself, keep their names. */
function locatedData(place: string): string {
  return isPath(place) ? resolve(place) : place;
}

/** Of a run, the checkpoint that is its newest now. One that is not there is left to be told by the run that wants it. */
function locatedModel(name: string): string {
  if (referenceOf(name) !== undefined) return name;
  const folder = findModelFolder(name);
  return folder === undefined || shippedModels().includes(folder) ? name : folder;
}

/**
 * Runs a recipe from its start, or goes on with a run. A recipe of several stages goes on in any case: stages that are
 * done as this recipe wants them are passed over.
 * @param recipe of a new run; a run that is resumed keeps its own
 */
export async function runTraining(recipe: Recipe | undefined, options: TrainingOptions): Promise<TrainingResult> {
  const { root, name } = options;
  const several = recipe === undefined ? isPipeline(join(root, name)) : recipe.stages.length > 1;
  return several ? untilStopped((signal) => runStages(recipe, options, signal)) : runAlone(recipe, options);
}

/** A recipe of one stage in its run directory. */
async function runAlone(recipe: Recipe | undefined, options: TrainingOptions): Promise<TrainingResult> {
  // A training that the studio has started says nothing on a terminal: there a refusal is a failed run, for the page to show.
  const shown = process.send !== undefined;
  // What --dry-run refuses a run refuses too; one that goes on has begun with all of it.
  const looked = async (): Promise<void> => (options.resume ? undefined : preflight(recipe!, { modelFolder }));
  if (!shown) await looked();
  const run = await openAlone(recipe, options);
  return untilStopped(async (signal) => {
    if (signal.aborted) run.requestStop("pause");
    signal.addEventListener("abort", () => run.requestStop("pause"));
    try {
      if (shown) await looked();
      await runRecipe(options.resume ? resolveRecipe(run.recipe as RecipeInput) : recipe!, run, engineOf(options));
      await run.close();
      const step = (await run.checkpoints.steps()).at(-1);
      const checkpoint = step === undefined ? undefined : join(run.path, "checkpoints", `step-${step}`);
      return { run: run.path, status: run.state.status as TrainingResult["status"], checkpoint };
    } catch (thrown) {
      const kept = "what it wrote before is intact";
      const next = `go on with --resume ${run.name}`;
      const error = refused(thrown, { path: run.path, what: "what the run makes", kept, next });
      const code = error instanceof ReckonError ? error.code : "FAULT";
      const message = error instanceof Error ? error.message : String(error);
      run.event({ level: "error", code, step: run.state.step, message });
      await run.close("failed", message).catch(() => {});
      throw error;
    }
  });
}

async function openAlone(recipe: Recipe | undefined, { root, name, resume, observer }: TrainingOptions) {
  const settings = observer ? { observer } : {};
  const path = join(root, name);
  const known = existsSync(path);
  try {
    if (!resume) freeUnbegun(root, name);
    return resume ? await RunDirectory.open(root, name, settings) : RunDirectory.create(root, name, recipe, settings);
  } catch (error) {
    // A folder that was made and could not be locked is a run already: the same command would begin another.
    const begun = !known && existsSync(path);
    throw retold(error, {
      path,
      what: resume ? "a run that goes on" : "a new run",
      kept: resume ? "the run is as it was" : begun ? "it has not begun to train" : "nothing was begun",
      next: begun ? `go on with --resume ${name}` : "give the same command again",
    });
  }
}

/** A recipe of several stages. */
function runStages(recipe: Recipe | undefined, options: TrainingOptions, signal: AbortSignal): Promise<TrainingResult> {
  const { root, name, stages } = options;
  return runPipeline(options.resume ? undefined : recipe, {
    ...engineOf(options),
    root,
    name,
    signal,
    ...(stages
      ? { onStage: stages.told.bind(stages), observer: stages.observer.bind(stages) }
      : options.observer
        ? { observer: () => options.observer! }
        : {}),
  });
}

function engineOf({ workers, provider }: TrainingOptions): Parameters<typeof runRecipe>[2] {
  return { workers, ...(provider === undefined ? {} : { provider }), modelFolder };
}

/** Works until it is done, or is asked to save and end: by Ctrl-C, by the server that started it, by a closed pipe. */
async function untilStopped<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stopping = new AbortController();
  let asked = 0;
  const pause = (): void => stopping.abort();
  const interrupt = (): void => {
    asked++;
    if (asked > 1) process.exit(130); // The second time one means it; the last checkpoint is whole.
    pause();
  };
  const told = (message: unknown): void => {
    if (message === PAUSE) pause();
  };
  // Nobody reads the progress any more, or no disk takes it: save, then end.
  const restorePipes = onBrokenPipe(pause, "go on with reckon train --resume and the name of the run");
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt).on("disconnect", pause).on("message", told);
  // A parent that has vanished before this line was heard by nobody.
  if (process.send !== undefined && !process.connected) pause();
  try {
    return await work(stopping.signal);
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt).off("disconnect", pause).off("message", told);
    restorePipes();
  }
}

/** A name that no run in `root` has yet: the recipe's, then with -2, -3, … */
export function freshName(root: string, recipe: string): string {
  const taken = new Set(RunDirectory.list(root).map((run) => run.name));
  if (isPipeline(join(root, recipe))) taken.add(recipe);
  for (let n = 1; ; n++) {
    const name = n === 1 ? recipe : `${recipe}-${n}`;
    if (!taken.has(name)) return name;
  }
}
