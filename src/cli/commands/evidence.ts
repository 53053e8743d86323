/** `reckon evidence`: makes docs/evidence.md, from the base to the tables, resumable at any point. */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { integer, newCommand, uiOf, usageError } from "../command.ts";
import { collect } from "../evidence/measure.ts";
import { evidenceReport } from "../evidence/report.ts";

interface Options {
  readonly base: string;
  readonly seeds: string;
  readonly problems: number;
  readonly samples: number;
  readonly folder: string;
  readonly out: string;
  readonly set: readonly string[];
  readonly workers: number;
}

export function create(): Command {
  return newCommand("evidence", "", [
    ["reckon evidence", "two seeds from the shipped base, 2,000 held-out problems: about half an hour on two cores"],
    ["reckon evidence --seeds 0 --problems 200 --out /tmp/evidence.md", "a quick look"],
  ])
    .option("--base <model>", "what to start from", "models/base")
    .option("--seeds <list>", "seeds of reinforcement learning", "0,1")
    .option("--problems <n>", "held-out problems", integer(10), 2000)
    .option("--samples <k>", "answers a problem for pass@k", integer(2, 256), 16)
    .option("--folder <path>", "where runs and measurements are kept; what is there is not done again", "runs/evidence")
    .option("--out <file>", "the report", "docs/evidence.md")
    .option(
      "--set <path=value>",
      "change a setting of r1-zero; may be given again",
      (value, list: string[]) => [...list, value],
      [] as string[],
    )
    .option("--workers <n>", "threads; does not change the result", integer(1), availableParallelism())
    .action(async (options: Options, command: Command) => {
      const ui = uiOf(command);
      const seeds = options.seeds.split(",").map(Number);
      if (seeds.some((seed) => !Number.isInteger(seed) || seed < 0)) {
        throw usageError("--seeds takes whole numbers", { expected: "0,1", got: options.seeds });
      }
      const { base, problems, samples, folder, set, workers } = options;
      const measurements = await collect(ui, { base, seeds, problems, samples, folder: resolve(folder), set, workers });
      const isDefault = seeds.join() === "0,1" && problems === 2000 && set.length === 0 && base === "models/base";
      const report = evidenceReport(measurements, {
        command: isDefault ? "npm run reckon -- evidence" : `reckon ${process.argv.slice(2).join(" ")}`,
        cpu: `${availableParallelism()} cores of ${cpus()[0]?.model ?? "an unknown CPU"}`,
        problems,
        samples,
        seeds,
      });
      mkdirSync(dirname(resolve(options.out)), { recursive: true });
      writeFileSync(resolve(options.out), report);
      ui.document({ report: options.out, measurements });
      ui.say(`written: ${options.out}`);
    });
}
