/**
 * Reinforcement learning with verifiable rewards: GRPO (Shao et al. 2024, DeepSeekMath, arXiv 2402.03300), used for
 * R1-Zero as in DeepSeek-R1 (arXiv 2501.12948, §2.1).
 *
 * One step: draw prompts, sample a group of answers to each, judge them, turn rewards into group-relative advantages,
 * and take one or several clipped policy-gradient updates on the batch. Optional: a KL term to a reference that is
 * refreshed every so many steps, and resampling of groups that teach nothing (DAPO's dynamic sampling). The other members
 * of the family differ in their settings (algorithms/).
 *
 * The sampler and the trainer run the same kernels in the same precision, so the sampler's log-probabilities are the
 * old policy's; that they agree, and that the ratio is 1 at the first update, is checked at every step.
 * Left out: asynchronous rollouts, replay. Value networks: ppo.ts, whose updates may take the place of these.
 */
import { formatBudget, type ThinkingBudget } from "../generate/index.ts";
import { promptIds } from "../model/chat-template.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import type { Problem } from "../tasks/index.ts";
import { isDead } from "./advantages.ts";
import type { Compute, RolloutRequest } from "./compute.ts";
import {
  advanceCurriculum,
  type CurriculumState,
  curriculumMetrics,
  curriculumOdds,
  type JudgedGroup,
  mixedShare,
  type Odds,
} from "./curriculum.ts";
import type { Judge } from "./judge.ts";
import type { Optimizer } from "./optimizer.ts";
import { type Drawn, type Group, observation, rolloutMetrics, rolloutRecords } from "./reinforce-metrics.ts";
import type { ReinforceSettings } from "./reinforce-settings.ts";
import { contextLength, rolloutOf, surprisalOf } from "./rollout.ts";
import type { Metrics, RunStore } from "./run-store.ts";
import { learnedTokens, update } from "./updates.ts";
import { type Sampled, valueGroups } from "./valuation.ts";
import { Watch, type WatchState } from "./watch.ts";

export interface ReinforceState {
  step: number;
  /** Tokens sampled so far. */
  tokens: number;
  /** Tokens of prompts so far, once for every answer to them. */
  promptTokens: number;
  /**
   * Tokens of prompts and answers that gradients of the policy were computed of so far, once for every time; a prompt with
   * each answer to it, though they may share its computation.
   */
  trainedTokens: number;
  /** Problems drawn so far. */
  problems: number;
  /** What the watch over the run remembers; older checkpoints have none. */
  watch?: WatchState;
  /** What is known of the rungs, where there is a curriculum. */
  curriculum?: CurriculumState;
}

/** Where a run begins; also stands in for what an older checkpoint did not count. */
export const REINFORCE_START: ReinforceState = { step: 0, tokens: 0, promptTokens: 0, trainedTokens: 0, problems: 0 };

export interface ReinforceParts {
  readonly compute: Compute;
  readonly optimizer: Optimizer;
  readonly tokenizer: Tokenizer;
  readonly store: RunStore;
  readonly judge: Judge;
  /** Training problem number `index`; `odds` are factors on the weights of rungs. */
  problem(index: number, odds?: Odds): Problem | Promise<Problem>;
  evaluate?(step: number): Promise<Record<string, number>>;
  save(state: ReinforceState): Promise<void>;
  /** In place of GRPO's updates. */
  readonly updates?: Updates;
}

/** What became of a step's groups. */
export interface Updated {
  readonly metrics: Record<string, number>;
  /** With the advantages that were made of them. */
  readonly groups: readonly Group[];
  /** Tokens of prompts and answers that gradients of the policy were computed of, once for every time. */
  readonly trainedTokens: number;
}

/** Learns from a step's groups. */
export type Updates = (groups: readonly Sampled[], state: ReinforceState) => Promise<Updated>;

/** Runs from `state` to the end, or until the store asks to stop; a checkpoint is saved in both cases. */
export async function reinforce(
  settings: ReinforceSettings,
  state: ReinforceState,
  parts: ReinforceParts,
): Promise<void> {
  const { compute, store } = parts;
  const watch = new Watch(state.watch);
  if (state.step === 0) {
    compute.buffers.reference.set(compute.buffers.parameters);
    if (parts.evaluate) store.metrics({ step: 0, ...(await parts.evaluate(0)) });
  }
  while (state.step < settings.steps) {
    const started = performance.now();
    const drawn = await drawGroups(settings, state, parts);
    const generated = performance.now();
    const {
      groups,
      metrics: updates,
      trainedTokens,
    } = await (parts.updates ? parts.updates(drawn.groups, state) : groupUpdates(settings, state, parts, drawn.groups));
    const trained = performance.now();
    state.step++;
    state.problems += drawn.problems;
    state.tokens += drawn.tokens;
    state.promptTokens += drawn.promptTokens;
    state.trainedTokens += trainedTokens;
    if (settings.curriculum) {
      state.curriculum = advanceCurriculum(settings.curriculum, state.curriculum ?? {}, drawn.judged);
    }
    if (settings.referenceEvery > 0 && state.step % settings.referenceEvery === 0) {
      compute.buffers.reference.set(compute.buffers.parameters);
    }
    const last = state.step === settings.steps;
    const due = settings.evaluateEvery > 0 && (state.step % settings.evaluateEvery === 0 || last);
    const metrics: Metrics = {
      step: state.step,
      ...rolloutMetrics(settings, { ...drawn, groups }),
      ...updates,
      ...(settings.curriculum ? curriculumMetrics(settings.curriculum, state.curriculum ?? {}) : {}),
      num_tokens: state.promptTokens + state.tokens,
      "completions/num_tokens": state.tokens,
      ...(parts.evaluate && due ? await parts.evaluate(state.step) : {}),
      "time/generate": (generated - started) / 1000,
      "time/train": (trained - generated) / 1000,
      "time/step": (performance.now() - started) / 1000,
    };
    store.metrics(metrics);
    if (settings.rolloutsEvery > 0 && (state.step - 1) % settings.rolloutsEvery === 0) {
      store.rollouts(rolloutRecords(state.step, groups.slice(0, settings.rolloutGroups)));
    }
    for (const event of watch.observe(observation(state.step, metrics, groups))) store.event(event);
    state.watch = watch.state;
    store.progress(state.step, settings.steps);
    const stop = store.stopRequested();
    if (stop || last || state.step % settings.checkpointEvery === 0) await parts.save(state);
    if (stop) return;
  }
}

/** Draws and judges the step's groups; `judged` are all of them, dead ones that were replaced too. */
async function drawGroups(
  settings: ReinforceSettings,
  state: ReinforceState,
  parts: ReinforceParts,
): Promise<Omit<Drawn, "groups"> & { readonly groups: readonly Sampled[]; readonly judged: readonly JudgedGroup[] }> {
  let problems = 0;
  let tokens = 0;
  let promptTokens = 0;
  let surprisal = 0;
  const judged: JudgedGroup[] = [];
  // As they are at the step's start: what this step finds out counts from the next one on.
  const odds = settings.curriculum && curriculumOdds(settings.curriculum, state.curriculum ?? {});
  const draw = async (count: number, round: number): Promise<Sampled[]> => {
    const list = await Promise.all(
      Array.from({ length: count }, (_, i) => parts.problem(state.problems + problems + i, odds)),
    );
    problems += count;
    const groups = await sampleGroups(settings, state.step, round, list, parts);
    judged.push(...groups);
    for (const rollout of groups.flatMap((group) => group.rollouts)) {
      tokens += rollout.length;
      promptTokens += contextLength(rollout);
      surprisal += surprisalOf(rollout);
    }
    return groups;
  };
  const teaches = ({ dead, judgements }: Sampled): boolean =>
    settings.resampleBy === "accuracy" ? !isDead(judgements.map(({ score }) => score)) : !dead;
  let groups = await draw(settings.promptsPerStep, 0);
  const first = {
    deadShare: groups.filter((group) => group.dead).length / groups.length,
    mixedShare: mixedShare(groups),
  };
  for (let round = 1; round <= settings.resample; round++) {
    const alive = groups.filter(teaches);
    if (alive.length === groups.length) break;
    const fresh = await draw(groups.length - alive.length, round);
    groups = [...alive, ...fresh];
  }
  return { groups, problems, tokens, promptTokens, surprisal, ...first, judged };
}

async function sampleGroups(
  settings: ReinforceSettings,
  step: number,
  round: number,
  problems: readonly Problem[],
  parts: ReinforceParts,
): Promise<Sampled[]> {
  const { compute, tokenizer } = parts;
  const prompts = problems.map((problem) => promptIds(tokenizer, problem.prompt));
  const size = Math.ceil(problems.length / compute.spec.shards);
  const budgets = settings.waits && waitingBudgets(settings.waits, prompts.length, tokenizer);
  const requests: RolloutRequest[] = [];
  for (let at = 0; at < prompts.length; at += size) {
    requests.push({
      ...(budgets ? { budgets: budgets.slice(at, at + size) } : {}),
      prompts: prompts.slice(at, at + size),
      samples: settings.samplesPerPrompt,
      maxNewTokens: settings.maxNewTokens,
      temperature: settings.temperature,
      stopTokens: [tokenizer.specialId("<|end|>")!],
      seed: settings.seed,
      key: ["rollout", step, round],
      itemOffset: at * settings.samplesPerPrompt,
    });
  }
  const completions = (await compute.generate(requests)).flatMap((list, s) =>
    list.map((completion) => ({ completion, prompt: s * size + completion.prompt })),
  );
  const rollouts = completions.map(({ completion, prompt }) =>
    rolloutOf(problems[prompt]!, prompts[prompt]!, completion, tokenizer),
  );
  const judgements = await parts.judge(rollouts, step / settings.steps);
  return problems.map((problem, p): Sampled => {
    const [from, to] = [p * settings.samplesPerPrompt, (p + 1) * settings.samplesPerPrompt];
    const judged = judgements.slice(from, to);
    const rewards = judged.map((judgement) => judgement.reward);
    return {
      problem,
      rollouts: rollouts.slice(from, to),
      judgements: judged,
      dead: isDead(rewards),
    };
  });
}

/** GRPO's updates: answers are compared within their groups. */
async function groupUpdates(
  settings: ReinforceSettings,
  state: ReinforceState,
  parts: ReinforceParts,
  sampled: readonly Sampled[],
): Promise<Updated> {
  const valued = await valueGroups(settings, parts.compute, sampled);
  return {
    metrics: await update(settings, state, parts, valued),
    groups: valued.groups,
    trainedTokens: settings.iterations * learnedTokens(settings, valued.groups),
  };
}

/** By prompt: the budget of those that are made to go on; evenly spread, so that every shard has its share of them. */
function waitingBudgets(
  { share, most }: NonNullable<ReinforceSettings["waits"]>,
  count: number,
  tokenizer: Tokenizer,
): (ThinkingBudget | undefined)[] {
  const budget = formatBudget(tokenizer, { waits: most });
  return Array.from({ length: count }, (_, i) =>
    Math.floor((i + 1) * share) > Math.floor(i * share) ? budget : undefined,
  );
}
