/**
 * Countdown: make a target from 3 to 6 numbers, each used exactly once, with + - * / and brackets; every intermediate
 * value is a non-negative whole number and division is exact.
 *
 * Targets are drawn uniformly over what the numbers can reach within the level's range: drawn like random expressions
 * they would favour what a random guess hits.
 * Chance: the share of all legal expressions over the numbers (up to the order of the operands of + and *) that hit the
 * target.
 */
import { quote, RIGHT, tidy, wrong } from "../answers.ts";
import { defineTask, knob } from "../task.ts";
import { parseExpression } from "./expression.ts";
import { reach, solve, term } from "./solver.ts";

export interface CountdownFacts {
  readonly numbers: readonly number[];
  readonly target: number;
}

/** How many numbers, the largest of them, and the range of the target. */
const ladder = {
  numbers: [3, 3, 4, 4, 5, 6],
  most: [15, 25, 12, 25, 25, 50],
  least: [5, 10, 10, 10, 10, 100],
  target: [50, 99, 50, 99, 99, 999],
} as const;

export const countdown = defineTask<CountdownFacts>({
  name: "countdown",
  ladder,
  sample(random, level) {
    const [least, most] = [knob(ladder, "least", level), knob(ladder, "target", level)];
    for (;;) {
      const numbers: number[] = [];
      while (numbers.length < knob(ladder, "numbers", level)) numbers.push(random.int(1, knob(ladder, "most", level)));
      const targets: number[] = [];
      for (const value of reach(numbers, most).counts.keys()) if (value >= least) targets.push(value);
      if (targets.length > 0) return { numbers, target: random.pick(targets) };
    }
  },
  prompt: ({ numbers, target }, language) =>
    language === "en" ? `Make ${target} from ${numbers.join(", ")}.` : `Bilde ${target} aus ${numbers.join(", ")}.`,
  verify({ numbers, target }, answer) {
    const text = tidy(answer);
    if (typeof text !== "string") return text;
    const parsed = parseExpression(text);
    if (!parsed.ok) return wrong(`not a legal expression: ${parsed.reason}: ${quote(text)}`);
    const order = (x: number, y: number): number => x - y;
    const [used, given] = [parsed.used.sort(order).join(","), [...numbers].sort(order).join(",")];
    if (used !== given) return wrong(`uses ${quote(used)} in place of ${given}, each once`);
    return parsed.value === target ? RIGHT : wrong(`makes ${parsed.value}, not ${target}`);
  },
  gold({ numbers, target }) {
    const found = solve(numbers.map(term), target);
    if (found === null) throw new Error(`internal: countdown ${target} from ${numbers.join(",")} has no solution`);
    return found;
  },
  chance({ numbers, target }) {
    const { total, counts } = reach(numbers, target);
    return (counts.get(target) ?? 0) / total;
  },
  canonical: ({ numbers, target }) => `${[...numbers].sort((x, y) => x - y).join(",")}>${target}`,
});
