/**
 * The held-out problems of the evidence: the families and rungs of bench/heldout.json, fixed before any reinforcement, the
 * same number of problems from each rung.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { getTask, type Problem, sampleProblem } from "../../tasks/index.ts";
import { ReckonError } from "../../util/errors.ts";
import { packageRoot } from "../package.ts";

const schema = z.strictObject({
  about: z.string(),
  seed: z.int().min(0),
  rungs: z.array(z.strictObject({ family: z.string(), level: z.int().min(0) })).min(1),
});

export type HeldOut = z.output<typeof schema>;

/** @throws ReckonError HELDOUT_UNREADABLE where the file is not there (it is no part of the package) or damaged */
export function readHeldOut(file: string = join(packageRoot(), "bench", "heldout.json")): HeldOut {
  try {
    const heldOut = schema.parse(JSON.parse(readFileSync(file, "utf8")));
    for (const { family } of heldOut.rungs) getTask(family);
    return heldOut;
  } catch (cause) {
    throw new ReckonError("HELDOUT_UNREADABLE", `${file} could not be read`, {
      expected: "{ about, seed, rungs: [{ family, level }, …] }",
      got: cause instanceof Error ? cause.message : String(cause),
      help: "the evidence is made from a clone of the repository",
      cause,
    });
  }
}

/** Draws that may repeat a problem before a rung is taken to have no more. */
const MOST_REPEATS = 200;

/**
 * `count` different problems of each rung, rung by rung; fewer where a rung has fewer. No problem stands in two rungs of a
 * family, whose ranges overlap. The first ones of a larger count are those of a smaller one.
 */
export function heldOutSet({ seed, rungs }: HeldOut, count: number): Problem[] {
  const seen = new Set<string>();
  const lists = rungs.map(({ family, level }) => {
    const task = getTask(family);
    let [index, repeats] = [0, 0];
    const next = (): Problem | undefined => {
      while (repeats < MOST_REPEATS) {
        const problem = sampleProblem(task, { seed, index: index++, level, split: "heldout" });
        const key = canonicalKey(problem);
        if (!seen.has(key)) {
          seen.add(key);
          return problem;
        }
        repeats++;
      }
      return undefined;
    };
    return { next, problems: [] as Problem[] };
  });
  // In turns, so that which rung gets a problem of two does not depend on the count.
  for (let turn = 0; turn < count; turn++) {
    for (const { next, problems } of lists) {
      const problem = next();
      if (problem !== undefined) problems.push(problem);
    }
  }
  return lists.flatMap(({ problems }) => problems);
}

/** The same for problems that are the same, whatever their level and language. */
export function canonicalKey({ family, facts }: Problem): string {
  return `${family} ${getTask(family).canonical(facts)}`;
}

/**
 * `total` problems or a few more, the same number of each rung; rungs that have fewer are made up for by the others. Fewer
 * than `total` only where all rungs have no more.
 */
export function heldOutOfAll(heldOut: HeldOut, total: number): Problem[] {
  let count = Math.ceil(total / heldOut.rungs.length);
  for (;;) {
    const problems = heldOutSet(heldOut, count);
    const sizes = Map.groupBy(problems, ({ family, level }) => `${family}/${level}`);
    const open = [...sizes.values()].filter(({ length }) => length === count).length;
    if (problems.length >= total || open === 0) return problems;
    count += Math.ceil((total - problems.length) / open);
  }
}
