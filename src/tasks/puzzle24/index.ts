/**
 * The 24 game: make 24 from four small numbers, each used exactly once, with + - * / and brackets.
 *
 * The rules, the solver and the verifier are countdown's, and so are the facts, with the target fixed: a reader knows by
 * heart which pairs make 24. There are few puzzles (1,346 of the 1,820 with numbers up to 13 can be solved), so a level is
 * not a range of numbers but a range of chances: how many of the expressions hit. For the same reason the split is
 * countdown's: a puzzle that is held out here is held out there.
 * Chance: as for countdown, the share of all legal expressions over the numbers that hit 24.
 */
import { type CountdownFacts, countdown } from "../countdown/index.ts";
import { reach } from "../countdown/solver.ts";
import { defineTask, knob } from "../task.ts";

/** Numbers and target of a puzzle: a countdown with the target 24. */
export type Puzzle24Facts = CountdownFacts;

const TARGET = 24;

/** Largest number; least and greatest chance, the latter excluded. */
const ladder = {
  most: [12, 13, 13, 13, 13],
  atLeast: [0.02, 0.012, 0.008, 0.004, 0],
  under: [0.05, 0.024, 0.014, 0.009, 0.005],
} as const;

export const puzzle24 = defineTask<Puzzle24Facts>({
  name: "puzzle24",
  ladder,
  sample(random, level) {
    const [atLeast, under] = [knob(ladder, "atLeast", level), knob(ladder, "under", level)];
    for (;;) {
      const numbers = Array.from({ length: 4 }, () => random.int(1, knob(ladder, "most", level)));
      const { total, counts } = reach(numbers, TARGET);
      const chance = (counts.get(TARGET) ?? 0) / total;
      if (chance > 0 && chance >= atLeast && chance < under) return { numbers, target: TARGET };
    }
  },
  prompt: ({ numbers, target }, language) =>
    language === "en" ? `Use ${numbers.join(", ")} for ${target}.` : `Nimm ${numbers.join(", ")} für ${target}.`,
  verify: (facts, answer) => countdown.verify(facts, answer),
  gold: (facts) => countdown.gold(facts),
  chance: (facts) => countdown.chance(facts),
  canonical: (facts) => countdown.canonical(facts),
  splitAs: countdown.name,
});
