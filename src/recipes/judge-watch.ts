/**
 * Says in a run when a reward model and the truth part: from a step on the policy is paid no less, or ever more, and fewer
 * answers are right, or no more (parting.ts). Looked at after every tenth of the steps in which a judge counts, and told once for each.
 */
import { join } from "node:path";
import { JsonLines } from "../runs/json-lines.ts";
import { MODEL_NAME } from "../train/model-judge.ts";
import type { Metrics, RunEvent, RunStore } from "../train/run-store.ts";
import { hasParted, type Parting, partingOf, type RewardStep, stretches } from "./parting.ts";
import type { ReinforceStage } from "./schema.ts";
import { listOf } from "./stages.ts";

/** Parts of a judge's time after which is looked. */
const PARTS = 10;
/** Steps of a part, at the least: of fewer the error is known too badly, and noise would often pass for a parting. */
const LEAST = 10;

/**
 * The store with an eye on the judges of its stage; itself where there are none.
 * @param done steps that were done before: their metrics are in the run's folder
 */
export function watchJudges(
  store: RunStore,
  { rewardModel, steps }: Pick<ReinforceStage, "rewardModel" | "steps">,
  done: number,
): RunStore {
  const names = listOf(rewardModel).map(({ name = MODEL_NAME }) => name);
  if (names.length === 0) return store;
  const lines = done > 0 && store.path !== undefined ? linesOf(store.path) : [];
  return {
    ...(store.path === undefined ? {} : { path: store.path }),
    metrics(record) {
      store.metrics(record);
      lines.push(record);
      for (const event of partings(lines, names, steps)) store.event(event);
    },
    rollouts: (records) => store.rollouts(records),
    evaluations: (records) => store.evaluations?.(records),
    event: (event) => store.event(event),
    progress: (step, all) => store.progress(step, all),
    saveCheckpoint: (step, files) => store.saveCheckpoint(step, files),
    latestCheckpoint: () => store.latestCheckpoint(),
    rewind: (step) => store.rewind(step),
    stopRequested: () => store.stopRequested(),
  };
}

/** The metrics of a run's folder, of which a run that goes on has cut off what it does again. */
const linesOf = (path: string): Metrics[] => new JsonLines(join(path, "metrics.jsonl")).read() as Metrics[];

/** What is to be said after the last of these steps: of the judges that have parted from the truth in the part that ends with it. */
export function partings(lines: readonly Metrics[], names: readonly string[], steps: number): RunEvent[] {
  return names.flatMap((name) => {
    const judged = lines.flatMap((line) => judgedStep(line, name));
    const [first, last] = [judged[0], judged.at(-1)];
    if (first === undefined || last?.step !== lines.at(-1)?.step) return [];
    const size = Math.max(LEAST, Math.ceil((steps - first.step + 1) / PARTS));
    if (judged.length % size !== 0) return [];
    const after = (count: number): Parting => partingOf(stretches(judged.slice(0, count), { size }));
    const found = after(judged.length);
    if (!hasParted(found)) return [];
    for (let count = size; count < judged.length; count += size) if (hasParted(after(count))) return [];
    const { best, at } = found;
    const share = (x: number): string => `${(100 * x).toFixed(1)} %`;
    const truth = `${share(best.accuracy.mean)} right in steps ${best.from} to ${best.to}, ${share(at.accuracy.mean)} in steps ${at.from} to ${at.to}`;
    const paid = `${best.reward.mean.toFixed(3)} and ${at.reward.mean.toFixed(3)}`;
    return [
      {
        level: "warning",
        code: "JUDGE_PARTED",
        step: last!.step,
        message: `the reward model ${name} and the truth part: ${truth}, and it pays ${paid}`,
        help: "the policy learns to please it: take a checkpoint from before, give accuracy more weight, or let it count later (after)",
      },
    ];
  });
}

/** A step in which the judge was asked. */
function judgedStep(line: Metrics, name: string): RewardStep[] {
  const [model, accuracy, format] = [`rewards/${name}/mean`, "rewards/accuracy/mean", "rewards/format/mean"].map(
    (key) => line[key],
  );
  if (model === undefined || accuracy === undefined || format === undefined) return [];
  return [{ step: line.step, model, accuracy, format }];
}
