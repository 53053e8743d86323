/** What a reward model learns from and is tested on: a file of rated traces, or a corpus written as it is needed. */
import { readFile } from "node:fs/promises";
import { getTask, isHeldOut, type ProblemWeight, readTraces, type Trace } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import { hashString, Random } from "../util/random.ts";
import { corpusOf, ratedCorpus } from "./corpora.ts";

export interface RatedTraces {
  /** The traces on prompt number `index` of the stream, which has no end. */
  train(index: number): readonly Trace[];
  /** The traces on each of the held-out prompts. */
  readonly heldOut: readonly (readonly Trace[])[];
  /** Broken rows that were left out, as a sentence. */
  readonly warning?: string;
}

export interface RatedSettings {
  readonly problems: readonly ProblemWeight[];
  readonly data?: string | undefined;
  readonly chains: number;
  readonly evaluatePrompts: number;
}

/** Seed of the graded traces that reward models are tested on: the same for every run. */
const EVALUATION_SEED = 1_000_003;

/** One prompt in this many of a file is held out, by its problem where it names one. */
const HELD_OUT_ONE_IN = 8;

/**
 * Opens them.
 * @throws ReckonError DATA_UNREADABLE, DATA_EMPTY for a file without a trace, RECIPE_INVALID for an unknown corpus
 */
export async function ratedTraces(settings: RatedSettings, seed: number): Promise<RatedTraces> {
  const { problems, data, chains, evaluatePrompts } = settings;
  const corpus = data === undefined ? "graded" : corpusOf(data);
  if (corpus === undefined) return fromFile(data!, evaluatePrompts, seed);
  const write = ratedCorpus(corpus);
  return {
    train: (index) => write({ seed, index, split: "train", chains, problems }),
    heldOut: Array.from({ length: evaluatePrompts }, (_, index) =>
      write({ seed: EVALUATION_SEED, index, split: "heldout", chains, problems }),
    ),
  };
}

async function fromFile(path: string, most: number, seed: number): Promise<RatedTraces> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ReckonError("DATA_UNREADABLE", `${path} could not be read`, {
      expected: "rated traces as JSON lines (docs/graded-traces.md)",
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  });
  const { traces, faults } = readTraces(text);
  const groups = [...Map.groupBy(traces, ({ prompt }) => prompt).values()];
  const heldOut = groups.filter(isApart);
  const train = groups.filter((group) => !isApart(group));
  if (train.length === 0 || heldOut.length === 0) {
    throw new ReckonError("DATA_EMPTY", `${path} holds too little to train and to test on`, {
      expected: "traces on some dozens of prompts: one prompt in eight is held out",
      got: `${groups.length} prompts, ${heldOut.length} of them held out; ${faults.length} broken rows`,
    });
  }
  let order: { readonly epoch: number; readonly groups: readonly (readonly Trace[])[] } | undefined;
  const first = faults[0];
  return {
    train(index) {
      const epoch = Math.floor(index / train.length);
      if (order?.epoch !== epoch) order = { epoch, groups: Random.of(seed, "epoch", epoch).shuffle([...train]) };
      return order.groups[index % train.length]!;
    },
    heldOut: heldOut.slice(0, most),
    ...(first
      ? { warning: `${faults.length} rows of ${path} are left out; the first is line ${first.line}: ${first.reason}` }
      : {}),
  };
}

/** Whether a prompt is held out: as its problem is, where it is one of ours; else by its text. */
function isApart(group: readonly Trace[]): boolean {
  const { family, facts, prompt } = group[0]!;
  if (family !== undefined && facts !== undefined) {
    try {
      return isHeldOut(getTask(family), facts);
    } catch {
      // A family of somebody's own.
    }
  }
  return hashString(prompt) % HELD_OUT_ONE_IN === 0;
}
