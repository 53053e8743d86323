/**
 * The thread in which a user's task or reward runs: loads the module, says what it is, then answers batches of calls, one
 * call after the other. What a call returns is checked here, so that nothing but sound values leaves the thread.
 */
import { registerHooks } from "node:module";
import { basename, extname } from "node:path";
import { pathToFileURL } from "node:url";
import { workerData } from "node:worker_threads";
import {
  defineTask,
  listTasks,
  type Problem,
  sampleProblem,
  type Task,
  type Verdict,
  validateTask,
} from "../tasks/index.ts";
import type { ReckonError } from "../util/errors.ts";
import { survey } from "./survey.ts";
import {
  type Loaded,
  MOST_OUTPUT,
  type Outcome,
  type RewardDefinition,
  type UserCall,
  type UserReply,
  type UserWorkerSetup,
} from "./user-protocol.ts";

const { path, kind, port, began } = workerData as UserWorkerSetup;
const href = pathToFileURL(path).href;
const clock = new BigInt64Array(began);
const LARGEST_REWARD = 1e6;
const LONGEST_TEXT = 10_000;

/** `reckon/tasks` in a user's module is the Reckon that runs, wherever the module lies. */
const fromSources = import.meta.url.endsWith(".ts");
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== "reckon" && !specifier.startsWith("reckon/")) return next(specifier, context);
    const conditions = fromSources ? [...context.conditions, "reckon-source"] : context.conditions;
    return next(specifier, { ...context, conditions, parentURL: import.meta.url });
  },
});

type Answer = (call: UserCall) => unknown;
let answer: Answer = () => {
  throw new Error("internal: no module is loaded");
};

function say(reply: UserReply): void {
  port.postMessage(reply);
}

async function load(): Promise<Loaded> {
  let module: Record<string, unknown>;
  try {
    module = (await import(href)) as Record<string, unknown>;
  } catch (error) {
    return faultOf(error, { code: "MODULE_LOAD" });
  }
  if (!("default" in module)) {
    const names = Object.keys(module);
    const got = names.length === 0 ? "a module that exports nothing" : `only the exports ${names.join(", ")}`;
    return { kind: "fault", code: "MODULE_EXPORT", got };
  }
  return kind === "task" ? loadTask(module["default"]) : loadReward(module["default"]);
}

function loadTask(exported: unknown): Loaded {
  const methods = ["sample", "prompt", "verify", "gold"];
  const missing = isObject(exported) ? methods.filter((name) => typeof exported[name] !== "function") : methods;
  if (missing.length > 0) {
    const got = isObject(exported) ? `an object without ${missing.join(", ")}` : kindOf(exported);
    return { kind: "fault", code: "MODULE_EXPORT", got };
  }
  let task: Task;
  let faults: string[];
  try {
    task = defineTask(exported as unknown as Task);
    faults = validateTask(task, { count: 2 });
  } catch (error) {
    return faultOf(error, { code: "TASK_INVALID", expected: "problems that can be drawn" });
  }
  if (listTasks().some((other) => other.name === task.name)) {
    const got = `${task.name}, which is a built-in family`;
    return { kind: "fault", code: "TASK_INVALID", expected: "a name of its own", got };
  }
  if (faults.length > 0) {
    const expected = "gold answers that score 1, repeatable draws, plain JSON, chance levels from 0 to 1";
    return { kind: "fault", code: "TASK_INVALID", expected, got: faults.slice(0, 3).join("; ") };
  }
  answer = (call) => {
    switch (call.method) {
      case "problem":
        return checkProblem(sampleProblem(task, call.request));
      case "verify":
        return checkVerdict(task.verify(call.facts, call.answer));
      case "gold":
        return checkText(task.gold(call.facts), "gold");
      case "survey": {
        const { heldOut, canonical } = survey(task, call.seed, call.index, call.level);
        // Only told apart from others, so what is too long to pass on is cut.
        return { heldOut: heldOut === true, canonical: String(canonical).slice(0, LONGEST_TEXT) };
      }
      case "reward":
        throw new Error("internal: a task was asked for a reward");
      default:
        call satisfies never;
        throw new Error("internal: unknown call");
    }
  };
  return { kind: "task", name: task.name, levels: task.levels, ladder: task.ladder };
}

function loadReward(exported: unknown): Loaded {
  const definition = typeof exported === "function" ? { reward: exported } : exported;
  if (!isObject(definition) || typeof definition["reward"] !== "function") {
    return { kind: "fault", code: "MODULE_EXPORT", got: kindOf(exported) };
  }
  const { name = basename(path, extname(path)), weight = 1, reward } = definition as unknown as RewardDefinition;
  if (typeof name !== "string" || name === "" || name === "accuracy" || name === "format") {
    const expected = "name: a text other than accuracy and format";
    return { kind: "fault", code: "REWARD_INVALID", expected, got: JSON.stringify(name) ?? kindOf(name) };
  }
  if (typeof weight !== "number" || !(Math.abs(weight) <= LARGEST_REWARD)) {
    return {
      kind: "fault",
      code: "REWARD_INVALID",
      expected: "weight: a number from -1e6 to 1e6",
      got: String(weight),
    };
  }
  answer = async (call) => {
    if (call.method !== "reward") throw new Error("internal: a reward was asked for something else");
    return checkReward(await reward(call.rollout));
  };
  return { kind: "reward", name, weight };
}

/** The validation at loading saw a few problems only; each one is looked at again. */
function checkProblem(problem: Problem): Problem {
  const { prompt, chance } = problem as { readonly prompt: unknown; readonly chance: unknown };
  if (typeof prompt !== "string" || prompt.trim() === "" || prompt.length > LONGEST_TEXT) {
    const got = typeof prompt === "string" ? `a text of ${prompt.length} characters` : show(prompt);
    throw new Error(`prompt returned ${got}, not a text of 1 to ${LONGEST_TEXT} characters`);
  }
  if (typeof chance !== "number" || !(chance >= 0 && chance <= 1)) {
    throw new Error(`chance returned ${show(chance)}, not a number from 0 to 1`);
  }
  return problem;
}

function checkText(value: unknown, method: string): string {
  if (typeof value === "string" && value.length <= LONGEST_TEXT) return value;
  throw new Error(`${method} returned ${show(value)}, not a text of at most ${LONGEST_TEXT} characters`);
}

function checkVerdict(value: unknown): Verdict {
  if (!isObject(value)) throw new Error(`verify returned ${kindOf(value)}, not { score, reason }`);
  const { score, reason } = value;
  if (typeof score !== "number" || !(score >= 0 && score <= 1)) {
    throw new Error(`verify returned the score ${show(score)}, not a number from 0 to 1`);
  }
  return { score, reason: typeof reason === "string" ? reason.slice(0, LONGEST_TEXT) : "" };
}

function checkReward(value: unknown): number | null {
  if (value === null) return null;
  if (typeof value !== "number" || !(Math.abs(value) <= LARGEST_REWARD)) {
    throw new Error(`it returned ${show(value)}, not null or a number from -1e6 to 1e6`);
  }
  return value;
}

async function run(calls: readonly UserCall[]): Promise<void> {
  for (const call of calls) {
    let outcome: Outcome;
    Atomics.store(clock, 0, process.hrtime.bigint());
    try {
      outcome = { ok: true, value: (await answer(call)) as never };
    } catch (error) {
      outcome = { ok: false, message: describe(error) };
    }
    Atomics.store(clock, 0, 0n);
    try {
      say({ kind: "outcome", outcome });
    } catch (error) {
      // Facts with functions and the like cannot leave the thread.
      say({ kind: "outcome", outcome: { ok: false, message: describe(error) } });
    }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value === "object" ? "an object of another shape" : `a ${typeof value}`;
}

/** A value in a message: short, whatever it is. */
function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  return typeof value === "number" || value === undefined ? String(value) : kindOf(value);
}

/** What a module does wrong as it is loaded; our own words about it, e.g. from `defineTask`, stay what they are. */
function faultOf(error: unknown, otherwise: { readonly code: string; readonly expected?: string }): Loaded {
  if (!(isObject(error) && error["name"] === "ReckonError" && typeof error["code"] === "string")) {
    return { kind: "fault", ...otherwise, got: describe(error) };
  }
  const { code, expected, got, message } = error as unknown as ReckonError;
  const summary = message.split("\n")[0]!;
  return {
    kind: "fault",
    code,
    ...(expected === undefined ? {} : { expected }),
    got: got ? `${got}. ${summary}` : summary,
  };
}

/** What was thrown, in a line, with its place in the user's file; users throw anything, with getters that throw again. */
function describe(error: unknown): string {
  try {
    if (!(error instanceof Error)) return `it threw ${show(error)}`;
    const at = String(error.stack)
      .match(/file:[^\s()]*?:\d+/g)
      ?.find((place) => place.startsWith(`${href}:`));
    const line = at === undefined ? "" : ` (${basename(path)}${at.slice(href.length)})`;
    return `${(error.message || error.name).slice(0, LONGEST_TEXT)}${line}`;
  } catch {
    return "it threw something that cannot be shown";
  }
}

// Node's own warnings about the module (no "type" in its package.json) are no concern of its author's.
process.removeAllListeners("warning");
let printed = 0;
for (const stream of [process.stdout, process.stderr]) {
  // Cut here, at its source: a flood would fill the run's memory with messages.
  stream.write = (chunk: unknown) => {
    if (printed >= MOST_OUTPUT) return true;
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk as Uint8Array).toString("utf8");
    printed += text.length;
    say({ kind: "print", text });
    return true;
  };
}

say({ kind: "loaded", loaded: await load() });
port.on("message", (calls: readonly UserCall[]) => void run(calls));
