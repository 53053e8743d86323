/** What `reckon sample` is told, as a teacher, problems and a judge. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { type Scale, weightsHash } from "../recipes/index.ts";
import { openProblems as openRungs } from "../recipes/problems.ts";
import {
  drawOnce,
  endpointSchema,
  endpointTeacher,
  type KeepSettings,
  keepSchema,
  localTeacher,
  type Teacher,
} from "../recipes/teacher/index.ts";
import { isRowsPath } from "../runs/index.ts";
import { demoMix, getTask, isHeldOut, listTasks, type Problem, type ProblemWeight, smallMix } from "../tasks/index.ts";
import { DEFAULT_REWARDS, type Judge } from "../train/judge.ts";
import { usageError } from "./command.ts";
import { openModel } from "./models.ts";
import { openProblems } from "./problem-files.ts";
import { checkOneNamed, firstGiven, type OpenOptions, rowOptions, taskFile } from "./tasks/open.ts";
import type { Ui } from "./ui.ts";

export interface SampleOptions extends OpenOptions {
  readonly teacher: string;
  readonly out: string;
  readonly model?: string;
  readonly keyEnv?: string;
  readonly system?: string;
  readonly instruction?: string;
  readonly extra?: string;
  readonly seedless?: boolean;
  readonly stream: boolean;
  readonly completionLimit?: boolean;
  readonly concurrency: number;
  readonly attempts: number;
  readonly timeout: number;
  readonly price?: string;
  readonly problems?: string;
  readonly rung: readonly string[];
  readonly task: readonly string[];
  /** Undefined unless it was given, like `count`: neither default is meant for a file of problems. */
  readonly scale?: Scale;
  readonly count?: number;
  readonly samples: number;
  readonly seed: number;
  readonly temperature: number;
  readonly topP?: number;
  readonly maxTokens: number;
  readonly keep: number;
  readonly maxThinking?: number;
  readonly withoutThinking?: boolean;
  readonly workers: number;
}

/** Problems that are drawn where --count is not given. */
export const DEFAULT_COUNT = 200;

/** Whether a teacher is an address rather than a folder. */
const isAddress = (teacher: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(teacher);

/**
 * @throws ReckonError USAGE for options that do not fit; TEACHER_KEY, CLIENT_SETTING, MODEL_UNKNOWN
 */
export async function openTeacher(options: SampleOptions, ui: Ui): Promise<Teacher> {
  const { seed, temperature, maxTokens: maxNewTokens, workers } = options;
  const sampling = { seed, temperature, maxNewTokens };
  if (!isAddress(options.teacher)) {
    if (options.model !== undefined || options.keyEnv !== undefined) {
      throw usageError("--model and --key-env are of an API", {
        expected: "--teacher with an address, e.g. https://api.deepseek.com/v1",
        got: `--teacher ${options.teacher}`,
      });
    }
    const { folder, checkpoint } = await openModel(options.teacher, ui);
    // Its own context is all that it can fill.
    const room = checkpoint.config.maxPositions;
    const limit = Math.min(maxNewTokens, Math.max(1, room - Math.floor(room / 4)));
    const local = { ...sampling, maxNewTokens: limit, workers };
    return localTeacher(checkpoint, basename(folder), await weightsHash(folder), local);
  }
  if (options.model === undefined) {
    throw usageError("an API has to be told which of its models is to answer", {
      expected: "--model NAME, as the API itself calls it, e.g. --model deepseek-reasoner",
      help: "A model in a folder of this machine needs none: give the folder as --teacher.",
    });
  }
  const parsed = endpointSchema.safeParse({
    url: options.teacher,
    model: options.model,
    ...given({ apiKeyEnv: options.keyEnv, system: options.system }),
    ...given({ instruction: options.instruction, topP: options.topP, price: priceOf(options.price) }),
    extra: extraOf(options.extra),
    sendSeed: options.seedless !== true,
    stream: options.stream,
    tokenLimitField: options.completionLimit ? "max_completion_tokens" : "max_tokens",
    concurrency: options.concurrency,
    attempts: options.attempts,
    timeouts: { first: options.timeout, idle: options.timeout },
  });
  if (parsed.success) return endpointTeacher(parsed.data, sampling, process.env, (words) => ui.warn(words));
  const { path, message } = parsed.error.issues[0]!;
  const names: Readonly<Record<string, string>> = { apiKeyEnv: "--key-env", model: "--model" };
  // Not what was given: it may be a key.
  throw usageError(`${names[String(path[0])] ?? `--${String(path[0])}`} does not fit`, { expected: message });
}

export function keepOf({ keep, maxThinking, withoutThinking }: SampleOptions): KeepSettings {
  return keepSchema.parse({
    perPrompt: keep,
    ...given({ maxThinking, withoutThinking }),
  });
}

export interface Questions {
  readonly problems: readonly Problem[];
  readonly judge: Judge;
  close(): Promise<void>;
}

/** The problems that are asked: of the training split, each once. */
export async function openQuestions(options: SampleOptions, ui: Ui): Promise<Questions> {
  if (options.problems !== undefined) return fromFile(options.problems, options, ui);
  checkFileless(options);
  const rungs = options.rung.map(rungOf);
  const mixture = options.scale === "small" ? smallMix : demoMix;
  const count = options.count ?? DEFAULT_COUNT;
  const source = await openRungs({
    problems: rungs.length > 0 ? rungs : mixture,
    tasks: options.task.map((path) => (isRowsPath(path) ? taskFile(path, options) : path)),
    userRewards: [],
    rewards: DEFAULT_REWARDS,
  });
  try {
    for (const warning of source.warnings) ui.warn(warning);
    const problems = await drawOnce(source.draw, options.seed, count);
    if (problems.length < count) ui.warn(`there are no more than ${problems.length} different problems`);
    return { problems, judge: source.judge, close: source.close };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Options that say how a file of rows is read are for nothing where none is. */
function checkFileless({ task, ...options }: SampleOptions): void {
  checkOneNamed(task, options);
  const option = task.some(isRowsPath) ? undefined : firstGiven(rowOptions(options));
  if (option === undefined) return;
  throw usageError(`${option} says something of a file of questions and answers`, {
    expected: "--problems <file>, or --task <file>.jsonl, beside it",
  });
}

/** A file says by itself which problems there are. */
function checkUndrawn({ rung, scale }: SampleOptions): void {
  const option = firstGiven({ "--rung": rung[0], "--scale": scale });
  if (option === undefined) return;
  throw usageError(`${option} draws problems, and --problems takes those of a file`, {
    expected: `--problems or ${option}, not both; --count beside --problems takes the first of the file`,
  });
}

async function fromFile(file: string, options: SampleOptions, ui: Ui): Promise<Questions> {
  checkUndrawn(options);
  const source = await openProblems(file, options.task, ui, { ...options, learns: true });
  const shipped = new Set(listTasks().map((task) => task.name));
  const heldBack = ({ id, family, facts, split }: (typeof source.problems)[number]): boolean =>
    // The id of a problem that `reckon tasks sample` drew names the split that it was drawn of, which only its module knows.
    shipped.has(family) ? isHeldOut(getTask(family), facts) : (split ?? id.split("/")[2]) === "heldout";
  const seen = new Set<string>();
  const training = source.problems.filter((problem) => !heldBack(problem));
  const heldOut = source.problems.length - training.length;
  if (heldOut > 0) ui.warn(`${heldOut} held-out problems of ${file} are left out: nobody is to learn from them`);
  // A name by what is asked: ids of a file need not be unique, and its lines may be moved.
  const different = training.flatMap((problem) => {
    const key = `${problem.family}\n${problem.prompt}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ ...problem, id: `${problem.family}/${createHash("sha256").update(key).digest("hex").slice(0, 16)}` }];
  });
  const problems = different.slice(0, options.count);
  if (problems.length < (options.count ?? 0)) ui.warn(`${file} has no more than ${problems.length} different problems`);
  return { problems, judge: source.judge, close: source.close };
}

function rungOf(text: string): ProblemWeight {
  const match = /^([a-z][a-z0-9_-]*):(\d+)$/.exec(text);
  if (match) return { family: match[1]!, level: Number(match[2]), weight: 1 };
  throw usageError("a rung is a family and a level", { expected: "e.g. --rung countdown:0", got: text });
}

function priceOf(text: string | undefined): { prompt: number; completion: number } | undefined {
  if (text === undefined) return undefined;
  const [prompt, completion, ...more] = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (more.length === 0 && prompt! >= 0 && completion! >= 0) return { prompt: prompt!, completion: completion! };
  throw usageError("--price wants two numbers", { expected: "e.g. --price 0.55,2.19", got: text });
}

function extraOf(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw usageError("--extra wants a JSON object", { expected: '{"reasoning_effort":"high"}' });
}

/** The fields that are set. */
function given<T extends Readonly<Record<string, unknown>>>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
