/** The words and tables of the stages of R1. */
import type { Scale } from "../../recipes/index.ts";
import type { Language, Problem } from "../../tasks/index.ts";
import { mean } from "../../util/statistics.ts";
import { courseFloors, courseWords } from "./course-section.ts";
import { familiesOf, rate, rungsOf } from "./figures.ts";
import {
  extentFloor,
  type Floor,
  figureWithInterval,
  floorTable,
  markdown,
  percent,
  pointsFrom,
  shareFloor,
  type Why,
  withInterval,
} from "./markdown.ts";
import type { O1 } from "./o1.ts";
import { operationsOf, type R1, R1_NAMES, R1_ROWS, type R1Row, type StageAnswers } from "./r1.ts";
import type { Measurement } from "./record.ts";
import {
  type Difference,
  difference,
  followed,
  format,
  language,
  meanInterval,
  meanValue,
  operations,
  pairedError,
  points,
  pointsWithInterval,
  spent,
  thinking,
  type Value,
} from "./stage-figures.ts";

/** @param o1 where it is known: of its arms the base that was reinforced by rules alone, which R1 is held against */
export function r1Section(r1: R1, why: Why, o1?: O1): string {
  const { settings, instructions, seeds } = r1;
  const { problems } = settings;
  const many = seeds.length > 1;
  return `## The stages of R1

The recipe \`r1\` at the scale \`${settings.scale}\`, ${many ? `seeds ${settings.seeds.join(", ")}, means over them` : `seed ${settings.seeds.join()}`}: ${problems.length} held-out problems and ${instructions.length} held-out
instructions, one answer to each at temperature 1. Base and zero are the shipped ones. "Cold start" (the stage \`start\`) is the base fine-tuned on readable
right answers of zero, "RL" (\`reason\`) its reinforcement, "SFT of the fresh base" (\`tune\`) the base fine-tuned on right answers of RL and on
instructions, "R1" (\`rl\`) its reinforcement on problems and instructions. In brackets 95 % intervals by bootstrap over ${many ? "seeds and problems" : "problems"}.${many ? FEW(seeds.length) : ""}${CHOSEN[settings.scale]}

![Right answers, thoughts in one language and instructions followed, stage by stage](evidence/stages.svg)

${stageTable(r1)}

"One language" is the share of the prompt's language among the known words of a thought, where there was one (the base thinks in ${percent(thoughtful(r1))} of its
answers). An instruction is followed by an answer in the strict format that does as it was told, right or wrong; "right" is both. Operations are
all that it took beyond the base: zero's own training, the answers that others learnt from, and everything before a stage included; what
the two judges read in the last quarter of R1 is left out, a few hundredths of it.

### The shape of it

${shapeWords(r1)}
${o1 === undefined ? "" : longerWords(r1, o1)}
One problem of each of some families through all stages: [transcripts.md](transcripts.md).

${courseWords(r1)}

### Floors

${floorTable(floorsOf(r1), why)}
`;
}

/** What the intervals leave out. */
const FEW = (seeds: number): string =>
  ` They rest on ${seeds} seeds of what
follows zero, and on one base and one zero, the same in every seed: another zero would begin elsewhere.`;

/** The share of the base's answers in which there are known words of a thought. */
function thoughtful({ seeds }: R1): number {
  return mean(seeds[0]!.rows.base.problems.traits!.language.map((share) => (share === null ? 0 : 1)));
}

/** What these problems had a part in. */
const CHOSEN: Readonly<Record<Scale, string>> = {
  tiny: "",
  small: `
The rate of the last reinforcement, 1e-4 in place of 3e-4, was chosen by seed 0 on these problems; the other seeds had no part in it.`,
};

interface Line {
  readonly of: keyof StageAnswers;
  readonly value: Value;
  /** Left out: all problems. */
  readonly at?: readonly number[];
  readonly say?: typeof withInterval;
}

function stageTable({ settings: { problems }, instructions, seeds }: R1): string {
  const line = (label: string, { of, value, at, say = withInterval }: Line): string[] => [
    label,
    ...R1_ROWS.map((row) => {
      const list = seeds.map(({ rows }) => rows[row][of]);
      const { mean: middle, ...interval } = meanInterval(list, value, `r1 ${row} ${label}`, at);
      return say(middle, interval);
    }),
  ];
  const places = (spoken: Language): number[] =>
    problems.flatMap((problem, index) => (problem.language === spoken ? [index] : []));
  const kinds = Map.groupBy(instructions.keys(), (index) => kindOf(instructions[index]!));
  return markdown(
    ["", ...R1_ROWS.map((row) => R1_NAMES[row])],
    [
      line("right", { of: "problems", value: rate }),
      ...(seeds.length === 1
        ? []
        : [["each seed", ...R1_ROWS.map((row) => seeds.map(({ rows }) => right(rows[row].problems)).join(", "))]]),
      ...familiesOf(rungsOf(problems), true).map(({ family, rungs }) =>
        line(family, { of: "problems", value: rate, at: rungs.flatMap((rung) => rung.at) }),
      ),
      line("one language", { of: "problems", value: language }),
      ...(["en", "de"] as const).map((spoken) =>
        line(`… of ${LANGUAGES[spoken]} prompts`, { of: "problems", value: language, at: places(spoken) }),
      ),
      line("strict format", { of: "problems", value: format }),
      line("tokens of thinking", { of: "problems", value: thinking, say: figureWithInterval }),
      line("tokens of an answer", { of: "problems", value: spent, say: figureWithInterval }),
      line("instructions followed", { of: "instructions", value: followed }),
      line("instructions followed and right", { of: "instructions", value: rate }),
      ...[...kinds]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([kind, at]) => [
          line(KINDS[kind] ?? kind, { of: "instructions", value: followed, at }),
          line(`${KINDS[kind] ?? kind}: right`, { of: "instructions", value: rate, at }),
        ]),
      [
        "operations beyond the base",
        ...R1_ROWS.map((row) => operations(mean(seeds.map((seed) => operationsOf(seed)[row])))),
      ],
    ],
  );
}

const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", de: "German" };

const kindOf = ({ family }: Problem): string => family.replace(/^instruct-/, "");

const right = (m: Measurement): string => percent(m.summary.pass_at_1);

/** What is asked for, by the names of the kinds. */
const KINDS: Readonly<Record<string, string>> = {
  direct: "answers at once on request",
  words: "answers in words",
  list: "answers as a list",
  greeting: "greets without thinking",
  recall: "answers questions of knowledge",
};

/** What the paper tells of a step from one row to another. */
interface Claim {
  readonly told: string;
  readonly from: R1Row;
  readonly to: R1Row;
  /** Of problems the right answers, of instructions those that are followed. */
  readonly of: keyof StageAnswers;
  /** Which way it goes; `kept` where it must not fall. */
  readonly way: "falls" | "rises" | "kept";
}

const CLAIMS: readonly Claim[] = [
  { told: "the cold start costs reasoning: AIME 77.9 → 59.0", from: "zero", to: "start", of: "problems", way: "falls" },
  { told: "and brings instructions: IF-Eval 46.6 → 71.7", from: "zero", to: "start", of: "instructions", way: "rises" },
  { told: "RL recovers the reasoning: AIME 59.0 → 74.0", from: "start", to: "reason", of: "problems", way: "rises" },
  { told: "the second SFT: IF-Eval 72.0 → 78.1", from: "reason", to: "tune", of: "instructions", way: "rises" },
  { told: "the last RL: IF-Eval 78.1 → 83.3", from: "tune", to: "rl", of: "instructions", way: "rises" },
  { told: "these two keep the reasoning: AIME 74.0 → 79.8", from: "reason", to: "rl", of: "problems", way: "kept" },
  { told: "which ends where zero was: AIME 77.9 → 79.8", from: "zero", to: "rl", of: "problems", way: "kept" },
];

function claimed({ seeds }: R1, { from, to, of }: Claim): Difference {
  const pairs = seeds.map(({ rows }) => [rows[to][of], rows[from][of]] as const);
  return difference(pairs, of === "problems" ? rate : followed, `r1 ${from} ${to} ${of}`);
}

/** What an interval says of a claim. */
export function verdict(way: Claim["way"], { low, high }: Pick<Difference, "low" | "high">): string {
  const [up, down] = [low > 0, high < 0];
  switch (way) {
    case "falls":
      return down ? "as in R1" : up ? "**the other way round**" : "not to be told apart";
    case "rises":
      return up ? "as in R1" : down ? "**the other way round**" : "not to be told apart";
    case "kept":
      return down ? "**it falls**" : up ? "as in R1, and more" : "as in R1";
    default:
      way satisfies never;
      throw new Error("internal: unknown way");
  }
}

function shapeWords(r1: R1): string {
  const rows = CLAIMS.map((claim) => {
    const found = claimed(r1, claim);
    const step = `${R1_NAMES[claim.from]} → ${R1_NAMES[claim.to]}`;
    return [claim.told, step, claim.of, pointsWithInterval(found), verdict(claim.way, found)];
  });
  return `What DeepSeek-R1 (Nature, table 2) tells of its stages, against the numbers here: differences in points of the share of problems that are answered right and of
instructions that are followed, right or wrong, paired by problem, with 95 % intervals by bootstrap over seeds and problems.

${markdown(["in the paper", "step", "of", "difference", "here"], rows)}

${languageWords(r1)}

The data of the cold start hold no instructions here, other than the paper's, so it cannot bring any; they come with the second SFT.`;
}

/** What its operations would have given in plain reinforcement, as far as that was measured. */
function longerWords({ settings: { scale, problems }, seeds }: R1, o1: O1): string {
  const texts = (list: readonly Problem[]): string => list.map(({ prompt }) => prompt).join("\n");
  const both = seeds.flatMap((own) => {
    const other = o1.seeds.find(({ seed }) => seed === own.seed);
    return other === undefined ? [] : [[own, other] as const];
  });
  if (both.length === 0 || o1.settings.scale !== scale || texts(o1.settings.problems) !== texts(problems)) return "";
  const pairs = both.map(([{ rows }, { rules }]) => [rows.rl.problems, rules] as const);
  const found = difference(pairs, rate, "r1 rules");
  const tongues = difference(pairs, language, "r1 rules language");
  const rules = both.map(([, other]) => other.rules);
  const own = mean(both.map(([seed]) => operationsOf(seed).rl));
  const steps = rules.map(({ training }) => training?.steps ?? "?").join(" and ");
  return `
The base reinforced longer by the rules alone, without R1's stages (${steps} steps, ${operations(mean(rules.map(({ training }) => training?.flops ?? Number.NaN)))} operations, R1 took ${operations(own)}; the arm "R1-style, as many operations" of
[o1](#o1-style-against-r1-style), ${both.length === 1 ? "seed" : "seeds"} ${both.map(([{ seed }]) => seed).join(", ")}), is right for ${percent(found.b)} of the problems; R1 against it ${pointsWithInterval(found)} points. ${longerVerdict(found)}
Its thoughts are in the prompt's language to ${percent(tongues.b)}; R1's against them ${pointsWithInterval(tongues)} points. Instructions it has not met.
`;
}

function longerVerdict({ low, high }: Difference): string {
  if (high < 0) return "Reinforcement alone brings more right answers than the stages do.";
  if (low > 0) return "Reinforcement that long does not bring what R1 has.";
  return "The two cannot be told apart.";
}

/** A family in a language of which less is thought in that language is named. */
const MIXED = 0.9;

function languageWords({ settings: { problems }, seeds }: R1): string {
  const groups = Map.groupBy(problems.keys(), (index) => {
    const { family, language: spoken } = problems[index]!;
    return `${family} in ${LANGUAGES[spoken]}`;
  });
  const mixed = [...groups].flatMap(([name, at]) => {
    const share = mean(seeds.map(({ rows }) => meanValue(rows.rl.problems, language, at)));
    return share < MIXED ? [`${name} ${percent(share)}`] : [];
  });
  const over = (row: R1Row): number => mean(seeds.map(({ rows }) => meanValue(rows[row].problems, language)));
  const found = difference(
    seeds.map(({ rows }) => [rows.rl.problems, rows.zero.problems] as const),
    language,
    "r1 language",
  );
  return `Thoughts of zero are in the prompt's language to ${percent(over("zero"))}, those of R1 to ${percent(over("rl"))}; where both think, the difference is
${pointsWithInterval(found)} points. Of one family's prompts in one language, R1's thoughts are under ${percent(MIXED)} in it in: ${mixed.join(", ") || "none"}.`;
}

/** By kinds of instructions that the floor names: questions of knowledge are not among them; the table has them. */
function followedByKind({ instructions: { traits } }: StageAnswers): Readonly<Record<string, number>> {
  const { recall: _, ...kinds } = traits!.instructions.kinds;
  return Object.fromEntries(Object.entries(kinds).map(([kind, told]) => [kind, told.followed]));
}

function floorsOf(r1: R1): Floor[] {
  const {
    settings: { scale, problems },
    instructions,
    seeds,
  } = r1;
  const least = (what: string, wanted: number, of: (answers: StageAnswers) => number): Floor =>
    shareFloor(
      `R1: ${what}`,
      wanted,
      seeds.map(({ rows }) => of(rows.rl)),
    );
  const behind = seeds.map(({ rows: { rl, zero } }) => ({
    gap: rl.problems.summary.pass_at_1 - zero.problems.summary.pass_at_1,
    error: pairedError(rl.problems, zero.problems),
  }));
  const room = Math.min(...behind.map(({ gap, error }) => gap + error));
  return [
    extentFloor(scale, problems.length),
    extentFloor(scale, instructions.length, "instructions"),
    {
      what: "R1 against zero, not behind by more than a standard error (paired)",
      wanted: `≥ ${behind.map(({ error }) => points(-error)).join(", ")} points`,
      got: `${behind.map(({ gap }) => points(gap)).join(", ")} points`,
      met: room >= 0,
      ...pointsFrom(room),
    },
    least("one language", 0.97, ({ problems: m }) => meanValue(m, language)),
    least("strict format", 0.99, ({ problems: m }) => meanValue(m, format)),
    least("instructions followed, mean over kinds but knowledge", 0.9, (answers) =>
      mean(Object.values(followedByKind(answers))),
    ),
    least("instructions followed, the least of the kinds but knowledge", 0.9, (answers) =>
      Math.min(...Object.values(followedByKind(answers))),
    ),
    ...courseFloors(r1),
  ];
}
