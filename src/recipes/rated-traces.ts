/** What a reward model learns from and is tested on: a file of rated traces, or a corpus written as it is needed. */
import { EVALUATION_SEED, isBuiltIn, type ProblemWeight, type Trace } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import { hashString, Random } from "../util/random.ts";
import { corpusOf, type RatedCorpus, ratedCorpus } from "./corpora.ts";
import { heldOutTrace, readTraceFile } from "./trace-files.ts";

export interface RatedTraces {
  /** The traces on prompt number `index` of the stream, which has no end. */
  train(index: number): readonly Trace[];
  /** The traces on each of the held-out prompts. */
  readonly heldOut: readonly (readonly Trace[])[];
  /** What was left out, as sentences. */
  readonly warnings: readonly string[];
  /** What a file without a held-out part is tested on, as a sentence. */
  readonly standIn?: string;
}

type Groups = readonly (readonly Trace[])[];

export interface RatedSettings {
  readonly problems: readonly ProblemWeight[];
  readonly data?: string | undefined;
  /** What becomes of broken rows of a file; default `refuse`. */
  readonly broken?: "refuse" | "skip" | undefined;
  readonly chains: number;
  readonly evaluatePrompts: number;
}

/** One prompt in this many of a file is held out, by its problem where it names one. */
const HELD_OUT_ONE_IN = 8;

/** What a stage can use of a file. */
export interface TraceUse {
  /** Of a row, in its model's tokens. */
  readonly tokens: number;
  fits(trace: Trace): boolean;
  /** Whether a trace holds what the stage's loss learns from, e.g. ratings. */
  teaches(trace: Trace): boolean;
}

/**
 * Opens them.
 * @param use traces of a file that it has none for are left out and told; left out, all are of use
 * @throws ReckonError DATA_UNREADABLE, DATA_ROWS for broken rows (unless they are skipped), DATA_EMPTY for a file that has no
 * prompts both to train and to test on, RECIPE_INVALID for an unknown corpus
 */
export async function ratedTraces(settings: RatedSettings, seed: number, use?: TraceUse): Promise<RatedTraces> {
  const { problems, data, chains } = settings;
  const corpus = data === undefined ? "graded" : corpusOf(data);
  if (corpus === undefined) return fromFile(data!, settings, seed, use);
  const write = ratedCorpus(corpus);
  return {
    train: (index) => write({ seed, index, split: "train", chains, problems }),
    heldOut: heldOutChains(settings, problems, write),
    warnings: [],
  };
}

/** Rated traces of held-out problems: the same for every run. */
function heldOutChains(
  { chains, evaluatePrompts }: RatedSettings,
  problems: readonly ProblemWeight[],
  write: RatedCorpus,
): Groups {
  return Array.from({ length: evaluatePrompts }, (_, index) =>
    write({ seed: EVALUATION_SEED, index, split: "heldout", chains, problems }),
  );
}

async function fromFile(
  path: string,
  settings: RatedSettings,
  seed: number,
  use: TraceUse | undefined,
): Promise<RatedTraces> {
  const read = await readTraceFile(path, settings.broken);
  const fitting = read.traces.filter((trace) => use?.fits(trace) ?? true);
  const traces = fitting.filter((trace) => use?.teaches(trace) ?? true);
  const warnings = [...read.warnings];
  const tell = (left: number, why: string): void => {
    if (left > 0) warnings.push(`${left} of ${read.traces.length} traces of ${path} ${why}`);
  };
  tell(read.traces.length - fitting.length, `are longer than rowLength, ${use?.tokens} tokens`);
  tell(fitting.length - traces.length, "hold no rating, score or steps of the kind that this loss learns from");
  const groups = [...Map.groupBy(traces, ({ prompt }) => prompt).values()];
  const { train, heldOut, standIn } = parted(path, groups, settings);
  if (train.length === 0 || heldOut.length === 0) {
    throw new ReckonError("DATA_EMPTY", `${path} holds too little to train and to test on`, {
      expected: "traces on some dozens of prompts, not all of them of held-out problems",
      got: [`${groups.length} prompts, ${heldOut.length} of them held out`, ...warnings].join("; "),
    });
  }
  let order: { readonly epoch: number; readonly groups: Groups } | undefined;
  return {
    train(index) {
      const epoch = Math.floor(index / train.length);
      if (order?.epoch !== epoch) order = { epoch, groups: Random.of(seed, "epoch", epoch).shuffle([...train]) };
      return order.groups[index % train.length]!;
    },
    heldOut: heldOut.slice(0, settings.evaluatePrompts),
    warnings,
    ...(standIn === undefined ? {} : { standIn }),
  };
}

interface Parted {
  readonly train: Groups;
  readonly heldOut: Groups;
  readonly standIn?: string;
}

/**
 * What of a file is trained on, and what is tested on. A file of training problems alone, as `reckon tasks graded` writes it,
 * is tested on graded traces of held-out problems of those rungs that it has; where it has none of the stage's, one prompt
 * in eight is held out by its text.
 */
function parted(path: string, groups: Groups, settings: RatedSettings): Parted {
  const [train, heldOut] = split(groups, isApart);
  if (heldOut.length > 0 || train.length === 0) return { train, heldOut };
  const rungs = settings.problems.filter(
    (rung) => isBuiltIn(rung.family) && groups.some((group) => isOf(group[0]!, rung)),
  );
  if (rungs.length > 0) {
    const standIn = `no prompt of ${path} is held out: graded traces of held-out problems are tested on`;
    return { train, heldOut: heldOutChains(settings, rungs, ratedCorpus("graded")), standIn };
  }
  const [rest, eighth] = split(groups, (group) => isEighth(group[0]!));
  const standIn = `no prompt of ${path} is of a held-out problem, and none of the stage's problems: ${eighth.length} of its ${groups.length} prompts are held out`;
  return { train: rest, heldOut: eighth, standIn };
}

function split(groups: Groups, apart: (group: readonly Trace[]) => boolean): readonly [Groups, Groups] {
  return [groups.filter((group) => !apart(group)), groups.filter(apart)];
}

/** Whether a trace is of a rung; of its family, where it does not say its level. */
function isOf({ family, level }: Trace, rung: ProblemWeight): boolean {
  return family === rung.family && (level === undefined || level === rung.level);
}

/** Whether a prompt is held out: as its problem is, where it is one of ours; else by its text. */
function isApart(group: readonly Trace[]): boolean {
  return heldOutTrace(group[0]!) ?? isEighth(group[0]!);
}

function isEighth({ prompt }: Pick<Trace, "prompt">): boolean {
  return hashString(prompt) % HELD_OUT_ONE_IN === 0;
}
