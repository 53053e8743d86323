/**
 * What all commands share: how they are made, how their options are read, how their failures become exit codes.
 *
 * Exit codes: 0 done, 1 failed, 2 wrong usage (unknown flags, bad values).
 */
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { refusedSomewhere } from "../recipes/refused.ts";
import { ReckonError } from "../util/errors.ts";
import { createUi, paint, type Ui } from "./ui.ts";

/** A command of the program; its file is loaded only when it is called. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<{ create(): Command }>;
}

/** An example in a help text: what is typed and what it does. */
export type Example = readonly [typed: string, does: string];

/** A command with the house's conventions: examples in its help, errors thrown instead of exits. */
export function newCommand(name: string, summary: string, examples: readonly Example[]): Command {
  const lines = examples.map(([typed, does]) => `  $ ${typed}\n      ${does}`);
  return withConventions(new Command(name).description(summary)).addHelpText(
    "after",
    `\n${examples.length === 1 ? "Example" : "Examples"}:\n${lines.join("\n")}\n`,
  );
}

/** The house's conventions for any command, the program itself included. */
export function withConventions(command: Command): Command {
  return command
    .exitOverride()
    .showHelpAfterError("(add --help for the options and examples)")
    .configureHelp({ showGlobalOptions: true });
}

/** Where a command says things, as the global options want it. */
export function uiOf(command: Command): Ui {
  return createUi({ json: command.optsWithGlobals()["json"] === true });
}

/** Where runs are kept unless --runs says otherwise. */
export const RUNS = "runs";

/** What a command that is told to somebody must say so that it finds the runs of `root`: nothing of the usual folder. */
export function runsGiven(root: string): string {
  return root === RUNS ? "" : ` --runs ${asTyped(root)}`;
}

/** A word as it is typed into a shell. */
function asTyped(word: string): string {
  if (/^[\w./\\:@%+=,-]+$/.test(word)) return word;
  return process.platform === "win32" ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A reader of whole numbers for commander's options. */
export function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[+-]?\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    const range = maximum === Number.MAX_SAFE_INTEGER ? `${minimum} or more` : `${minimum} to ${maximum}`;
    throw new InvalidArgumentError(`It must be a whole number, ${range}.`);
  };
}

/** A reader of decimal numbers for commander's options. */
export function decimal(minimum: number, maximum: number = Number.MAX_VALUE): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= minimum && value <= maximum) return value;
    const range = maximum === Number.MAX_VALUE ? `${minimum} or more` : `${minimum} to ${maximum}`;
    throw new InvalidArgumentError(`It must be a number, ${range}.`);
  };
}

/** A mistake in how a command was called: exit code 2. */
export function usageError(
  summary: string,
  details: { expected?: string; got?: string; help?: string } = {},
): ReckonError {
  return new ReckonError("USAGE", summary, details);
}

/** Codes of errors that say that a value on the command line was wrong. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  "USAGE",
  "TASK_UNKNOWN",
  "TASK_LEVEL",
  "RECIPE_UNKNOWN",
  "RECIPE_SETTING",
  "RECIPE_INVALID",
]);

/** The text for standard error and the exit code for whatever a command threw. */
export function explainFailure(thrown: unknown): { readonly text: string; readonly exitCode: number } {
  if (thrown instanceof CommanderError) {
    // Commander has printed its message; help and version asked for are no failure.
    return { text: "", exitCode: thrown.exitCode === 0 ? 0 : 2 };
  }
  const error = refusedSomewhere(thrown, "give the same command again");
  if (error instanceof ReckonError) {
    const text = `${paint("red", `error [${error.code}]:`)} ${error.message}\n`;
    return { text, exitCode: USAGE_CODES.has(error.code) ? 2 : 1 };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    text: `${stack}\n\nThis is a fault of Reckon's, not of yours: please report it with the lines above.\n`,
    exitCode: 1,
  };
}
