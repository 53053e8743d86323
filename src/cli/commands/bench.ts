/** `reckon bench`: how fast this machine trains and decodes, beside PyTorch where Python has it. */
import { basename, dirname, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { ReckonError } from "../../util/errors.ts";
import type { ConfigurationName } from "../bench/configurations.ts";
import { describeResult } from "../bench/describe.ts";
import { integer, newCommand, uiOf, usageError } from "../command.ts";
import { writeFiles } from "../output.ts";
import { packageRoot } from "../package.ts";
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
      .option("--compile <seconds>", "time for trying PyTorch's compiler; 0 leaves it out", integer(0, 3600), 120)
      .action(async (options: Options, command: Command) => measure(name, options, uiOf(command)));
  return newCommand("bench", "", [
    ["reckon bench step", "one training step"],
    ["reckon bench decode --json", "64 completions at once, as a JSON document"],
    ["RECKON_PYTHON=~/venv/bin/python reckon bench step", "beside PyTorch, in turns (see bench/peers)"],
  ])
    .addCommand(sized("step", "gradients of one training batch, and the optimiser's step"))
    .addCommand(sized("decode", "decode 64 prompts of 32 tokens, 128 new tokens each"))
    .addCommand(grpo())
    .addCommand(setup())
    .addCommand(growth())
    .addCommand(firstCurve())
    .addCommand(all())
    .addCommand(report())
    .addCommand(profile())
    .addCommand(
      worker("grpo-worker", async () => (await import("../bench/grpo-worker.ts")).grpoWorker()),
      HIDDEN,
    )
    .addCommand(
      worker("growth-point", async () => (await import("../bench/growth-point.ts")).growthPoint()),
      HIDDEN,
    );
}

const HIDDEN = { hidden: true };

/** A process that a benchmark starts and measures. */
function worker(name: string, work: () => Promise<void>): Command {
  return newCommand(name, "a process that a benchmark starts", []).action(work);
}

function growth(): Command {
  return newCommand("growth", "how time and memory grow with parameters, batch and length", [
    ["reckon bench growth", "38 points on one core, each in a process of its own"],
  ])
    .option("--rounds <n>", "rounds whose median is reported", integer(1, 1000), 5)
    .option("--seconds <n>", "time for one point's rounds", integer(1, 3600), 15)
    .option("--points <n>", "only the first points of each curve", integer(2))
    .action(async (options: { rounds: number; seconds: number; points?: number }, command: Command) => {
      const ui = uiOf(command);
      const [{ benchGrowth }, { describeGrowth }] = [
        await import("../bench/growth.ts"),
        await import("../bench/describe.ts"),
      ];
      const progress = ui.progress("bench growth");
      const result = await benchGrowth({
        ...options,
        onPoint: (done, of, what) => progress.update(done, `of ${of}: ${what}`),
      });
      progress.end();
      ui.document(result);
      for (const line of describeGrowth(result)) ui.say(line);
    });
}

function profile(): Command {
  return newCommand("profile", "where the time of a training step goes", [
    ["reckon bench profile --config c", "the largest model"],
  ])
    .addOption(new Option("--config <name>", "size of the model").choices(["a", "b", "c"]).default("a"))
    .option("--rounds <n>", "batches that are added up", integer(1, 1000), 10)
    .action(async ({ config, rounds }: { config: ConfigurationName; rounds: number }, command: Command) => {
      const ui = uiOf(command);
      const result = await (await import("../bench/profile.ts")).benchProfile(config, rounds);
      ui.document(result);
      const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
      const { shares, productGflops, wall, kernels } = result.ours;
      ui.say(`profile ${config}: ${wall} ms a batch, ${kernels} in kernels; products at ${productGflops} GFLOP/s`);
      for (const [kind, share] of Object.entries(shares)) ui.say(`  ${kind.padEnd(12)} ${percent(share)}`);
    });
}

interface GrpoCommandOptions {
  readonly threads: "1" | "2";
  readonly rounds: number;
  readonly prompts: number;
  readonly samples: number;
  readonly newTokens: number;
  readonly tryFor: number;
}

function grpo(): Command {
  return newCommand("grpo", "a whole step of reinforcement learning, beside TRL's GRPOTrainer", [
    ["reckon bench grpo --threads 2", "32 prompts × 16 samples of the shipped base on two cores"],
    ["reckon bench grpo --prompts 4 --samples 4 --new-tokens 8 --rounds 1", "does everything work?"],
  ])
    .addOption(new Option("--threads <n>", "cores to use").choices(["1", "2"]).default("1"))
    .option("--rounds <n>", "rounds whose median is reported", integer(1, 1000), 5)
    .option("--prompts <n>", "prompts of a step", integer(1), 32)
    .option("--samples <n>", "samples of each", integer(2), 16)
    .option("--new-tokens <n>", "tokens of each sample", integer(1), 64)
    .option("--try-for <seconds>", "time for one step of one of TRL's ways before it is given up", integer(1), 300)
    .action(async ({ threads, ...rest }: GrpoCommandOptions, command: Command) => {
      const ui = uiOf(command);
      const [{ benchGrpo }, { describeGrpo }] = [
        await import("../bench/grpo.ts"),
        await import("../bench/describe.ts"),
      ];
      const progress = ui.progress("bench grpo");
      let done = 0;
      const onProgress = (what: string): void => progress.update(done++, what);
      const result = await benchGrpo({ ...rest, threads: threads === "1" ? 1 : 2, onProgress });
      progress.end();
      ui.document(result);
      for (const line of describeGrpo(result)) ui.say(line);
    });
}

function firstCurve(): Command {
  return newCommand("first-curve", "seconds from a fresh clone to the first point of a curve, beside TRL", [
    ["reckon bench first-curve", "clones the present commit and calls npm start in it"],
  ]).action(async (_options: object, command: Command) => {
    const ui = uiOf(command);
    const progress = ui.progress("bench first-curve");
    let done = 0;
    const { benchFirstCurve } = await import("../bench/first-curve.ts");
    const result = await benchFirstCurve((what) => progress.update(done++, what));
    progress.end();
    ui.document(result);
    const { ours, peer } = result;
    ui.say(
      `cloned ${ours.cloned} s, installed ${ours.installed}, studio ${ours.ready}, first point ${ours.firstPoint}, first step ${ours.firstStep}`,
    );
    ui.say(
      peer
        ? `TRL: installed in ${peer.install ?? "?"} s, first step ${peer.firstStep} s`
        : `no TRL: ${result.peerMissing}`,
    );
  });
}

interface AllCommandOptions {
  readonly only?: string;
  readonly out?: string;
  readonly quick?: true;
  readonly busy?: true;
  readonly list?: true;
}

function all(): Command {
  return newCommand("all", "every measurement that is claimed, into bench/results, and docs/performance.md of them", [
    ["reckon bench all", "about an hour and a half; waits until the machine is quiet"],
    ["reckon bench all --list", "what there is"],
    ["reckon bench all --only step-a-1,grpo-2", "some of it"],
    ["reckon bench all --quick --out /tmp/results", "does everything work? The figures mean nothing"],
  ])
    .option("--only <names>", "results to make, with commas between")
    .option("--out <folder>", "where results go (default: bench/results)")
    .option("--quick", "tiny settings")
    .option("--busy", "do not wait until the machine is quiet")
    .option("--list", "say what there is and measure nothing")
    .action(async (options: AllCommandOptions, command: Command) => {
      const ui = uiOf(command);
      const { JOBS, resultsFolder, runJobs } = await import("../bench/jobs.ts");
      const names = options.only?.split(",");
      const unknown = names?.filter((name) => !JOBS.some((job) => job.name === name)) ?? [];
      if (unknown.length > 0)
        throw usageError("--only names what there is not", {
          expected: JOBS.map((job) => job.name).join(", "),
          got: unknown.join(", "),
        });
      const jobs = JOBS.filter((job) => names?.includes(job.name) ?? true);
      if (options.list) {
        ui.document(jobs);
        for (const { name, args, minutes } of jobs)
          ui.say(`${name.padEnd(12)} about ${String(minutes).padStart(2)} min  reckon bench ${args.join(" ")}`);
        return;
      }
      if (options.quick && !options.out) throw usageError("--quick needs --out: its figures belong nowhere else");
      const folder = resolve(options.out ?? resultsFolder());
      if (!options.quick) {
        const { missingPeers } = await import("../bench/peer.ts");
        const missing = jobs.every(({ alone }) => alone) ? undefined : await missingPeers();
        if (missing !== undefined)
          throw new ReckonError("BENCH_NO_PEERS", "there is nothing to measure beside", {
            expected: "Python with PyTorch and TRL",
            got: missing,
            help: "npm run reckon -- bench setup",
          });
        const { untilQuiet } = await import("../bench/rounds.ts");
        if (!options.busy) await untilQuiet(300, (load) => ui.say(`waiting for a quiet machine, load ${load}`));
      }
      const onJob = (job: { name: string; minutes: number }): void =>
        ui.say(options.quick ? job.name : `${job.name}, about ${job.minutes} minutes`);
      const failures = runJobs({ jobs, folder, quick: options.quick === true, onJob });
      ui.document({ folder, failures });
      for (const [name, why] of Object.entries(failures)) ui.warn(`${name} was not written: ${why}`);
      if (Object.keys(failures).length > 0) process.exitCode = 1;
      else if (!options.out && !options.only) ui.say(`written: ${await writeReport(folder, page())}`);
    });
}

/** Where the document stands that is made of the results. */
const page = (): string => join(packageRoot(), "docs", "performance.md");

/** @returns `out`, the document; its picture stands beside it */
async function writeReport(results: string, out: string): Promise<string> {
  const { readResults } = await import("../bench/results.ts");
  const { growthPlot, performanceReport } = await import("../bench/report.ts");
  const picture = `${basename(out, ".md")}.svg`;
  const found = readResults(results);
  const files = new Map([
    [join(dirname(out), picture), growthPlot(found.growth)],
    [out, performanceReport(found, picture)],
  ]);
  writeFiles(files, "choose another file with --out");
  return out;
}

function report(): Command {
  return newCommand("report", "write docs/performance.md from bench/results", [
    ["reckon bench report", "fails and names the commands where a result is missing"],
  ])
    .option("--results <folder>", "where results are (default: bench/results)")
    .option("--out <file>", "the document; its picture stands beside it (default: docs/performance.md)")
    .action(async (options: { results?: string; out?: string }, command: Command) => {
      const ui = uiOf(command);
      const { resultsFolder } = await import("../bench/jobs.ts");
      const written = await writeReport(resolve(options.results ?? resultsFolder()), resolve(options.out ?? page()));
      ui.document({ report: written });
      ui.say(`written: ${written}`);
    });
}

function setup(): Command {
  return newCommand("setup", "install PyTorch and TRL into bench/peers/.venv, to measure beside them", [
    ["reckon bench setup", "about 2.5 GB to download, 6 GB on disk; needs Python 3.10 or newer"],
    ["reckon bench setup --python python3.12", "with another Python"],
  ])
    .option("--python <program>", "the Python to make it with", "python3")
    .action(async ({ python }: { python: string }, command: Command) => {
      const ui = uiOf(command);
      const seconds = (await import("../bench/setup.ts")).setUpPeers(python);
      ui.document({ seconds });
      ui.say(`installed in ${seconds} s; benchmarks find it by themselves`);
    });
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
