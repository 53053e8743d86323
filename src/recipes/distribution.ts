/**
 * A teacher of distributions (train/losses/distil.ts) beside a stage that learns from texts: a model in threads of its own,
 * asked anew for each step's documents. Nothing of what it says is kept: with all its likeliest tokens it would be a
 * hundred times larger than the texts, and a pass forward costs a third of the student's training where both are of one
 * size.
 */
import type { ProviderChoice } from "../graph/node.ts";
import type { LoadedCheckpoint } from "../model/hf-checkpoint.ts";
import { WorkerCompute } from "../runs/worker-compute.ts";
import type { ComputeSpec } from "../train/compute.ts";
import type { DistilObjective } from "../train/losses/distil.ts";
import type { PretrainParts } from "../train/pretrain.ts";
import { checkTeacher, teach } from "../train/teach.ts";
import { ReckonError } from "../util/errors.ts";
import { loadOurs } from "./assemble.ts";
import { weightsHash } from "./lineage.ts";
import { type DistributionSettings, requireSameTokens } from "./student.ts";

export interface DistributionTeacher {
  readonly distil: NonNullable<PretrainParts["distil"]>;
  /** SHA-256 of its weights. */
  readonly hash: string;
  close(): Promise<void>;
}

/**
 * @param folder of the teacher
 * @param spec of the student: the teacher reads the same rows in as many shards
 * @throws ReckonError DISTIL_TOKENIZER, TEACHER_VOCABULARY; DISTIL_TEACHER for a judge, which says nothing; what reading
 * the model throws
 */
export async function openDistribution(
  { teacher: name, top, temperature, weight }: DistributionSettings,
  folder: string,
  student: Pick<LoadedCheckpoint, "tokenizer" | "config">,
  { shards, positions, packed }: ComputeSpec,
  { workers, provider }: { readonly workers: number; readonly provider: ProviderChoice },
): Promise<DistributionTeacher> {
  const { tokenizer, config, parameters } = (await loadOurs(folder)).model;
  if (config.scores) {
    throw new ReckonError("DISTIL_TEACHER", `${name} has no distributions to learn from`, {
      expected: "a language model",
      got: "a model with a head of scores",
    });
  }
  requireSameTokens(tokenizer, student.tokenizer);
  const objective: DistilObjective = { kind: "distil", top, temperature, hardWeight: 1 - weight };
  checkTeacher(objective, config.vocabSize, student.config.vocabSize);
  const hash = await weightsHash(folder);
  const compute = new WorkerCompute({ config, shards, positions, packed }, workers, provider);
  compute.buffers.parameters.set(parameters);
  return {
    hash,
    distil: { objective, teach: (sequences, batches) => teach(compute, objective, sequences, batches) },
    close: () => compute.close(),
  };
}
