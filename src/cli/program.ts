/**
 * The `reckon` program: which commands there are, and how a command line becomes a call of one of them.
 *
 * Only the file of the command that is called is loaded, so `reckon --help` and `reckon tasks` start at once, whatever
 * the training commands need.
 */
import { Command } from "commander";
import { type CommandEntry, explainFailure, withConventions } from "./command.ts";
import { packageVersion } from "./package.ts";

const COMMANDS: readonly CommandEntry[] = [
  {
    name: "start",
    summary: "open the studio; on the first start, grow a model before your eyes",
    load: () => import("./commands/start.ts"),
  },
  {
    name: "demo",
    summary: "the same growth in the terminal alone",
    load: () => import("./commands/demo.ts"),
  },
  {
    name: "train",
    summary: "run a recipe: grow a model, or go on with a run",
    load: () => import("./commands/train.ts"),
  },
  {
    name: "chat",
    summary: "talk to a model and watch it think",
    load: () => import("./commands/chat.ts"),
  },
  {
    name: "eval",
    summary: "measure a model on held-out problems",
    load: () => import("./commands/eval.ts"),
  },
  {
    name: "sample",
    summary: "ask a teacher for worked solutions, and keep the right ones to learn from",
    load: () => import("./commands/sample.ts"),
  },
  {
    name: "export",
    summary: "write a run's model as a folder for other programs",
    load: () => import("./commands/export.ts"),
  },
  {
    name: "report",
    summary: "write runs as one HTML file: figures, curves, settings, samples",
    load: () => import("./commands/report.ts"),
  },
  {
    name: "evidence",
    summary: "measure what reinforcement learning adds, with controls: docs/evidence.md",
    load: () => import("./commands/evidence.ts"),
  },
  {
    name: "tasks",
    summary: "list the task families, sample problems, verify answers",
    load: () => import("./commands/tasks.ts"),
  },
  {
    name: "bench",
    summary: "measure training and decoding speed, beside PyTorch where there is one",
    load: () => import("./commands/bench.ts"),
  },
  {
    name: "doctor",
    summary: "check that this machine can run everything, and say what to do where it cannot",
    load: () => import("./commands/doctor.ts"),
  },
];

/** The program with the command that `args` call loaded, and the names of the others for the help text. */
export async function buildProgram(args: readonly string[]): Promise<Command> {
  const program = withConventions(new Command("reckon"))
    .description("Grow a reasoning model by reinforcement learning, and talk to it.")
    .version(packageVersion(), "-V, --version", "print the version")
    .option("--json", "one JSON document on standard output, everything else on standard error")
    .addHelpText("after", "\nEvery command has --help with examples. Exit codes: 0 done, 1 failed, 2 wrong usage.\n");
  const words = args.filter((arg) => !arg.startsWith("-"));
  const called = words[0] === "help" ? words[1] : words[0];
  for (const entry of COMMANDS) {
    if (entry.name === called) program.addCommand((await entry.load()).create().description(entry.summary));
    else program.command(entry.name).description(entry.summary);
  }
  return program;
}

/**
 * Runs a command line.
 * @param args without node and the program's path
 * @returns the exit code
 */
export async function run(args: readonly string[]): Promise<number> {
  try {
    const program = await buildProgram(args);
    await program.parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    const { text, exitCode } = explainFailure(error);
    process.stderr.write(text);
    return exitCode;
  }
}
