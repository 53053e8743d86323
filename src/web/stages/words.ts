/** Words for stages: what they do, how far they are. */
import { plural } from "../../report/format.ts";
import type { PipelineDetail, PipelineStage, StageStatus } from "../../serve/wire.ts";

export const STAGE_WORDS: Readonly<Record<StageStatus, string>> = {
  waiting: "Waiting",
  running: "Running",
  paused: "Paused",
  failed: "Failed",
  finished: "Finished",
  lost: "Interrupted",
};

/** What a kind of stage does, for a newcomer; its name where it is not known here. */
const KINDS: Readonly<Record<string, string>> = {
  pretrain: "reads a corpus",
  sample: "answers, and keeps what is right and readable",
  supervise: "learns from worked examples",
  reinforce: "learns from its own tries",
  graded: "writes chains of thought with ratings",
  reward: "learns to rate",
};

export function kindWords(kind: string): string {
  return KINDS[kind] ?? kind;
}

/** The state of a stage in a few words. */
export function stageWords({ status, kept, earlier }: PipelineStage): string {
  if (status === "finished" && kept) return "Finished before, passed over";
  if (status === "waiting" && earlier) return "Waiting; what it did before is kept if it still holds";
  return STAGE_WORDS[status];
}

/** How far all of it is: a headline. */
export function pipelineHeadline({ stageList, finished, stages, status }: PipelineDetail): string {
  const current = stageList.findIndex((stage) => stage.status !== "finished");
  if (status === "finished" || current < 0) return `All ${plural(stages, "stage is", "stages are")} done.`;
  const { name } = stageList[current]!;
  const place = `Stage ${current + 1} of ${stages}, ${name},`;
  switch (status) {
    case "running":
      return `${place} is running.`;
    case "paused":
      return finished === current && stageList[current]!.status === "waiting"
        ? `${place} is next.`
        : `${place} is paused.`;
    case "failed":
      return `${place} has failed.`;
    case "lost":
      return `${place} was interrupted.`;
    case "waiting":
      return `${place} is to begin.`;
    default:
      status satisfies never;
      throw new Error("unreachable");
  }
}
