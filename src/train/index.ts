/** Training: objectives, optimisers, the loops of supervised and reinforcement learning, evaluation. */
export { type AdapterState, adapterState, applyUpdate, loadParameters, trainedLayout } from "./adapters.ts";
export {
  type Advantage,
  type Baseline,
  groupAdvantages,
  isDead,
  type RewardedGroup,
  type RewardScale,
  stepAdvantages,
} from "./advantages.ts";
export { ALGORITHM_NAMES, ALGORITHMS, type AlgorithmName, type AlgorithmSettings } from "./algorithms/index.ts";
export { type BatchOptions, type MicroBatch, microBatches, type Sequence, type TeacherRows } from "./batch.ts";
export { type Forecast, type Reliability, reliability } from "./calibration.ts";
export { type RestoredTrainer, restoreTrainer, type TrainerCheckpoint, trainerFiles } from "./checkpoint.ts";
export {
  type Compute,
  type ComputeBuffers,
  type ComputeSpec,
  ComputeUnit,
  LocalCompute,
  type RolloutRequest,
  type Weights,
} from "./compute.ts";
export {
  advanceCurriculum,
  type CurriculumSettings,
  type CurriculumState,
  curriculumOdds,
  type Odds,
  type RungRecord,
} from "./curriculum.ts";
export {
  type Evaluated,
  type EvaluationSettings,
  type EvaluationSummary,
  type RungResult,
  sampleAnswers,
  summarise,
} from "./evaluate.ts";
export { explainedVariance, generalisedAdvantages, whiten } from "./gae.ts";
export { GradientEngine, type GradientEngineOptions, type MicroBatchResult } from "./gradient-engine.ts";
export {
  type InstructionSummary,
  type KindResult,
  languageOf,
  summariseInstructions,
} from "./instruction-metrics.ts";
export { DEFAULT_REWARDS, type Judge, judgeByRules, type RuleRewards, ruleJudge } from "./judge.ts";
export type { DistilObjective } from "./losses/distil.ts";
export { type ModelJudgeOptions, modelJudge, type Opinions, opinionOn } from "./model-judge.ts";
export { type Objective, type ObjectiveGraphOptions, objectiveGraph } from "./objective.ts";
export { Optimizer, type OptimizerSettings, type OptimizerState } from "./optimizer.ts";
export { type Critic, type PpoSettings, ppoUpdates } from "./ppo.ts";
export {
  type PretrainParts,
  type PretrainSettings,
  type PretrainState,
  pretrain,
  type TokenDocument,
} from "./pretrain.ts";
export { type RankingSummary, summariseRanking, votesOf } from "./ranking.ts";
export { REINFORCE_START, type ReinforceParts, type ReinforceState, reinforce, type Updates } from "./reinforce.ts";
export type { ReinforceSettings } from "./reinforce-settings.ts";
export { REWARD_START, type RewardParts, type RewardSettings, type RewardState, trainReward } from "./reward.ts";
export {
  DEFAULT_ASPECTS,
  overallRating,
  type RewardKind,
  type RewardReading,
  rewardItem,
  scoreNames,
} from "./reward-data.ts";
export { evaluateReward, type RewardOpinion, type RewardRecord, readRewards } from "./reward-model.ts";
export { type Judgement, type Rollout, rolloutOf, type Segment, sequenceOf } from "./rollout.ts";
export type {
  CheckpointFiles,
  ForcedText,
  Metrics,
  RolloutRecord,
  RunEvent,
  RunStore,
  StoredCheckpoint,
} from "./run-store.ts";
export { type Schedule, scheduleFactor } from "./schedule.ts";
export { type ScoreBatch, type ScoreItem, type ScoreText, scoreBatches } from "./score-batch.ts";
export { ScoreEngine, type ScoreResult } from "./score-engine.ts";
export { type ScoreObjective, scoreGraph } from "./score-objective.ts";
export { checkTeacher, teach } from "./teach.ts";
export { type Normalisation, tokenWeights } from "./token-weights.ts";
