/**
 * A teacher from a folder: a model of ours answers over worker threads. What it draws is a function of the seed and the
 * block of problems, so a killed asking goes on with the same answers.
 */
import type { LoadedCheckpoint } from "../../model/hf-checkpoint.ts";
import { WorkerCompute } from "../../runs/worker-compute.ts";
import { type Evaluated, sampleAnswers } from "../../train/evaluate.ts";
import { contextLength, type Judgement } from "../../train/rollout.ts";
import { trainingFlops } from "../estimate.ts";
import type { Asking, Teacher, TeacherAnswer, Unanswered } from "./teacher.ts";

export interface LocalSampling {
  readonly seed: number;
  readonly temperature: number;
  readonly maxNewTokens: number;
  readonly workers: number;
}

/** Fixed, so that results depend on neither the machine nor on where an asking was broken off. */
const SHARDS = 2;
const BLOCK = 32;
const NOT_JUDGED: Judgement = { score: 0, reason: "", reward: 0, rewards: {} };

/** @param name of the model, for the traces; @param hash SHA-256 of its weights */
export function localTeacher(
  { config, tokenizer, parameters }: LoadedCheckpoint,
  name: string,
  hash: string,
  sampling: LocalSampling,
): Teacher {
  const { seed, temperature, maxNewTokens, workers } = sampling;
  let compute: WorkerCompute | undefined;

  function start({ problems }: Asking): WorkerCompute {
    const longest = Math.max(...problems.map(({ prompt }) => tokenizer.encodePlain(prompt).length));
    const spec = { config, shards: SHARDS, positions: longest + maxNewTokens + 2, packed: false };
    const started = new WorkerCompute(spec, workers);
    started.buffers.parameters.set(parameters);
    return started;
  }

  return {
    name,
    question: { model: name, weights: hash, temperature, maxNewTokens, seed },
    warnings: [],
    // Reading the prompts is left out, as in all our counts.
    flops: (sampled) => trainingFlops(config, { trained: 0, sampled }),
    async ask(asking: Asking): Promise<Unanswered[]> {
      const { problems, samples, known, take, stopped } = asking;
      for (let at = 0; at < problems.length && !stopped(); at += BLOCK) {
        const block = problems.slice(at, at + BLOCK);
        const open = block.some((problem) => indices(samples).some((sample) => !known(problem, sample)));
        if (!open) continue;
        const started = performance.now();
        compute ??= start(asking);
        const settings = { samples, seed, temperature, maxNewTokens, key: ["teacher", at, samples] };
        const judge = async (rollouts: readonly unknown[]): Promise<Judgement[]> => rollouts.map(() => NOT_JUDGED);
        const answers = await sampleAnswers(compute, tokenizer, block, settings, judge);
        const seconds = (performance.now() - started) / 1000 / answers.length;
        for (const [i, answer] of answers.entries()) {
          const sample = i % samples;
          if (!known(answer.rollout.problem, sample)) take(read(answer, sample, name, seconds));
        }
      }
      return [];
    },
    async close() {
      await compute?.close();
    },
  };
}

function read({ rollout }: Evaluated, sample: number, model: string, seconds: number): TeacherAnswer {
  const { parsed, problem, finish, text, length } = rollout;
  return {
    ...{ problem: problem.id, sample, thinking: parsed.thinking },
    // In the form that other teachers are asked for.
    content: parsed.answer === null ? text : `<answer>${parsed.answer}</answer>`,
    ...{ finish, usage: { promptTokens: contextLength(rollout), completionTokens: length }, model, attempts: 1 },
    seconds: Number(seconds.toFixed(4)),
    ...(parsed.formatOk || finish === "length" ? {} : { malformed: parsed.reason }),
  };
}

const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
