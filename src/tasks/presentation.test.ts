/** What the split takes for one problem, family by family: the claim that docs/evidence.md makes of held-out problems. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listTasks } from "./registry.ts";
import { isHeldOut, sampleProblem } from "./task.ts";

type Facts = Readonly<Record<string, unknown>>;

const swapped = ({ a, b, ...rest }: Facts): Facts => ({ a: b, b: a, ...rest });
const reversedList =
  (key: string) =>
  (facts: Facts): Facts => ({ ...facts, [key]: [...(facts[key] as unknown[])].reverse() });

/** The same problem presented otherwise, or null for problems that have one presentation only. */
const OTHERWISE: Readonly<Record<string, ((facts: Facts, level: number) => Facts) | null>> = {
  addition: swapped,
  multiplication: swapped,
  gcd: swapped,
  modular: (facts) => ("b" in facts ? swapped(facts) : facts),
  // Both directions of one number.
  base: (facts) => ({ ...facts, to: facts["to"] !== true }),
  // Sums and products backwards; with a minus only the factors of the first product.
  expression(facts) {
    const [values, operators] = [facts["values"] as number[], facts["operators"] as string[]];
    if (!operators.includes("-")) return { values: values.toReversed(), operators: operators.toReversed() };
    if (operators[0] !== "*") return facts;
    const [first, second, ...others] = values as [number, number, ...number[]];
    return { values: [second, first, ...others], operators };
  },
  countdown: reversedList("numbers"),
  puzzle24: reversedList("numbers"),
  max: reversedList("numbers"),
  sort: reversedList("numbers"),
  filter: reversedList("numbers"),
  ranking: reversedList("statements"),
  letters: (facts) => ({ ...facts, text: [...(facts["text"] as string)].reverse().join("") }),
  clock(facts) {
    const [start, durations] = [facts["start"] as number, facts["durations"] as number[]];
    const added = durations.findIndex((value) => value > 0);
    if (added < 0) return { start, durations: durations.toReversed() };
    return { start: durations[added]!, durations: durations.with(added, start).toReversed() };
  },
  maze(facts) {
    const rows = facts["rows"] as string[];
    const below = (cell: unknown): number =>
      10 * (rows.length + 1 - Math.floor(Number(cell) / 10)) + (Number(cell) % 10);
    return { rows: rows.toReversed(), from: below(facts["from"]), to: below(facts["to"]) };
  },
  // The first two people change names, from four people on.
  knights(facts, level) {
    if (level === 0) return facts;
    const name = (person: number): number => (person < 2 ? 1 - person : person);
    const statements = facts["statements"] as { of: number[]; says: string }[];
    return {
      statements: statements.map((_, person) => ({
        ...statements[name(person)]!,
        of: statements[name(person)]!.of.map(name),
      })),
    };
  },
  subtraction: null,
  division: null,
  equation: null,
  polynomial: null,
  sequence: null,
  factors: null,
  caesar: null,
  reverse: null,
  recall: null,
};

test("a problem that is presented otherwise stands in the same split, in every family that can be", () => {
  assert.deepEqual(
    Object.keys(OTHERWISE).sort(),
    listTasks()
      .map(({ name }) => name)
      .sort(),
  );
  for (const task of listTasks()) {
    const otherwise = OTHERWISE[task.name]!;
    if (otherwise === null) continue;
    let changed = 0;
    for (let index = 0; index < 60; index++) {
      const level = index % task.levels;
      const split = index % 4 === 0 ? "heldout" : "train";
      const { facts } = sampleProblem(task, { seed: 12, index, level, split });
      const other = otherwise(facts as Facts, level);
      if (task.prompt(other, "en") !== task.prompt(facts, "en")) changed++;
      assert.equal(task.canonical(other), task.canonical(facts), task.prompt(facts, "en"));
      assert.equal(isHeldOut(task, other), split === "heldout");
    }
    assert.ok(changed > 5, `${task.name}: ${changed}`);
  }
});
