/** Node's side of training: run directories, worker threads, users' tasks and rewards. */
export {
  RunDirectory,
  type RunListing,
  type RunObserver,
  type RunOptions,
  type RunState,
  type RunStatus,
  type StopRequest,
} from "./run-directory.ts";
export { listRuns, requestOf, resumedAs, runNamed } from "./run-list.ts";
export {
  type FileTask,
  hostTask,
  isRowsPath,
  isTaskPath,
  leftOut,
  loadTask,
  loadTaskFile,
  type TaskFile,
} from "./task-files.ts";
export {
  createJudge,
  type JudgeOptions,
  loadUserReward,
  loadUserTask,
  type RewardDefinition,
  type RewardFunction,
  type RewardRollout,
  type UserModuleOptions,
  type UserReward,
  type UserTask,
} from "./user-modules.ts";
export { WorkerCompute } from "./worker-compute.ts";
