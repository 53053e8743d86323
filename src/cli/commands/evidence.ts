/** `reckon evidence`: makes docs/evidence.md, from the bases to the tables, resumable at any point. */
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { SCALES, type Scale } from "../../recipes/index.ts";
import { readReasons } from "../bench/reasons.ts";
import { integer, newCommand, uiOf, usageError } from "../command.ts";
import { Collection, ifRecorded } from "../evidence/collection.ts";
import { collectDistil } from "../evidence/distil.ts";
import { collectGrowth } from "../evidence/growth.ts";
import { readHeldOut } from "../evidence/held-out.ts";
import { collectMixing } from "../evidence/mixing.ts";
import { collectO1 } from "../evidence/o1.ts";
import { familyPicture, stagePicture, testTimePicture } from "../evidence/pictures.ts";
import { collectR1 } from "../evidence/r1.ts";
import { evidenceReport, lostSections, type Parts } from "../evidence/report.ts";
import { collectSmall, type SmallSettings } from "../evidence/small.ts";
import { type StageSettings, stageProblems } from "../evidence/stage-set.ts";
import { collectSweeps } from "../evidence/sweeps.ts";
import { collectTestTime } from "../evidence/test-time.ts";
import { collectThinking } from "../evidence/thinking.ts";
import { transcriptsPage } from "../evidence/transcripts.ts";
import { writeFiles } from "../output.ts";
import { packageRoot } from "../package.ts";

/** Each part with what it is, for --help. */
const ABOUT = {
  growth: "the growth that npm start shows, its controls and its coverage",
  small: "R1-Zero at the scale small: bases, reinforcement, fine-tuning, every rung",
  "test-time": "budgets, votes and waits of these models",
  sweeps: "what single settings of reinforcement change",
  r1: "the stage table of R1, and a page of transcripts beside the report",
  mixing: "languages mixed in a thought: the reward for one language, and the cold start",
  distil: "a distilled student against its own reinforcement at equal compute",
  o1: "o1-style (a learnt judge, GRPO and PPO) against R1-style at equal compute",
  thinking: "families on which thinking is no better than answering at once",
} as const;
type Part = keyof typeof ABOUT;
const PARTS = Object.keys(ABOUT) as readonly Part[];

/** Options that say where things are and how, not what is made: they and their values are left out of the report. */
const PLACES: ReadonlySet<string> = new Set(["--runs", "--records", "--out", "--workers"]);

/** Why floors are missed: by hand, a sentence or two by the floor's name. */
const REASONS = join(packageRoot(), "bench", "evidence-reasons.json");

interface Options {
  readonly parts: string;
  readonly seeds: string;
  readonly growthSeeds: string;
  readonly problems: number;
  readonly rungProblems: number;
  readonly coverageProblems: number;
  readonly waitProblems: number;
  readonly samples: number;
  readonly scale: Scale;
  readonly stageSeeds: string;
  readonly distilSeeds: string;
  readonly stageProblems: number;
  readonly instructions: number;
  readonly requests: number;
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
    ["reckon evidence --parts r1 --scale tiny", "the stages of R1 from the shipped models: minutes"],
    [
      "reckon evidence --parts r1 --records my/records --runs my/runs --out my/evidence.md",
      "trains and measures it all anew, beside what is there: three quarters of an hour a seed for r1",
    ],
  ])
    .option("--parts <list>", `what to collect: ${PARTS.join(", ")}, or none`, PARTS.join(","))
    .option("--seeds <list>", "seeds of small and test-time", "0,1,2")
    .option("--growth-seeds <list>", "seeds of the growth and of the sweeps", "0,1")
    .option("--problems <n>", "held-out problems of the growth and of the sweeps", integer(10), 2000)
    .option("--rung-problems <n>", "held-out problems of each rung", integer(1), 40)
    .option("--coverage-problems <n>", "held-out problems of each rung for pass@k", integer(1), 10)
    .option("--wait-problems <n>", "held-out problems of the comparison of waits", integer(1), 5000)
    .option("--samples <k>", "answers a problem for pass@k", integer(2, 256), 16)
    .addOption(
      new Option("--scale <scale>", "scale of r1, mixing, distil, o1 and thinking").choices(SCALES).default("small"),
    )
    .option("--stage-seeds <list>", "seeds of r1, mixing, o1 and thinking", "0,1")
    .option("--distil-seeds <list>", "seeds of distil", "0,1,2")
    .option("--stage-problems <n>", "held-out problems of r1, mixing, distil, o1 and thinking", integer(10), 2000)
    .option(
      "--instructions <n>",
      "held-out instructions that are drawn for r1; equal ones count once",
      integer(5),
      3000,
    )
    .option(
      "--requests <n>",
      "those that are drawn for thinking, of which the ones to answer at once are asked",
      integer(5),
      5000,
    )
    .option("--base <model>", "what the growth and the sweeps start from", "models/base")
    .option("--runs <folder>", "where runs are kept; a finished one is not done again", "runs/evidence")
    .option(
      "--records <folder>",
      "where measurements are kept; what is there is not done again",
      "bench/results/evidence",
    )
    .option("--out <file>", "the report", "docs/evidence.md")
    .option("--fresh", "measure again what the parts have records of; trained models in --runs are kept")
    .option(
      "--set <recipe.path=value>",
      "change a setting of a recipe in every run, e.g. r1-zero.steps=5; may be given again",
      (value, list: string[]) => [...list, value],
      [] as string[],
    )
    .option("--workers <n>", "threads; does not change the result", integer(1), availableParallelism())
    .addHelpText("after", `\nParts:\n${PARTS.map((part) => `  ${part.padEnd(10)} ${ABOUT[part]}`).join("\n")}`)
    .action(async (options: Options, command: Command) => {
      const ui = uiOf(command);
      const wanted = partsOf(options.parts);
      const records = resolve(options.records);
      const collection = (collect: boolean): Collection =>
        new Collection(ui, {
          runs: options.runs,
          records,
          workers: options.workers,
          collect,
          fresh: collect && options.fresh === true,
          set: settingsByRecipe(options.set),
        });
      const [collecting, reading] = [collection(true), collection(false)];
      const { base, problems, samples, coverageProblems } = options;
      const { scale, instructions, requests, rungProblems } = options;
      const heldOut = readHeldOut();
      const staging = { scale, instructions, requests, problems: stageProblems(scale, heldOut, options.stageProblems) };
      const smallOf = (seeds: readonly number[]): SmallSettings => ({
        heldOut,
        seeds,
        problems: rungProblems,
        coverageProblems,
        samples,
      });
      const stagesOf = (seeds: readonly number[]): StageSettings => ({ ...staging, seeds });
      /** A part that is not collected is read with as many of its seeds, the first ones, as have records. */
      const part = async <T>(
        name: Part,
        seeds: readonly number[],
        collect: (c: Collection, seeds: readonly number[]) => Promise<T>,
      ): Promise<T | undefined> => {
        if (wanted.has(name)) return collect(collecting, seeds);
        for (let count = seeds.length; count > 0; count--) {
          const found = await ifRecorded(() => collect(reading, seeds.slice(0, count)));
          if (found === undefined) continue;
          if (count < seeds.length)
            ui.warn(`${name}: of seeds ${seeds.join()} only ${seeds.slice(0, count).join()} have records`);
          return found;
        }
        return undefined;
      };
      const growing = seedsOf("--growth-seeds", options.growthSeeds);
      const smallSeeds = seedsOf("--seeds", options.seeds);
      const staged = seedsOf("--stage-seeds", options.stageSeeds);
      const parts: Parts = {
        growth: await part("growth", growing, (c, seeds) => collectGrowth(c, { base, seeds, problems, samples })),
        small: await part("small", smallSeeds, (c, seeds) => collectSmall(c, smallOf(seeds))),
        "test-time": await part("test-time", smallSeeds, (c, seeds) =>
          collectTestTime(c, smallOf(seeds), options.waitProblems),
        ),
        sweeps: await part("sweeps", growing, (c, seeds) => collectSweeps(c, { base, seeds, problems })),
        r1: await part("r1", staged, (c, seeds) => collectR1(c, stagesOf(seeds))),
        mixing: await part("mixing", staged, (c, seeds) => collectMixing(c, stagesOf(seeds))),
        distil: await part("distil", seedsOf("--distil-seeds", options.distilSeeds), (c, seeds) =>
          collectDistil(c, stagesOf(seeds)),
        ),
        o1: await part("o1", staged, (c, seeds) => collectO1(c, stagesOf(seeds))),
        thinking: await part("thinking", staged, (c, seeds) => collectThinking(c, stagesOf(seeds))),
      };
      const typed = process.argv
        .slice(3)
        .filter((word, i, words) => !PLACES.has(word) && !PLACES.has(words[i - 1] ?? ""));
      const said = ["npm run reckon -- evidence", ...typed.filter((word) => word !== "--json")].join(" ");
      const measured = [...new Set([...collecting.origins, ...reading.origins])].sort();
      const report = evidenceReport(parts, { command: said, measured, reasons: readReasons(REASONS) });
      const out = resolve(options.out);
      for (const heading of existsSync(out) ? lostSections(readFileSync(out, "utf8"), report) : []) {
        ui.warn(`"${heading}" stood in ${options.out} and is left out: it has no records of how it is made now`);
      }
      const pictures = join(dirname(out), "evidence");
      const files = new Map([[out, report]]);
      if (parts.small) files.set(join(pictures, "families.svg"), familyPicture(parts.small));
      if (parts["test-time"]) files.set(join(pictures, "test-time.svg"), testTimePicture(parts["test-time"]));
      if (parts.r1) {
        const { settings, transcripts: told, seeds } = parts.r1;
        files.set(
          join(dirname(out), "transcripts.md"),
          transcriptsPage(told, { command: said, scale: settings.scale, seed: seeds[0]!.seed }),
        );
        files.set(join(pictures, "stages.svg"), stagePicture(parts.r1));
      }
      writeFiles(files, "choose another file with --out");
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
