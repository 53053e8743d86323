/**
 * R1-Zero at the scale `small`: several bases, each pretrained with a seed of its own and reinforced, on the families and
 * rungs of bench/heldout.json, with the controls beside them on the same problems.
 */
import { getTask, type Problem } from "../../tasks/index.ts";
import type { Collection, Model } from "./collection.ts";
import { constantShare } from "./constant.ts";
import { COOLER, type Covered, type CoveredAgain, problemsAgain } from "./coverage.ts";
import { familiesOf, rungsOf } from "./figures.ts";
import { type Row, TEMPERATURES } from "./growth.ts";
import { type HeldOut, heldOutSet } from "./held-out.ts";
import type { Sampling } from "./record.ts";

export interface SmallSettings {
  readonly heldOut: HeldOut;
  /** Seeds of pretraining; each base is reinforced with the same seed. */
  readonly seeds: readonly number[];
  /** Problems a rung. */
  readonly problems: number;
  /** Problems a rung for pass@k. */
  readonly coverageProblems: number;
  readonly samples: number;
}

export interface SeedRows {
  readonly seed: number;
  /** At each temperature; the last one is 1. */
  readonly bases: readonly Row[];
  readonly baseCoverage: Row;
  readonly zero: Row;
  readonly cooler: Row;
  readonly coverage: Row;
  readonly tuned: Row;
}

export interface Small {
  readonly settings: SmallSettings;
  readonly problems: readonly Problem[];
  /** Rungs that the ladders of these families have in all. */
  readonly ladders: number;
  /** Of each rung of the problems, in their order: what its most common answer gets right. */
  readonly constants: readonly number[];
  readonly seeds: readonly SeedRows[];
  /** Coverage, and once more of the families that seem to be beyond the base's: on other problems, none where none does. */
  readonly first: Covered;
  readonly again: CoveredAgain;
}

/** The reinforced model of a seed. */
export async function smallZero(collection: Collection, seed: number): Promise<{ base: Model; zero: Model }> {
  const base = await collection.trained(`small-base-${seed}`, "base", { scale: "small", seed });
  const zero = await collection.trained(`small-zero-${seed}`, "r1-zero", { scale: "small", seed, from: base });
  return { base, zero };
}

/** Tokens of a step of fine-tuning, as the recipe has it. */
const SFT_STEP_TOKENS = 8192;

export async function collectSmall(collection: Collection, settings: SmallSettings): Promise<Small> {
  const problems = heldOutSet(settings.heldOut, settings.problems);
  const coverageProblems = heldOutSet(settings.heldOut, settings.coverageProblems);
  const many: Sampling = { temperature: 1, samples: settings.samples };
  const one = (temperature: number): Sampling => ({ temperature, samples: 1 });
  const seeds: SeedRows[] = [];
  for (const seed of settings.seeds) {
    const row = async (name: string, model: Model, list: readonly Problem[], sampling: Sampling): Promise<Row> => ({
      name: `${name} ${seed}${sampling.temperature === 1 ? "" : ` T ${sampling.temperature}`}`,
      measurement: await collection.measure(
        `small ${name} ${seed} T ${sampling.temperature} x${sampling.samples}`,
        model,
        list,
        sampling,
      ),
    });
    const { base, zero } = await smallZero(collection, seed);
    const bases: Row[] = [];
    for (const temperature of TEMPERATURES) bases.push(await row("base", base, problems, one(temperature)));
    const baseCoverage = await row("base", base, coverageProblems, many);
    const grown = await row("zero", zero, problems, one(1));
    const cooler = await row("zero", zero, problems, one(0.6));
    const coverage = await row("zero", zero, coverageProblems, many);
    // Fine-tuning is given the operations that reinforcement took: 6 a parameter and token.
    const { flops } = grown.measurement.training!;
    const perStep = 6 * grown.measurement.parameters * SFT_STEP_TOKENS;
    const steps = Math.max(20, Math.round(flops / perStep));
    const sft = await collection.trained(`small-sft-${seed}`, "sft", {
      scale: "small",
      seed,
      from: base,
      set: [`steps=${steps}`],
    });
    seeds.push({
      seed,
      bases,
      baseCoverage,
      zero: grown,
      cooler,
      coverage,
      tuned: await row("sft", sft, problems, one(1)),
    });
  }
  const rungs = rungsOf(problems);
  const ladders = familiesOf(rungs, true).reduce((sum, { family }) => sum + getTask(family).levels, 0);
  const constants = rungs.map((rung) => constantShare(rung, problems));
  const first = {
    problems: coverageProblems,
    seeds: seeds.map((rows) => ({ base: rows.baseCoverage.measurement, zero: rows.coverage.measurement })),
  };
  const others = problemsAgain(settings.heldOut, first);
  const again: CoveredAgain["seeds"][number][] = [];
  for (const seed of others.length === 0 ? [] : settings.seeds) {
    const { base, zero } = await smallZero(collection, seed);
    const name = (model: string): string => `small ${model} ${seed} again`;
    again.push({
      base: await collection.measure(name("base"), base, others, many),
      cooler: await collection.measure(name(`base T ${COOLER}`), base, others, { ...many, temperature: COOLER }),
      zero: await collection.measure(name("zero"), zero, others, many),
    });
  }
  return {
    ...{ settings, problems, ladders, constants, seeds, first },
    again: { problems: others, seeds: again },
  };
}
