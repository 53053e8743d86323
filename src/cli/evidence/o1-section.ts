/** The words and tables of o1-style against R1-style. */
import { mean } from "../../util/statistics.ts";
import { rate } from "./figures.ts";
import { judgeTable, reliabilityTable } from "./judge-tables.ts";
import { type Floor, figure, floorTable, markdown, percent, shareFloor, type Why } from "./markdown.ts";
import { APART, armOperations, type O1, type O1Seed, parting, stretches } from "./o1.ts";
import { opinionsText } from "./opinions.ts";
import type { Measurement } from "./record.ts";
import { difference, format, meanValue, operations, pointsWithInterval } from "./stage-figures.ts";

export function o1Section(o1: O1, why: Why): string {
  const { settings, seeds } = o1;
  const judges = seeds.map(({ seed, judge }) => ({ called: String(seed), judge }));
  return `## o1-style against R1-style

At the scale \`${settings.scale}\`, ${seeds.length === 1 ? "seed" : "seeds"} ${settings.seeds.join(", ")}, ${settings.problems.length} held-out problems, one answer at temperature 1. o1-style: the shipped base is fine-tuned on worked
solutions, a reward model learns to rate whole chains of thought, and the fine-tuned model is reinforced against it, the rules' accuracy weighing
nothing. R1-style: the base itself is reinforced with rule rewards and otherwise the same settings, for as many operations as the o1-style arm with
GRPO took in all; below it the recipe \`r1-zero\`, which has a curriculum and waits besides.

${armTable(o1)}

${armWords(o1)}

### The reward model

${judgeTable("seed", judges)}

How sure it was against how often that was right, on its held-out part:

${reliabilityTable("seed", judges)}

### Its reward and the truth

Means over stretches of reinforcement: what the model gives to answers in the strict format (0 to 1), and the share of all answers that the
verifiers find right. They part where the share falls below its best by more than ${APART} standard errors while the model gives no less than it did then.

${seeds.map(curves).join("\n\n")}

### Its opinion of held-out answers

Answers to the held-out problems, none of which reinforcement has seen; it is asked about those in the strict format. Played it is where an arm's
opinion rises above another's whose answers are right as often, above all the opinion of its wrong answers.

${opinionsText(seeds)}

### Floors

${floorTable(floorsOf(o1), why)}
`;
}

interface Arm {
  readonly name: string;
  readonly of: (seed: O1Seed) => Measurement;
  readonly operations: (seed: O1Seed) => number;
}

const trained = ({ training }: Measurement): number => training?.flops ?? Number.NaN;

const grpoOperations = ({ judge, tuned, grpo }: O1Seed): number =>
  armOperations({ judge, tuned, policy: grpo, critic: false });
const ppoOperations = ({ judge, tuned, ppo }: O1Seed): number =>
  armOperations({ judge, tuned, policy: ppo, critic: true });

const ARMS: readonly Arm[] = [
  { name: "base", of: (seed) => seed.base, operations: () => 0 },
  { name: "fine-tuned", of: (seed) => seed.tuned, operations: ({ tuned }) => trained(tuned) },
  { name: "o1-style, GRPO", of: (seed) => seed.grpo, operations: grpoOperations },
  { name: "o1-style, PPO (more operations)", of: (seed) => seed.ppo, operations: ppoOperations },
  { name: "R1-style, as many operations", of: (seed) => seed.rules, operations: ({ rules }) => trained(rules) },
  { name: "R1-style, as the recipe has it", of: (seed) => seed.zero, operations: ({ zero }) => trained(zero) },
];

function armTable({ seeds }: O1): string {
  return markdown(
    ["arm", "right", "each seed", "format", "tokens of an answer", "operations beyond the base"],
    ARMS.map((arm) => {
      const list = seeds.map(arm.of);
      const over = (of: (m: Measurement) => number): number => mean(list.map(of));
      return [
        arm.name,
        percent(over((m) => m.summary.pass_at_1)),
        list.map(({ summary }) => percent(summary.pass_at_1)).join(", "),
        percent(over((m) => meanValue(m, format))),
        figure(
          over((m) => m.summary.tokens_mean),
          1,
        ),
        operations(mean(seeds.map(arm.operations))),
      ];
    }),
  );
}

function armWords({ seeds }: O1): string {
  const against = (of: (seed: O1Seed) => Measurement, key: string): string =>
    pointsWithInterval(
      difference(
        seeds.map((seed) => [of(seed), seed.rules] as const),
        rate,
        key,
      ),
    );
  return `Against R1-style of as many operations as the arm with GRPO, in points, paired by problem, 95 % intervals by bootstrap:
with GRPO ${against((seed) => seed.grpo, "o1 grpo")}, with PPO ${against((seed) => seed.ppo, "o1 ppo")}. An arm's operations are those of its fine-tuning, of the reward model, of its
reinforcement and of the reward model's and the reference's reading of every answer; with PPO also of a critic that reads and learns what the
policy does, which R1-style has not been given.`;
}

function curves({ seed, grpo, ppo }: O1Seed): string {
  return `Seed ${seed}:

${markdown(
  ["algorithm", "steps", "the model's reward", "right"],
  [["GRPO", grpo] as const, ["PPO", ppo] as const].flatMap(([name, { training }]) =>
    stretches(training?.rewards ?? []).map(({ from, to, model, accuracy, error }) => [
      name,
      `${from}–${to}`,
      figure(model, 3),
      `${percent(accuracy)} ± ${percent(error)}`,
    ]),
  ),
)}

${partingWords("GRPO", grpo)} ${partingWords("PPO", ppo)}`;
}

function partingWords(name: string, { training }: Measurement): string {
  const run = stretches(training?.rewards ?? []);
  const found = parting(run);
  if (found === undefined) {
    const [before, last] = [run.at(-2), run.at(-1)];
    // Whether more steps could still part them: a reward that no longer rises gives a policy nothing to exploit.
    const rise =
      before && last
        ? `; in the last of them the model's reward goes from ${figure(before.model, 3)} to ${figure(last.model, 3)}`
        : "";
    return `With ${name} they do not part within ${last?.to ?? 0} steps${rise}.`;
  }
  const { best, at } = found;
  return `With ${name} they part at step ${at.from}: right answers fall from ${percent(best.accuracy)} (steps ${best.from}–${best.to}) to ${percent(at.accuracy)} while
the model's reward goes from ${figure(best.model, 3)} to ${figure(at.model, 3)}.`;
}

/** How far the operations of two arms that are called equal may be apart. */
const EQUAL = 0.25;

function floorsOf({ seeds }: O1): Floor[] {
  const pairs = seeds.map(({ judge }) => judge.evaluation["eval/pair_accuracy"] ?? Number.NaN);
  const ratios = seeds.map((seed) => trained(seed.rules) / grpoOperations(seed));
  return [
    shareFloor("reward model: held-out pairs in the right order, each seed", 0.85, pairs),
    {
      what: "R1-style operations over o1-style ones, each seed",
      wanted: `1 ± ${EQUAL}`,
      got: ratios.map((x) => figure(x, 2)).join(", "),
      met: ratios.every((x) => Math.abs(x - 1) <= EQUAL),
    },
  ];
}
