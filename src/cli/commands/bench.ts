/** `reckon bench`: how fast this machine trains and decodes, beside PyTorch where Python has it. */
import { type Command, Option } from "commander";
import type { ConfigurationName } from "../bench/configurations.ts";
import { describeResult } from "../bench/describe.ts";
import { integer, newCommand, uiOf } from "../command.ts";
import type { Ui } from "../ui.ts";

interface Options {
  readonly config: ConfigurationName;
  readonly threads: "1" | "2";
  readonly rounds: number;
  readonly compile: number;
}

export function create(): Command {
  const sized = (name: "step" | "decode", summary: string): Command =>
    newCommand(name, summary, [
      [`reckon bench ${name}`, "the size that is shipped, on one core"],
      [`reckon bench ${name} --config b --threads 2`, "a larger model on two cores"],
    ])
      .addOption(new Option("--config <name>", "size of the model").choices(["a", "b", "c"]).default("a"))
      .addOption(new Option("--threads <n>", "cores to use").choices(["1", "2"]).default("1"))
      .option("--rounds <n>", "rounds whose median is reported", integer(1, 1000), 5)
      .option("--compile <seconds>", "time for trying PyTorch's compiler; 0 leaves it out", integer(0, 3600), 240)
      .action(async (options: Options, command: Command) => measure(name, options, uiOf(command)));
  return newCommand("bench", "", [
    ["reckon bench step", "one training step"],
    ["reckon bench decode --json", "64 completions at once, as a JSON document"],
    ["RECKON_PYTHON=~/venv/bin/python reckon bench step", "beside PyTorch, in turns (see bench/peers)"],
  ])
    .addCommand(sized("step", "gradients of one training batch, and the optimiser's step"))
    .addCommand(sized("decode", "decode 64 prompts of 32 tokens, 128 new tokens each"));
}

async function measure(name: "step" | "decode", options: Options, ui: Ui): Promise<void> {
  const bench =
    name === "step" ? (await import("../bench/step.ts")).benchStep : (await import("../bench/decode.ts")).benchDecode;
  const progress = ui.progress(`bench ${name} ${options.config}`, options.rounds);
  const result = await bench({
    config: options.config,
    threads: options.threads === "1" ? 1 : 2,
    rounds: options.rounds,
    compile: options.compile,
    onRound: (done) => progress.update(done),
  });
  progress.end();
  ui.document(result);
  for (const line of describeResult(result)) ui.say(line);
}
