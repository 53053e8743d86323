/** The words and tables of o1-style against R1-style. */
import { APART, hasParted, LONG, type Parting, partingOf, RISE, stretches } from "../../recipes/parting.ts";
import type { Scale } from "../../recipes/schema.ts";
import { mean } from "../../util/statistics.ts";
import { rate } from "./figures.ts";
import { judgeTable, reliabilityTable } from "./judge-tables.ts";
import { extentFloor, type Floor, figure, floorTable, markdown, percent, shareFloor, type Why } from "./markdown.ts";
import { armOperations, EQUAL, isAsMany, type O1, type O1Seed } from "./o1.ts";
import { opinionsText } from "./opinions.ts";
import { pairsText } from "./pairs.ts";
import type { Measurement } from "./record.ts";
import { difference, format, meanValue, operations, pointsWithInterval } from "./stage-figures.ts";

export function o1Section(o1: O1, why: Why): string {
  const { settings, seeds } = o1;
  const judges = seeds.map(({ seed, judge }) => ({ called: String(seed), judge }));
  return `## o1-style against R1-style

At the scale \`${settings.scale}\`, ${seeds.length === 1 ? "seed" : "seeds"} ${settings.seeds.join(", ")}, ${settings.problems.length} held-out problems, one answer at temperature 1. o1-style: the shipped base is fine-tuned on worked
solutions, a reward model learns to rate whole chains of thought, and the fine-tuned model is reinforced against it, the rules' accuracy weighing
nothing. "The verifier in its place": the fine-tuned model, reinforced with rule rewards by GRPO for as many steps, all else alike, so that what
differs is the judge alone. "The base against the judge": the base itself, reinforced against the same judge for twice as many steps, and not held to where
it began: its answers are unlike the chains that the judge has learnt from, so it has more to gain by pleasing it. R1-style: the base itself is reinforced with rule rewards, for as many operations as the o1-style arm with
GRPO took in all, with the same settings but for the divergence from where it began, which weighs nothing as in R1-Zero; below it the recipe
\`r1-zero\`, which has a curriculum and waits besides.

${armTable(o1)}

${armWords(o1)}

### The reward model

${judgeTable("seed", judges)}
${CHOSEN[settings.scale]}
How sure it was against how often that was right, on its held-out part:

${reliabilityTable("seed", judges)}

${pairsText(seeds)}

### Its reward and the truth

Means over stretches of reinforcement: the model's opinion of the answers in the strict format (0 to 1); the reward, which is nothing for the
others; and the share of all answers that the verifiers find right. They part where that share falls below its best by more than
${APART} standard errors while the reward is no less than it was then, or where for ${LONG} stretches it has not risen above its best while the reward has risen by as much. Where they have
not, the reward may be full, with less than ${RISE} left to rise by; or no longer rise: what it rises by through its last parts is within two standard errors, and even with these added under
${RISE}. (That a full reward counts as far enough was decided when seed 0 was known.)

${seeds.map(curves).join("\n\n")}

### Its opinion of held-out answers

Answers to the held-out problems, none of which reinforcement has seen; it is asked about those in the strict format. Played it is where an arm's
opinion rises above another's whose answers are right as often, above all the opinion of its wrong answers.

${opinionsText(seeds)}

### Floors

${floorTable(floorsOf(o1), why)}
`;
}

/** What these pairs had a part in. */
const CHOSEN: Readonly<Record<Scale, string>> = {
  tiny: "",
  small: `
That it reads with marks, and its rate, were chosen with seed 0 on such pairs, of these prompts too
([decisions/007](decisions/007-judges.md)): without marks 72 to 76 % of them are in the right order. The other seeds had no part in it.
`,
};

interface Arm {
  readonly name: string;
  readonly of: (seed: O1Seed) => Measurement;
  readonly operations: (seed: O1Seed) => number;
}

const trained = ({ training }: Measurement): number => training?.flops ?? Number.NaN;

const grpoOperations = ({ judge, tuned, grpo }: O1Seed): number => armOperations({ judge, tuned, policy: grpo });
const ppoOperations = ({ judge, tuned, ppo }: O1Seed): number =>
  armOperations({ judge, tuned, policy: ppo, critic: true });
const judgedOperations = ({ judge, tuned, judged }: O1Seed): number =>
  armOperations({ judge, tuned, policy: judged, anchored: false });
const verifiedOperations = ({ tuned, verified }: O1Seed): number => armOperations({ tuned, policy: verified });

const ARMS: readonly Arm[] = [
  { name: "base", of: (seed) => seed.base, operations: () => 0 },
  { name: "fine-tuned", of: (seed) => seed.tuned, operations: ({ tuned }) => trained(tuned) },
  { name: "o1-style, GRPO", of: (seed) => seed.grpo, operations: grpoOperations },
  { name: "o1-style, PPO (more operations)", of: (seed) => seed.ppo, operations: ppoOperations },
  { name: "the verifier in its place, GRPO", of: (seed) => seed.verified, operations: verifiedOperations },
  { name: "the base against the judge, GRPO", of: (seed) => seed.judged, operations: judgedOperations },
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
  const stepsOf = (arm: keyof Arms): string =>
    seeds.map((seed) => String(seed[arm].training?.steps ?? "?")).join(" and ");
  const against = (other: keyof Arms, of: keyof Arms): string =>
    pointsWithInterval(
      difference(
        seeds.map((seed) => [seed[of], seed[other]] as const),
        rate,
        `o1 ${of} ${other}`,
      ),
    );
  return `In points, paired by problem, 95 % intervals by bootstrap: against the verifier in the judge's place with GRPO ${against("verified", "grpo")}, with PPO
${against("verified", "ppo")}; against the fine-tuned model, with which these begin, GRPO ${against("tuned", "grpo")}, PPO ${against("tuned", "ppo")}, the
verifier ${against("tuned", "verified")}; against R1-style of as many operations as the arm with GRPO, with GRPO ${against("rules", "grpo")}, with PPO ${against("rules", "ppo")}. The base
reinforced against the judge (${stepsOf("judged")} steps) minus the base reinforced by the rules (${stepsOf("rules")} steps; the two are equal in nothing but the beginning): ${against("rules", "judged")}. An arm's
operations are, of these, those that it needs: fine-tuning, the reward model, its reinforcement, the reward model's and the reference's reading of every answer; with PPO a critic
that reads and learns what the policy does, which R1-style has not been given. The base against the judge pays for the fine-tuning too, with whose model the judge begins.`;
}

type Arms = Pick<O1Seed, "tuned" | "grpo" | "ppo" | "verified" | "judged" | "rules">;

/** The arms that were reinforced against the judge. */
const JUDGED = [
  ["grpo", "GRPO"],
  ["ppo", "PPO"],
  ["judged", "the base, GRPO"],
] as const satisfies readonly (readonly [keyof Arms, string])[];

function curves(seed: O1Seed): string {
  return `Seed ${seed.seed}:

${markdown(
  ["arm", "steps", "opinion", "reward", "right"],
  JUDGED.flatMap(([arm, name]) =>
    stretches(seed[arm].training?.rewards ?? []).map(({ from, to, opinion, reward, accuracy }) => [
      name,
      `${from}–${to}`,
      figure(opinion, 3),
      `${figure(reward.mean, 3)} ± ${figure(reward.error, 3)}`,
      `${percent(accuracy.mean)} ± ${percent(accuracy.error)}`,
    ]),
  ),
)}

${JUDGED.map(([arm, name]) => partingWords(name, seed[arm])).join(" ")}`;
}

const parting = ({ training }: Measurement): Parting => partingOf(stretches(training?.rewards ?? []));

function partingWords(name: string, run: Measurement): string {
  const found = parting(run);
  const steps = run.training?.steps ?? 0;
  switch (found.kind) {
    case "falls":
    case "stalls": {
      const { kind, best, at } = found;
      const [then, now] = [percent(best.accuracy.mean), percent(at.accuracy.mean)];
      const truth =
        kind === "falls"
          ? `right answers fall from ${then} (steps ${best.from}–${best.to}) to ${now}`
          : `right answers have not risen above ${then} (steps ${best.from}–${best.to}), and are ${now},`;
      return `With ${name} they part at step ${at.from}: ${truth} while
the reward goes from ${figure(best.reward.mean, 3)} to ${figure(at.reward.mean, 3)}, and the opinion of what is in the strict format from ${figure(best.opinion, 3)} to ${figure(at.opinion, 3)}.`;
    }
    case "full":
    case "settled":
    case "sinks":
    case "open": {
      const { kind, before, last } = found;
      return `With ${name} they do not part within ${steps} steps, and the reward ${RISES[kind]}: ${figure(before.mean, 3)} and then ${figure(last.mean, 3)} in its last two parts.${earlierWords(run)}`;
    }
    case "short":
      return `With ${name} ${steps} steps are too few to say whether they part.`;
    default:
      found satisfies never;
      throw new Error("internal: unknown parting");
  }
}

/** Of a run that does not part as a whole, where it seemed to: so far its watch (judge-watch.ts) sees it at that time. */
function earlierWords({ training }: Measurement): string {
  const run = stretches(training?.rewards ?? []);
  const parts = run.map((_, i) => run.slice(0, i + 1));
  const seemed = parts.find((part) => hasParted(partingOf(part)))?.at(-1);
  if (seemed === undefined) return "";
  return ` (Up to step ${seemed.to} it seemed that they do; what came after took that back.)`;
}

const RISES = {
  full: `has less than ${RISE} left to rise by`,
  settled: "no longer rises",
  sinks: "falls",
  open: "may still rise",
} as const;

const WORDS: Readonly<Record<Parting["kind"], string>> = {
  falls: "part: right answers fall",
  stalls: "part: right answers stall",
  full: `do not part, the reward ${RISES.full}`,
  settled: `do not part, the reward ${RISES.settled}`,
  sinks: `do not part, the reward ${RISES.sinks}`,
  open: `do not part, the reward ${RISES.open}`,
  short: "too few steps",
};

const told = (run: Measurement): boolean => !["sinks", "open", "short"].includes(parting(run).kind);

function floorsOf({ settings: { scale, problems }, seeds }: O1): Floor[] {
  const pairs = seeds.map(({ judge }) => judge.evaluation["eval/pair_accuracy"] ?? Number.NaN);
  const ratios = seeds.map((seed) => trained(seed.rules) / grpoOperations(seed));
  return [
    extentFloor(scale, problems.length),
    shareFloor("reward model: held-out pairs in the right order, each seed", 0.85, pairs),
    ...JUDGED.map(([arm, name]) => ({
      what: `${name}: far enough to see reward and truth part, or the reward full or risen to its end, each seed`,
      wanted: "either",
      got: seeds.map((seed) => WORDS[parting(seed[arm]).kind]).join("; "),
      met: seeds.every((seed) => told(seed[arm])),
    })),
    {
      what: "R1-style operations over o1-style ones, each seed",
      wanted: `1 ± ${EQUAL}`,
      got: ratios.map((x) => figure(x, 2)).join(", "),
      met: ratios.every(isAsMany),
    },
  ];
}
