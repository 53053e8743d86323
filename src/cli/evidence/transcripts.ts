/**
 * Transcripts: one held-out problem of each of several families followed through all stages of R1, each answer in full with
 * every part of its reward; docs/transcripts.md. Which problems and which answers is not chosen: the first problem of a
 * family in the list, and the one answer to it.
 */
import type { Problem } from "../../tasks/index.ts";
import type { NamedReward } from "../ranker.ts";
import { type Collection, MAX_TOKENS, type Model } from "./collection.ts";
import { measurementKey } from "./keys.ts";
import { fenced } from "./markdown.ts";
import { ONE } from "./stage-set.ts";

/** Families that are followed, of those that the problems hold. */
const FAMILIES: readonly string[] = [
  ...["addition", "countdown", "equation", "knights", "maze", "max", "recall"],
  ...["instruct-direct", "instruct-words", "instruct-list", "instruct-greeting"],
];

/** To be raised when the same answers would be told otherwise. */
const FORMAT = 2;

export interface Transcript {
  /** Which stage's model. */
  readonly model: string;
  readonly text: string;
  readonly tokens: number;
  readonly score: number;
  readonly reason: string;
  /** Parts before weighting; null where one does not apply. */
  readonly rewards: Readonly<Record<string, number | null>>;
}

export interface Followed {
  readonly family: string;
  readonly level: number;
  readonly prompt: string;
  readonly answers: readonly Transcript[];
}

export interface Transcripts {
  readonly problems: readonly Followed[];
}

export async function collectTranscripts(
  collection: Collection,
  name: string,
  {
    models,
    judges,
    problems,
    instructions,
  }: {
    readonly models: readonly { readonly name: string; readonly model: Model }[];
    /** Reward models whose opinions are told, by the names of these. */
    readonly judges: readonly { readonly name: string; readonly model: Model }[];
    readonly problems: readonly Problem[];
    readonly instructions: readonly Problem[];
  },
): Promise<Transcripts> {
  const asked = FAMILIES.flatMap(
    (family) => [...problems, ...instructions].find((problem) => problem.family === family) ?? [],
  );
  const keys = [...models, ...judges].map((one) => `${one.name} ${one.model.key}`).join(" ");
  const key = measurementKey(keys, asked, ONE, [MAX_TOKENS, FORMAT]);
  return collection.record(name, key, async () => {
    const told: Transcript[][] = asked.map(() => []);
    const rewards: NamedReward[] = [];
    for (const { name: called, model } of judges) rewards.push({ name: called, folder: await model.open() });
    for (const { name: model, model: opened } of models) {
      const answers = await collection.answers(`${name} ${model}`, opened, asked, ONE, rewards);
      for (const [i, { rollout, judgement }] of answers.entries()) {
        const { score, reason, rewards } = judgement;
        told[i]!.push({ model, text: rollout.text, tokens: rollout.length, score, reason, rewards });
      }
    }
    return {
      problems: asked.map(({ family, level, prompt }, i) => ({ family, level, prompt, answers: told[i]! })),
    };
  });
}

/** docs/transcripts.md. */
export function transcriptsPage(
  { problems }: Transcripts,
  { command, scale, seed }: { readonly command: string; readonly scale: string; readonly seed: number },
): string {
  return `# Transcripts: one problem through all stages of R1

Made by \`${command}\`, at the scale \`${scale}\`, seed ${seed}. The first held-out problem of each of some families, and each stage's one answer to it at temperature 1 with at most
${MAX_TOKENS} new tokens: neither problem nor answer was chosen. Below an answer stand its tokens and the parts of its reward before weighting: accuracy and
format are what R1-Zero is rewarded for, the others what a recipe may add ([what each is](reinforcement.md#rewards)), helpful and harmless R1's two
judges; "–" where one does not apply.

${problems.map(followedText).join("\n\n")}
`;
}

function followedText({ family, level, prompt, answers }: Followed): string {
  return `## ${family} ${level}

${fenced(prompt)}

${answers.map(answerText).join("\n\n")}`;
}

function answerText({ model, text, tokens, score, reason, rewards }: Transcript): string {
  const parts = Object.entries(rewards).map(([name, value]) => `${name} ${value === null ? "–" : short(value)}`);
  return `**${model}**: ${score === 1 ? "right" : `not right (${reason.replaceAll(/\s+/g, " ")})`}

${fenced(text)}

${tokens} tokens; ${parts.join(", ")}`;
}

const short = (value: number): string => String(Number(value.toFixed(3)));
