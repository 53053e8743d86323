/**
 * The traces that a supervised stage learns from: read from files and corpora, tokenised, and shown epoch by epoch, each
 * in an order of its own. Which trace is shown at which place is a function of the seed alone, so a stage can be resumed
 * anywhere.
 */
import type { Tokenizer } from "../model/tokenizer.ts";
import type { Trace } from "../tasks/index.ts";
import type { TokenDocument } from "../train/pretrain.ts";
import { ReckonError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { corpusOf, corpusTraces } from "./corpora.ts";
import type { DataSource, Recipe, SuperviseStage } from "./schema.ts";
import { isPath, referenceOf } from "./stages.ts";
import { survives } from "./student.ts";
import { traceText } from "./texts.ts";
import { readTraceFile, wellRated, withoutHeldOut } from "./trace-files.ts";

export interface Data {
  /** Traces in an epoch. */
  readonly size: number;
  /** Tokens in an epoch, about: of what a weight takes a part of, the parts differ. */
  readonly tokens: number;
  /** Trace number `index` of the stream, counted through all epochs. */
  document(index: number): TokenDocument;
  /** Rows of the corpora among its sources that an epoch shows, by the corpora's names. */
  readonly corpora: Readonly<Record<string, number>>;
  /** What was left out, as sentences. */
  readonly warnings: readonly string[];
}

/** Traces of one source. */
interface Part {
  readonly documents: readonly TokenDocument[];
  readonly weight: number;
}

/**
 * Reads what a stage's `data` names.
 * @throws ReckonError DATA_UNREADABLE; DATA_ROWS for broken rows (unless they are skipped), or where nothing is left;
 * DATA_UNRATED where only well rated rows are wanted and none is rated
 */
export async function openData(recipe: Recipe, stage: SuperviseStage, tokenizer: Tokenizer): Promise<Data> {
  const sources = sourcesOf(stage);
  const warnings: string[] = [];
  const parts: Part[] = [];
  const corpora: Record<string, number> = {};
  for (const [i, source] of sources.entries()) {
    const traces = await tracesOf(recipe, stage, source, i, warnings);
    const faithful = traces.filter((trace) => survives(trace, tokenizer));
    const lost = traces.length - faithful.length;
    if (lost > 0) {
      const why = "the model's tokenizer does not give their text back";
      warnings.push(`${lost} of ${traces.length} traces of ${source.data} were left out: ${why}`);
    }
    const documents = faithful.map((trace) => tokenise(trace, tokenizer));
    const fitting = documents.filter(({ tokens }) => tokens.length <= stage.rowLength + 1);
    const long = documents.length - fitting.length;
    if (long > 0) {
      const room = `longer than rowLength, ${stage.rowLength} tokens`;
      warnings.push(`${long} of ${documents.length} traces of ${source.data} were left out: ${room}`);
    }
    const part: Part = { documents: fitting, weight: source.weight };
    parts.push(part);
    const corpus = corpusOf(source.data);
    if (corpus !== undefined) corpora[corpus] = (corpora[corpus] ?? 0) + shown(part);
  }
  const size = parts.reduce((n, part) => n + shown(part), 0);
  if (size === 0) throw noTraces(stage, warnings);
  const tokens = parts.reduce((total, part) => {
    const own = part.documents.reduce((n, document) => n + document.tokens.length, 0);
    return total + (own * shown(part)) / Math.max(1, part.documents.length);
  }, 0);
  let known: { readonly epoch: number; readonly order: readonly TokenDocument[] } | undefined;
  return {
    size,
    tokens,
    corpora,
    warnings,
    document(index) {
      const epoch = Math.floor(index / size);
      if (known?.epoch !== epoch) known = { epoch, order: epochOf(parts, recipe.seed, epoch) };
      return known.order[index % size]!;
    },
  };
}

/**
 * What is to be told of solutions without end, which are cut where they are too long for a row (traces are left out);
 * undefined where none is.
 */
export function cutSolutions(texts: readonly string[], tokenizer: Tokenizer, rowLength: number): string | undefined {
  const cut = texts.filter((text) => tokenizer.encode(text).length > rowLength + 1).length;
  if (cut === 0) return undefined;
  return `${cut} of ${texts.length} solutions that were looked at lose their end: they are longer than rowLength, ${rowLength} tokens`;
}

/** Steps that read the data so often, about: a step ends with the trace that fills it. */
export function stepsOf(data: Data, epochs: number, tokensPerStep: number): number {
  return Math.max(1, Math.round((epochs * data.tokens) / (tokensPerStep + data.tokens / data.size / 2)));
}

/** How many traces of a part an epoch shows. */
function shown({ documents, weight }: Part): number {
  return Math.round(documents.length * weight);
}

/** The order of an epoch: every part as often as its weight says, all mixed. */
function epochOf(parts: readonly Part[], seed: number, epoch: number): TokenDocument[] {
  const all = parts.flatMap((part, i) => {
    const { documents } = part;
    const drawn: TokenDocument[] = [];
    for (let round = 0; drawn.length < shown(part); round++) {
      // Whole rounds show every trace; what is left over is drawn anew in each epoch.
      const rest = shown(part) - drawn.length;
      const order = Random.of(seed, "epoch", epoch, i, round).shuffle(documents);
      drawn.push(...order.slice(0, rest));
    }
    return drawn;
  });
  return Random.of(seed, "epoch", epoch).shuffle(all);
}

function sourcesOf({ data = [] }: Pick<SuperviseStage, "data">): readonly DataSource[] {
  return typeof data === "string" ? [{ data, weight: 1 }] : data;
}

function noTraces(stage: SuperviseStage, warnings: readonly string[]): ReckonError {
  return new ReckonError("DATA_ROWS", "there are no traces to learn from", {
    expected: `traces of at most ${stage.rowLength} tokens`,
    got:
      warnings.join("; ") ||
      sourcesOf(stage)
        .map(({ data }) => data)
        .join(", "),
  });
}

/**
 * Looks through what a stage's `data` names, as far as it is there before the stages of its recipe are done, and without a
 * tokenizer: how long a trace is shows later.
 * @throws ReckonError as `openData`
 */
export async function checkData(recipe: Recipe, stage: SuperviseStage): Promise<void> {
  const warnings: string[] = [];
  let [rows, later] = [0, false];
  for (const [i, source] of sourcesOf(stage).entries()) {
    if (referenceOf(source.data) !== undefined) later = true;
    else {
      // Of a corpus the first row shows whether there is one.
      const some = source.rows !== undefined && !isPath(source.data) ? { ...source, rows: 1 } : source;
      rows += (await tracesOf(recipe, stage, some, i, warnings)).length;
    }
  }
  if (stage.data !== undefined && rows === 0 && !later) throw noTraces(stage, warnings);
}

/** The tokens of a trace, learnt from the thinking on. */
export function tokenise(trace: Pick<Trace, "prompt" | "thinking" | "answer">, tokenizer: Tokenizer): TokenDocument {
  const tokens = tokenizer.encode(traceText(trace));
  return { tokens, from: Math.max(1, tokens.indexOf(tokenizer.specialId("<|assistant|>")!) + 1) };
}

async function tracesOf(
  recipe: Recipe,
  stage: SuperviseStage,
  { data, rows, least }: DataSource,
  place: number,
  warnings: string[],
): Promise<readonly Trace[]> {
  const corpus = corpusOf(data);
  if (corpus !== undefined) {
    if (least !== undefined) {
      throw new ReckonError("RECIPE_INVALID", `${data} has no ratings, of which least: ${least} wants the best`, {
        expected: "least beside a file of rated traces, or a stage that writes graded ones",
      });
    }
    if (rows !== undefined) return corpusTraces(corpus, rows, recipe.seed, stage.problems);
    throw new ReckonError("RECIPE_INVALID", `a corpus has no end: how many rows of ${data}?`, {
      expected: `{ "data": "${data}", "rows": 1000 }`,
    });
  }
  const file = withoutHeldOut(await readTraceFile(data, stage.broken), data);
  const { traces, warnings: told } = least === undefined ? file : wellRated(file, data, least);
  warnings.push(...told);
  if (rows === undefined || rows >= traces.length) return traces;
  return Random.of(recipe.seed, "rows", place).shuffle(traces).slice(0, rows);
}
