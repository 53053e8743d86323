/** Runs a pretraining stage in a run directory. */
import { Tokenizer } from "../model/tokenizer.ts";
import { type CorpusMix, DEFAULT_MIX, document, type Problem, renderDocument, sampleFromMix } from "../tasks/index.ts";
import { trainerFiles } from "../train/checkpoint.ts";
import type { Compute } from "../train/compute.ts";
import { sampleAnswers, summarise } from "../train/evaluate.ts";
import { ruleJudge } from "../train/judge.ts";
import { type PretrainState, pretrain, type TokenDocument } from "../train/pretrain.ts";
import type { RunStore } from "../train/run-store.ts";
import { ReckonError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { corpusTokenizer, freshConfig, freshParameters, restore, startEngine } from "./assemble.ts";
import { evaluationMetrics } from "./evaluation-metrics.ts";
import type { PretrainStage, Recipe } from "./schema.ts";

export interface StageOptions {
  readonly workers: number;
  /** The folder of a model that a recipe names; default: the name is the folder. */
  readonly modelFolder?: (name: string) => string;
}

export async function runPretrain(
  recipe: Recipe,
  stage: PretrainStage,
  store: RunStore,
  options: StageOptions,
): Promise<void> {
  const restored = await restore(store);
  const tokenizer = restored ? Tokenizer.fromJson(restored.model.tokenizer.toJson()) : corpusTokenizer(recipe, stage);
  const config = restored?.model.config ?? freshConfig(stage, tokenizer);
  const parameters = restored?.model.parameters ?? freshParameters(recipe, stage, config);
  const positions = Math.max(stage.rowLength + 1, stage.evaluateNewTokens + 64);
  const engine = await startEngine(
    { config, shards: recipe.shards, positions, packed: true },
    options.workers,
    stage.optimizer,
    parameters,
    restored?.optimizer,
  );
  const state: PretrainState = restored
    ? (restored.trainer["state"] as PretrainState)
    : { step: 0, documents: 0, tokens: 0 };
  const phases = stage.phases.map((phase) => ({ from: phase.from, mix: corpusMix(phase.mix) }));
  const problems = Array.from({ length: stage.evaluateProblems }, (_, index) =>
    sampleFromMix({ seed: 1_000_003, index, split: "heldout" }),
  );
  try {
    await pretrain(stage, state, {
      compute: engine.compute,
      optimizer: engine.optimizer,
      store,
      document: (index, step) => tokenDocument(recipe, phases, stage.steps, tokenizer, index, step),
      evaluate: () => evaluateBase(engine.compute, tokenizer, problems, stage),
      async save(now) {
        const files = trainerFiles({
          config,
          parameters: engine.compute.buffers.parameters,
          tokenizerJson: tokenizer.toJson(),
          optimizer: engine.optimizer.state,
          trainer: { kind: stage.kind, state: { ...now } },
          reckon: { recipe: recipe.name, stage: stage.kind, seed: recipe.seed, step: now.step, tokens: now.tokens },
        });
        await store.saveCheckpoint(now.step, files);
      },
    });
  } finally {
    await engine.close();
  }
}

interface Phase {
  readonly from: number;
  readonly mix: CorpusMix;
}

function tokenDocument(
  recipe: Recipe,
  phases: readonly Phase[],
  steps: number,
  tokenizer: Tokenizer,
  index: number,
  step: number,
): TokenDocument {
  const phase = phases.findLast(({ from }) => step >= from * steps) ?? phases[0]!;
  const text = renderDocument(document(Random.of(recipe.seed, "corpus", index), phase.mix));
  const tokens = tokenizer.encode(text);
  return { tokens, from: Math.max(1, tokens.indexOf(tokenizer.specialId("<|assistant|>")) + 1) };
}

/** The default mix with a phase's changes; objects are merged key by key, and an unknown key is an error. */
function corpusMix(changes: Readonly<Record<string, unknown>>): CorpusMix {
  const merge = (
    base: Readonly<Record<string, unknown>>,
    change: Readonly<Record<string, unknown>>,
    path: string,
  ): Record<string, unknown> => {
    const out: Record<string, unknown> = { ...base };
    for (const [key, value] of Object.entries(change)) {
      const before = base[key];
      if (before === undefined) {
        throw new ReckonError("RECIPE_INVALID", `the corpus has no knob ${path}${key}`, {
          expected: Object.keys(base).join(", "),
          got: key,
        });
      }
      const nested = typeof before === "object" && before !== null && !Array.isArray(before);
      out[key] = nested
        ? merge(before as Record<string, unknown>, value as Record<string, unknown>, `${path}${key}.`)
        : value;
    }
    return out;
  };
  return merge(DEFAULT_MIX as unknown as Record<string, unknown>, changes, "") as unknown as CorpusMix;
}

async function evaluateBase(
  compute: Compute,
  tokenizer: Tokenizer,
  problems: readonly Problem[],
  stage: PretrainStage,
): Promise<Record<string, number>> {
  const settings = { samples: 1, seed: 7, temperature: 1, maxNewTokens: stage.evaluateNewTokens };
  const answers = await sampleAnswers(compute, tokenizer, problems, settings, ruleJudge());
  return evaluationMetrics(summarise(answers, 1));
}
