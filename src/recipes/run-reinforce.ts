/** Runs a reinforcement stage in a run directory. */
import { trainerFiles } from "../train/checkpoint.ts";
import { type EvaluationSummary, sampleAnswers, summarise } from "../train/evaluate.ts";
import { type ReinforceState, reinforce } from "../train/reinforce.ts";
import type { RunStore } from "../train/run-store.ts";
import { loadModelFolder, restore, startEngine } from "./assemble.ts";
import { evaluationMetrics } from "./evaluation-metrics.ts";
import { openProblems } from "./problems.ts";
import type { StageOptions } from "./run-pretrain.ts";
import type { Recipe, ReinforceStage } from "./schema.ts";

/** Held-out problems are the same for every run, whatever its seed. */
const EVALUATION_SEED = 1_000_003;

/** Room for prompts beside the new tokens. */
const PROMPT_ROOM = 64;

/** What this stage writes into reckon.json and needs again. */
interface Lineage {
  readonly parent?: unknown;
  readonly evaluation?: EvaluationSummary;
}

export async function runReinforce(
  recipe: Recipe,
  stage: ReinforceStage,
  store: RunStore,
  options: StageOptions,
): Promise<void> {
  const restored = await restore(store);
  const model = restored?.model ?? (await loadModelFolder(options.modelFolder?.(stage.from) ?? stage.from));
  const { config, tokenizer } = model;
  const engine = await startEngine(
    { config, shards: recipe.shards, positions: stage.maxNewTokens + PROMPT_ROOM, packed: false },
    options.workers,
    stage.optimizer,
    model.parameters,
    restored?.optimizer,
  );
  const { compute } = engine;
  if (restored?.reference) compute.buffers.reference.set(restored.reference);
  const state: ReinforceState = restored
    ? (restored.trainer["state"] as ReinforceState)
    : { step: 0, tokens: 0, problems: 0 };
  const source = await openProblems(stage);
  const { judge } = source;
  const heldOut = await Promise.all(
    Array.from({ length: stage.evaluateProblems }, (_, index) =>
      source.draw({ seed: EVALUATION_SEED, index, split: "heldout" }),
    ),
  );
  // A resumed run has the parent that it began from, and its last evaluation until the next.
  const lineage = restored?.model.extra.reckon as Lineage | undefined;
  const parent = restored ? (lineage?.parent ?? null) : (model.extra.reckon ?? null);
  let latest = lineage?.evaluation;
  try {
    await reinforce({ ...stage, seed: recipe.seed }, state, {
      compute,
      optimizer: engine.optimizer,
      tokenizer,
      store,
      judge,
      problem: (index) => source.draw({ seed: recipe.seed, index, split: "train" }),
      async evaluate(step) {
        const settings = {
          samples: 1,
          seed: 7,
          temperature: stage.temperature,
          maxNewTokens: stage.maxNewTokens,
          key: ["evaluate", step],
        };
        latest = summarise(await sampleAnswers(compute, tokenizer, heldOut, settings, judge), 1);
        return evaluationMetrics(latest);
      },
      async save(now) {
        const files = trainerFiles({
          config,
          parameters: compute.buffers.parameters,
          ...(stage.klWeight === 0 ? {} : { reference: compute.buffers.reference }),
          tokenizerJson: tokenizer.toJson(),
          optimizer: engine.optimizer.state,
          trainer: { kind: stage.kind, state: { ...now } },
          reckon: {
            recipe: recipe.name,
            stage: stage.kind,
            parent,
            seed: recipe.seed,
            step: now.step,
            tokens: now.tokens,
            ...(latest ? { evaluation: latest } : {}),
          },
        });
        await store.saveCheckpoint(now.step, files);
      },
    });
  } finally {
    await source.close();
    await engine.close();
  }
}
