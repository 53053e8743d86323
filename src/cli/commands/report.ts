/** `reckon report`: runs as one HTML file to keep, send or print. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { reportDocument } from "../../report/document.ts";
import type { ReportRun } from "../../report/report-run.ts";
import { newCommand, RUNS, uiOf } from "../command.ts";
import { writeFiles } from "../output.ts";
import { packageVersion } from "../package.ts";
import { readReportRun } from "../report-data.ts";
import { formatBytes } from "../ui.ts";

interface Options {
  readonly out: string;
  readonly runs: string;
}

export function create(): Command {
  return newCommand("report", "", [
    ["reckon report r1-zero", "writes report.html about the run in runs/r1-zero"],
    ["reckon report r1-zero r1-zero-2 --out both.html", "two runs over each other, and the settings that differ"],
    ["reckon report r1/rl", "a stage of a run that has several"],
    ["reckon report /mnt/laptop/runs/r1-zero", "a run in another folder, of another machine"],
  ])
    .argument("<run...>", "names of runs in --runs, or paths of their folders")
    .option("--out <file>", "the file to write; one that is there is replaced", "report.html")
    .option("--runs <folder>", "where runs are kept", RUNS)
    .action(async (names: readonly string[], options: Options, command: Command) => {
      const ui = uiOf(command);
      const runs: ReportRun[] = [];
      for (const name of names) runs.push(apart(await readReportRun(options.runs, name), runs));
      const text = reportDocument(runs, { made: new Date(), version: packageVersion() });
      const out = resolve(options.out);
      const bytes = writeFiles(new Map([[out, text]]), "choose another file with --out");
      ui.document({ out, bytes, runs: runs.map(({ name }) => name) });
      for (const { name, flaws } of runs) for (const { file, problem } of flaws) ui.warn(`${name}: ${file} ${problem}`);
      ui.say(`${options.out}: ${runs.map(({ name }) => name).join(", ")} (${formatBytes(bytes)})`);
    });
}

/** Runs of other folders may have one name: each is told apart by a number. */
function apart(run: ReportRun, others: readonly ReportRun[]): ReportRun {
  let name = run.name;
  for (let n = 2; others.some((other) => other.name === name); n++) name = `${run.name} (${n})`;
  return { ...run, name };
}
