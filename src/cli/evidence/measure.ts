/**
 * The evidence that R1-Zero grows: the base and its controls, the runs, and what each is worth on held-out problems.
 * Runs and measurements are kept by their names, so that an interrupted collection goes on where it was; those of other
 * weights or another recipe are never taken for these.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Recipe, resolveRecipe } from "../../recipes/index.ts";
import { RunDirectory } from "../../runs/run-directory.ts";
import { addSkills, NO_SKILLS, type Problem, type SkillCounts, searchSkills } from "../../tasks/index.ts";
import { type Evaluated, type EvaluationSummary, summarise } from "../../train/evaluate.ts";
import { ReckonError } from "../../util/errors.ts";
import { evaluateModel, heldOutProblems } from "../evaluation.ts";
import { modelFolder, newestCheckpoint, openModel } from "../models.ts";
import { findRecipe, runTraining } from "../training.ts";
import type { Ui } from "../ui.ts";

export interface EvidenceSettings {
  /** Folder for runs and measurements. */
  readonly folder: string;
  readonly base: string;
  readonly seeds: readonly number[];
  readonly problems: number;
  readonly samples: number;
  readonly workers: number;
  /** Recipe settings for every run, e.g. `steps=60`. */
  readonly set: readonly string[];
}

/** One row of the table. */
export interface Measurement {
  readonly name: string;
  readonly temperature: number;
  /** SHA-256 of the weights that were measured. */
  readonly weights: string;
  readonly summary: EvaluationSummary;
  /** Elementary skills of countdown searches, as shares. */
  readonly skills: Readonly<Record<string, number>>;
  /** Seconds of training behind it. */
  readonly trainSeconds: number;
}

/** Longest answer that is sampled; what is cut counts as wrong. */
const MAX_TOKENS = 256;
const TEMPERATURES = [0, 0.3, 0.6, 1] as const;

export async function collect(ui: Ui, settings: EvidenceSettings): Promise<Measurement[]> {
  const problems = heldOutProblems(settings.problems);
  const half = problems.slice(0, Math.ceil(problems.length / 2)); // Many answers a problem: fewer problems will do.
  const out: Measurement[] = [];
  for (const temperature of TEMPERATURES) {
    out.push(await measure(ui, settings, problems, "base", settings.base, temperature, 1));
  }
  out.push(await measure(ui, settings, half, "base pass@k", settings.base, 1, settings.samples));
  for (const seed of settings.seeds) {
    const zero = await train(ui, settings, "r1-zero", seed);
    out.push(await measure(ui, settings, problems, `zero seed ${seed}`, zero, 1, 1));
    out.push(await measure(ui, settings, problems, `zero seed ${seed} T 0.6`, zero, 0.6, 1));
    out.push(await measure(ui, settings, half, `zero seed ${seed} pass@k`, zero, 1, settings.samples));
  }
  for (const seed of settings.seeds) {
    const sft = await train(ui, settings, "sft", seed);
    out.push(await measure(ui, settings, problems, `sft seed ${seed}`, sft, 1, 1));
  }
  return out;
}

/** Runs a recipe from the base, or goes on with it; returns the folder of its last checkpoint. */
async function train(ui: Ui, settings: EvidenceSettings, recipeName: string, seed: number): Promise<string> {
  const name = `${recipeName}-seed-${seed}`;
  const root = join(settings.folder, "runs");
  const known = RunDirectory.list(root).find((run) => run.name === name);
  const own = recipeName === "r1-zero" ? settings.set : [];
  const recipe = resolveRecipe(await findRecipe(recipeName), [
    `seed=${seed}`,
    `from=${JSON.stringify(settings.base)}`,
    ...own,
  ]);
  if (known) assertSame(known.directory, recipe, settings);
  if (known?.state?.status !== "finished") {
    const progress = ui.progress(name);
    const { status } = await runTraining(known ? undefined : recipe, {
      root,
      name,
      resume: known !== undefined,
      workers: settings.workers,
      observer: { progress: (step, steps) => progress.update(step, `of ${steps}`) },
    });
    progress.end(`${name}: ${status}`);
    if (status !== "finished") {
      throw new ReckonError("EVIDENCE_STOPPED", `${name} was stopped before its end`, {
        help: "run the same command again: it goes on where it was",
      });
    }
  }
  return newestCheckpoint(join(root, name))!;
}

/** @throws ReckonError EVIDENCE_STALE for a run of another recipe or another base */
function assertSame(run: string, recipe: Recipe, settings: EvidenceSettings): void {
  const read = (file: string): unknown => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined);
  const checkpoint = newestCheckpoint(run);
  const lineage = checkpoint && (read(join(checkpoint, "reckon.json")) as { readonly parent?: unknown } | undefined);
  const base = read(join(modelFolder(settings.base), "reckon.json"));
  const sameRecipe = isDeepStrictEqual(read(join(run, "recipe.json")), JSON.parse(JSON.stringify(recipe)));
  const sameBase = !lineage || isDeepStrictEqual(lineage.parent ?? undefined, base);
  if (sameRecipe && sameBase) return;
  throw new ReckonError("EVIDENCE_STALE", `${run} was trained ${sameRecipe ? "from another base" : "otherwise"}`, {
    expected: `the recipe and the base of this collection`,
    help: "remove that run, or collect into another folder with --folder",
  });
}

async function measure(
  ui: Ui,
  settings: EvidenceSettings,
  problems: readonly Problem[],
  name: string,
  model: string,
  temperature: number,
  samples: number,
): Promise<Measurement> {
  const folder = join(settings.folder, "measurements");
  mkdirSync(folder, { recursive: true });
  const file = join(
    folder,
    `${name.replaceAll(/[^a-z0-9]+/gi, "-")}-t${temperature}-n${problems.length}x${samples}.json`,
  );
  const { folder: from, checkpoint } = await openModel(model);
  const weights = createHash("sha256").update(Buffer.from(checkpoint.parameters.buffer)).digest("hex");
  if (existsSync(file)) {
    const before = JSON.parse(readFileSync(file, "utf8")) as Measurement;
    if (before.weights === weights) return before;
  }
  const progress = ui.progress(`${name}, T ${temperature}`, problems.length * samples);
  const answers = await evaluateModel(checkpoint, problems, {
    samples,
    seed: 11,
    temperature,
    maxTokens: MAX_TOKENS,
    workers: settings.workers,
    onProgress: (done) => progress.update(done),
  });
  const summary = summarise(answers, samples);
  progress.end(
    `${name}, T ${temperature}: ${(100 * summary.pass_at_1).toFixed(1)} % right, ${summary.tokens_mean.toFixed(1)} tokens`,
  );
  const measurement = { name, temperature, weights, summary, skills: skillsOf(answers), trainSeconds: secondsOf(from) };
  writeFileSync(file, `${JSON.stringify(measurement, null, 1)}\n`);
  return measurement;
}

function skillsOf(answers: readonly Evaluated[]): Record<string, number> {
  let total: SkillCounts = NO_SKILLS;
  for (const { rollout } of answers) {
    if (rollout.problem.family !== "countdown") continue;
    const facts = rollout.problem.facts as Parameters<typeof searchSkills>[0];
    total = addSkills(total, searchSkills(facts, rollout.parsed.thinking));
  }
  return { ...total } as unknown as Record<string, number>;
}

/** Wall seconds of a run's steps. */
function secondsOf(model: string): number {
  const file = join(model, "..", "..", "metrics.jsonl");
  if (!existsSync(file)) return 0;
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return lines.reduce(
    (total, line) => total + Number((JSON.parse(line) as Record<string, number>)["time/step"] ?? 0),
    0,
  );
}
