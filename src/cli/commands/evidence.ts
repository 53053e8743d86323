/** `reckon evidence`: makes docs/evidence.md, from the bases to the tables, resumable at any point. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { machine } from "../bench/rounds.ts";
import { integer, newCommand, uiOf, usageError } from "../command.ts";
import { Collection, ifRecorded } from "../evidence/collection.ts";
import { collectGrowth } from "../evidence/growth.ts";
import { readHeldOut } from "../evidence/held-out.ts";
import { evidenceReport, type Parts } from "../evidence/report.ts";
import { collectSmall, type SmallSettings } from "../evidence/small.ts";
import { collectSweeps } from "../evidence/sweeps.ts";
import { collectTestTime } from "../evidence/test-time.ts";

const PARTS = ["growth", "small", "test-time", "sweeps"] as const;
type Part = (typeof PARTS)[number];

/** Options that say where things are and how, not what is made: they and their values are left out of the report. */
const PLACES: ReadonlySet<string> = new Set(["--runs", "--records", "--out", "--workers"]);

interface Options {
  readonly parts: string;
  readonly seeds: string;
  readonly growthSeeds: string;
  readonly problems: number;
  readonly rungProblems: number;
  readonly coverageProblems: number;
  readonly waitProblems: number;
  readonly samples: number;
  readonly base: string;
  readonly runs: string;
  readonly records: string;
  readonly out: string;
  readonly fresh?: boolean;
  readonly set: readonly string[];
  readonly workers: number;
}

export function create(): Command {
  return newCommand("evidence", "", [
    ["reckon evidence", "writes docs/evidence.md from the records; trains and measures what has none"],
    ["reckon evidence --parts growth", "collects one part only: about half an hour on two cores"],
    ["reckon evidence --parts none", "trains nothing: the report from the records alone"],
    ["reckon evidence --parts small --seeds 0", "one seed at the scale small: about two hours"],
  ])
    .option("--parts <list>", `what to collect: ${PARTS.join(", ")}, or none`, PARTS.join(","))
    .option("--seeds <list>", "seeds at the scale small", "0,1,2")
    .option("--growth-seeds <list>", "seeds of the growth and of the sweeps", "0,1")
    .option("--problems <n>", "held-out problems of the growth", integer(10), 2000)
    .option("--rung-problems <n>", "held-out problems of each rung", integer(1), 40)
    .option("--coverage-problems <n>", "held-out problems of each rung for pass@k", integer(1), 10)
    .option("--wait-problems <n>", "held-out problems of the comparison of waits", integer(1), 5000)
    .option("--samples <k>", "answers a problem for pass@k", integer(2, 256), 16)
    .option("--base <model>", "what the growth and the sweeps start from", "models/base")
    .option("--runs <folder>", "where runs are kept; a finished one is not done again", "runs/evidence")
    .option(
      "--records <folder>",
      "where measurements are kept; what is there is not done again",
      "bench/results/evidence",
    )
    .option("--out <file>", "the report", "docs/evidence.md")
    .option("--fresh", "forget the records first")
    .option(
      "--set <recipe.path=value>",
      "change a setting of a recipe in every run, e.g. r1-zero.steps=5; may be given again",
      (value, list: string[]) => [...list, value],
      [] as string[],
    )
    .option("--workers <n>", "threads; does not change the result", integer(1), availableParallelism())
    .action(async (options: Options, command: Command) => {
      const ui = uiOf(command);
      const wanted = partsOf(options.parts);
      const records = resolve(options.records);
      if (options.fresh) rmSync(records, { recursive: true, force: true });
      const collection = (collect: boolean): Collection =>
        new Collection(ui, {
          runs: options.runs,
          records,
          workers: options.workers,
          collect,
          set: settingsByRecipe(options.set),
        });
      const { base, problems, samples, coverageProblems } = options;
      const growthSeeds = seedsOf("--growth-seeds", options.growthSeeds);
      const small: SmallSettings = {
        heldOut: readHeldOut(),
        seeds: seedsOf("--seeds", options.seeds),
        problems: options.rungProblems,
        coverageProblems,
        samples,
      };
      const part = <T>(name: Part, collect: (c: Collection) => Promise<T>): Promise<T | undefined> =>
        wanted.has(name) ? collect(collection(true)) : ifRecorded(() => collect(collection(false)));
      const parts: Parts = {
        growth: await part("growth", (c) => collectGrowth(c, { base, seeds: growthSeeds, problems, samples })),
        small: await part("small", (c) => collectSmall(c, small)),
        "test-time": await part("test-time", (c) => collectTestTime(c, small, options.waitProblems)),
        sweeps: await part("sweeps", (c) =>
          collectSweeps(c, { base, seeds: growthSeeds, problems: Math.ceil(problems / 2) }),
        ),
      };
      const typed = process.argv
        .slice(3)
        .filter((word, i, words) => !PLACES.has(word) && !PLACES.has(words[i - 1] ?? ""));
      const report = evidenceReport(parts, {
        command: ["npm run reckon -- evidence", ...typed.filter((word) => word !== "--json")].join(" "),
        cpu: machine().cpu,
      });
      const out = resolve(options.out);
      mkdirSync(dirname(out), { recursive: true });
      writeFileSync(out, report);
      ui.document({ report: options.out, parts: PARTS.filter((name) => parts[name] !== undefined) });
      ui.say(`written: ${join(options.out)}`);
    });
}

function partsOf(text: string): ReadonlySet<Part> {
  if (text === "none") return new Set();
  return new Set(
    text.split(",").map((name) => {
      const part = PARTS.find((known) => known === name);
      if (part) return part;
      throw usageError(`there is no part ${name}`, { expected: `${PARTS.join(", ")}, or none`, got: text });
    }),
  );
}

function seedsOf(option: string, text: string): number[] {
  const seeds = text.split(",").map(Number);
  if (text !== "" && seeds.every((seed) => Number.isInteger(seed) && seed >= 0)) return seeds;
  throw usageError(`${option} takes whole numbers`, { expected: "0,1", got: text });
}

function settingsByRecipe(settings: readonly string[]): Record<string, string[]> {
  const out: Record<string, string[]> = {};
  for (const setting of settings) {
    const dot = setting.indexOf(".");
    const recipe = setting.slice(0, dot);
    if (dot < 1 || !setting.includes("=")) {
      throw usageError("--set names the recipe first", { expected: "r1-zero.steps=5", got: setting });
    }
    out[recipe] ??= [];
    out[recipe].push(setting.slice(dot + 1));
  }
  return out;
}
