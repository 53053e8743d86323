/**
 * Rejection sampling in a run directory: answers chunk by chunk in `samples.jsonl`, and at the end of them the data,
 * `traces.jsonl`, with `lineage.json`, which says what it was made of and what was left out.
 *
 * A chunk's prompts and random numbers are functions of its number, so a killed run goes on after its last whole chunk
 * and ends with the same files.
 */
import { join } from "node:path";
import type { Tokenizer } from "../model/tokenizer.ts";
import { replaceFile } from "../runs/disk.ts";
import { JsonLines } from "../runs/json-lines.ts";
import { WorkerCompute } from "../runs/worker-compute.ts";
import { type Candidate, faultOf, inLanguage, selectTraces, traceLines } from "../tasks/index.ts";
import type { Compute } from "../train/compute.ts";
import { type Evaluated, sampleAnswers } from "../train/evaluate.ts";
import { DEFAULT_REWARDS } from "../train/judge.ts";
import { evaluationRecords } from "../train/reinforce-metrics.ts";
import { contextLength } from "../train/rollout.ts";
import type { RunStore } from "../train/run-store.ts";
import { mean } from "../util/statistics.ts";
import { chooseProvider, folderOf, loadModelFolder } from "./assemble.ts";
import { ancestryOf, DATA_LINEAGE, type DataLineage, TRACES } from "./data-lineage.ts";
import { hash } from "./keys.ts";
import { weightsHash } from "./lineage.ts";
import { openProblems, type ProblemSource } from "./problems.ts";
import type { StageOptions } from "./run-pretrain.ts";
import { drawFitting, positionsOf } from "./run-reinforce.ts";
import { type FamilyCounts, type SampleCounts, Tally } from "./sample-counts.ts";
import type { Recipe, SampleStage } from "./schema.ts";
import { stageNameOf } from "./stages.ts";

/** Ends a chunk in samples.jsonl; what stands after the last such line is of a chunk that was broken off. */
interface ChunkEnd {
  readonly end: number;
  readonly tokens: number;
  readonly sampledTokens: number;
  readonly families: FamilyCounts;
  /** Whether it was told already that a prompt has no room. */
  readonly promptTooLong: boolean;
}

export async function runSample(
  recipe: Recipe,
  stage: SampleStage,
  store: RunStore,
  options: StageOptions,
): Promise<void> {
  const folder = folderOf(store);
  const source = await openProblems({ ...stage, rewards: DEFAULT_REWARDS, userRewards: [] });
  try {
    await sampleInto(folder, source, recipe, stage, store, options);
  } finally {
    await source.close();
  }
}

async function sampleInto(
  folder: string,
  source: ProblemSource,
  recipe: Recipe,
  stage: SampleStage,
  store: RunStore,
  options: StageOptions,
): Promise<void> {
  const samples = new JsonLines(join(folder, "samples.jsonl"));
  samples.cutAfter((record) => "end" in record);
  const known = samples.read() as (Candidate | ChunkEnd)[];
  const ends = known.filter((record) => "end" in record);
  const candidates = known.filter((record) => "trace" in record);
  const chunks = Math.ceil(stage.prompts / stage.chunk);
  const state = { step: ends.length };
  await store.rewind(state.step === 0 ? -1 : state.step);
  if (state.step === 0) {
    for (const message of source.warnings)
      store.event({ level: "warning", code: "TASK_ROWS_SKIPPED", step: 0, message });
  }
  // Said before the first chunk, so that a run that is stopped before its end does not pass for a finished one.
  store.progress(state.step, chunks);
  const place = options.modelFolder?.(stage.from!) ?? stage.from!;
  const parentHash = await weightsHash(place);
  const { config, tokenizer, parameters, extra } = await loadModelFolder(place);
  if (state.step < chunks) {
    const positions = positionsOf(stage, config);
    const fitting = { told: ends.at(-1)?.promptTooLong === true };
    const draw = drawFitting(source, tokenizer, positions - stage.maxNewTokens, store, state, fitting);
    const provider = await chooseProvider(options, store, state.step);
    const spec = { config, shards: recipe.shards, positions, packed: false };
    const compute = new WorkerCompute(spec, options.workers, provider);
    compute.buffers.parameters.set(parameters);
    try {
      while (state.step < chunks && !store.stopRequested()) {
        const started = performance.now();
        const first = state.step * stage.chunk;
        const problems = await Promise.all(
          Array.from({ length: Math.min(stage.chunk, stage.prompts - first) }, (_, i) =>
            draw({ seed: recipe.seed, index: first + i, split: "train" }),
          ),
        );
        const answers = await answersTo(compute, tokenizer, problems, recipe, stage, source, state.step);
        const found = readable(answers, stage, tokenizer, parentHash);
        state.step++;
        const end = endOf(state.step, answers, found.families, ends.at(-1), fitting.told);
        store.metrics({ step: state.step, ...chunkMetrics(answers, found.candidates, end), ...clock(started) });
        if (stage.rolloutsEvery > 0 && (state.step - 1) % stage.rolloutsEvery === 0) {
          store.rollouts(records(state.step, answers.slice(0, stage.rolloutGroups * stage.samplesPerPrompt), stage));
        }
        // Last, so that whatever else is told of a whole chunk has been told.
        const refused = samples.append([...found.candidates, end]);
        if (refused !== undefined) throw refused;
        candidates.push(...found.candidates);
        ends.push(end);
        store.progress(state.step, chunks);
      }
    } finally {
      await compute.close();
    }
  }
  if (state.step === chunks) {
    write(folder, recipe, stage, { parent: ancestryOf(extra.reckon), parentHash }, candidates, ends);
  }
}

function answersTo(
  compute: Compute,
  tokenizer: Tokenizer,
  problems: Parameters<typeof sampleAnswers>[2],
  recipe: Recipe,
  stage: SampleStage,
  source: ProblemSource,
  chunk: number,
): Promise<Evaluated[]> {
  const settings = {
    samples: stage.samplesPerPrompt,
    seed: recipe.seed,
    temperature: stage.temperature,
    maxNewTokens: stage.maxNewTokens,
    key: ["sample", chunk],
  };
  return sampleAnswers(compute, tokenizer, problems, settings, source.judge);
}

/** The right and readable answers of a chunk, and what became of the others. */
function readable(
  answers: readonly Evaluated[],
  stage: SampleStage,
  tokenizer: Tokenizer,
  parentHash: string,
): { readonly candidates: Candidate[]; readonly families: FamilyCounts } {
  const tally = new Tally();
  const { maxRepetition, maxThinkingTokens } = stage;
  const settings = { maxRepetition, maxThinkingTokens, oneLanguage: stage.language === "filter" };
  const candidates = answers.flatMap(({ rollout, judgement }, i): Candidate[] => {
    const { id, family, level, facts, language, prompt } = rollout.problem;
    tally.add(family, "sampled");
    const { thinking: written, answer } = rollout.parsed;
    if (judgement.score !== 1 || answer === null) return [];
    tally.add(family, "right");
    const thinking = stage.language === "rewrite" ? inLanguage(written, language) : written;
    const tokens = tokenizer.encodePlain(thinking).length;
    const trace = {
      ...{ id: `${id}#${i % stage.samplesPerPrompt}`, prompt, thinking, answer, family, level, facts, language },
      ...{ score: 1, source: `model ${parentHash.slice(0, 8)}` },
    };
    const fault = faultOf({ trace, tokens }, settings);
    if (fault === undefined) return [{ trace, tokens }];
    tally.add(family, fault);
    return [];
  });
  return { candidates, families: tally.families };
}

function endOf(
  chunk: number,
  answers: readonly Evaluated[],
  families: FamilyCounts,
  before: ChunkEnd | undefined,
  promptTooLong: boolean,
): ChunkEnd {
  const sampled = answers.reduce((n, { rollout }) => n + rollout.length, 0);
  const prompts = answers.reduce((n, { rollout }) => n + contextLength(rollout), 0);
  const { tokens = 0, sampledTokens = 0 } = before ?? {};
  return {
    ...{ end: chunk, tokens: tokens + prompts + sampled, sampledTokens: sampledTokens + sampled },
    ...{ families, promptTooLong },
  };
}

/** docs/metrics.md says what they are. */
function chunkMetrics(
  answers: readonly Evaluated[],
  candidates: readonly Candidate[],
  { tokens, sampledTokens }: ChunkEnd,
): Record<string, number> {
  return {
    "sample/right": mean(answers.map(({ judgement }) => (judgement.score === 1 ? 1 : 0))),
    "sample/readable": candidates.length / Math.max(1, answers.length),
    "completions/mean_length": mean(answers.map(({ rollout }) => rollout.length)),
    "completions/num_tokens": sampledTokens,
    num_tokens: tokens,
  };
}

const clock = (started: number): Record<string, number> => ({ "time/step": (performance.now() - started) / 1000 });

function records(step: number, answers: readonly Evaluated[], { samplesPerPrompt }: SampleStage) {
  const all = evaluationRecords(
    step,
    answers.map((answer, index) => ({ ...answer, index })),
  );
  return all.map((record, i) => ({
    ...record,
    group: Math.floor(i / samplesPerPrompt),
    index: i % samplesPerPrompt,
  }));
}

function write(
  folder: string,
  recipe: Recipe,
  stage: SampleStage,
  origin: Pick<DataLineage, "parent" | "parentHash">,
  candidates: readonly Candidate[],
  ends: readonly ChunkEnd[],
): void {
  const { kept, duplicate, surplus, unbalanced } = selectTraces(candidates, stage);
  const tally = new Tally();
  for (const end of ends) tally.addAll(end.families);
  for (const [what, list] of Object.entries({ kept, duplicate, surplus, unbalanced })) {
    for (const { trace } of list) tally.add(trace.family ?? "", what as keyof SampleCounts);
  }
  const text = traceLines(kept.map(({ trace }) => trace));
  const { tokens = 0, sampledTokens = 0 } = ends.at(-1) ?? {};
  const lineage: DataLineage = {
    ...{ recipe: recipe.name, stage: stageNameOf(stage), seed: recipe.seed, ...origin, hash: hash(text) },
    ...{ prompts: stage.prompts, tokens, sampledTokens, counts: tally.total },
    families: tally.families,
  };
  replaceFile(join(folder, DATA_LINEAGE), `${JSON.stringify(lineage, null, 2)}\n`, { durable: true });
  replaceFile(join(folder, TRACES), text, { durable: true });
}
