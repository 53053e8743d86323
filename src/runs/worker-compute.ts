/**
 * `Compute` over worker threads: parameters and gradients lie on shared memory, so weights are never sent. Shards are
 * handed out to whichever worker is free; each shard's result depends on its own work only (train/compute.ts).
 */
import { Worker } from "node:worker_threads";
import type { Completion } from "../generate/index.ts";
import type { ProviderChoice } from "../graph/node.ts";
import type { MicroBatch } from "../train/batch.ts";
import {
  allocateBuffers,
  type Compute,
  type ComputeBuffers,
  type ComputeSpec,
  type RolloutRequest,
  type Weights,
} from "../train/compute.ts";
import type { MicroBatchResult } from "../train/gradient-engine.ts";
import type { Objective } from "../train/objective.ts";
import type { ScoreBatch } from "../train/score-batch.ts";
import type { ScoreResult } from "../train/score-engine.ts";
import type { ScoreObjective } from "../train/score-objective.ts";
import { beside } from "../util/beside.ts";
import { type ErrorDetails, ReckonError } from "../util/errors.ts";

export interface WorkerSetup {
  readonly spec: ComputeSpec;
  readonly provider: ProviderChoice;
  readonly buffers: ComputeBuffers;
}

type Work =
  | {
      readonly kind: "gradient";
      readonly objective: Objective;
      readonly shard: number;
      readonly batches: readonly MicroBatch[];
    }
  | {
      readonly kind: "score";
      readonly weights: Weights;
      readonly batches: readonly MicroBatch[];
      readonly temperature: number;
      readonly top: number | undefined;
    }
  | {
      readonly kind: "scoreGradient";
      readonly objective: ScoreObjective;
      readonly shard: number;
      readonly batches: readonly ScoreBatch[];
    }
  | { readonly kind: "readScores"; readonly batches: readonly ScoreBatch[] }
  | { readonly kind: "sum"; readonly shards: number; readonly from: number; readonly to: number }
  | { readonly kind: "generate"; readonly request: RolloutRequest; readonly weights: Weights }
  | { readonly kind: "close" };

export type WorkerRequest = Work & { readonly id: number };
export type WorkerReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: unknown }
  /** A `ReckonError`, which would arrive as a plain one: its code and its words. */
  | { readonly id: number; readonly code: string; readonly summary: string; readonly details: ErrorDetails };

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

class Thread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #failure: Error | undefined;

  constructor(setup: WorkerSetup) {
    // Options of the program's own (--input-type, --test) do not fit a thread.
    this.#worker = new Worker(beside(import.meta.url, "compute-worker"), { workerData: setup, execArgv: [] });
    // Only work under way keeps the process alive: one that fails between two calls must be able to end.
    this.#worker.unref();
    this.#worker.on("message", (reply: WorkerReply) => {
      const pending = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      if (this.#pending.size === 0) this.#worker.unref();
      if ("error" in reply) pending?.reject(reply.error);
      else if ("code" in reply) pending?.reject(new ReckonError(reply.code, reply.summary, reply.details));
      else pending?.resolve(reply.result);
    });
    this.#worker.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on("exit", (code) => this.#fail(new Error(`internal: a compute thread ended with code ${code}`)));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }

  call(work: Work): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#worker.ref();
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ ...work, id } satisfies WorkerRequest);
    });
  }
}

export class WorkerCompute implements Compute {
  readonly spec: ComputeSpec;
  readonly buffers: ComputeBuffers;
  readonly #threads: readonly Thread[];

  /**
   * @param workers threads; more than shards would be idle
   * @param provider that has passed its self-test (graph/node.ts); a device of its own is driven by one thread
   */
  constructor(spec: ComputeSpec, workers: number, provider: ProviderChoice = { name: "cpu", target: "fused" }) {
    this.spec = spec;
    this.buffers = allocateBuffers(spec, { shared: true });
    const count = provider.name === "cpu" ? Math.max(1, Math.min(workers, spec.shards)) : 1;
    this.#threads = Array.from({ length: count }, () => new Thread({ spec, provider, buffers: this.buffers }));
  }

  get gradient(): Float32Array {
    return this.buffers.gradients[0]!;
  }

  async gradients(objective: Objective, shards: readonly (readonly MicroBatch[])[]): Promise<MicroBatchResult[][]> {
    const results = await this.#all(
      shards.map((batches, shard): Work => ({ kind: "gradient", objective, shard, batches })),
    );
    await this.#sum(shards.length);
    return results as MicroBatchResult[][];
  }

  /** Every thread adds up a part: 20 ms of a step of 500 at 26 million parameters would else be one thread's. */
  async #sum(shards: number): Promise<void> {
    const { length } = this.gradient;
    const part = Math.ceil(length / this.#threads.length);
    await this.#all(
      this.#threads.map(
        (_, i): Work => ({ kind: "sum", shards, from: i * part, to: Math.min(length, (i + 1) * part) }),
      ),
    );
  }

  async score(
    weights: Weights,
    shards: readonly (readonly MicroBatch[])[],
    temperature = 1,
    top?: number,
  ): Promise<MicroBatchResult[][]> {
    return (await this.#all(
      shards.map((batches): Work => ({ kind: "score", weights, batches, temperature, top })),
    )) as MicroBatchResult[][];
  }

  async scoreGradients(
    objective: ScoreObjective,
    shards: readonly (readonly ScoreBatch[])[],
  ): Promise<ScoreResult[][]> {
    const results = await this.#all(
      shards.map((batches, shard): Work => ({ kind: "scoreGradient", objective, shard, batches })),
    );
    await this.#sum(shards.length);
    return results as ScoreResult[][];
  }

  async readScores(shards: readonly (readonly ScoreBatch[])[]): Promise<ScoreResult[][]> {
    return (await this.#all(shards.map((batches): Work => ({ kind: "readScores", batches })))) as ScoreResult[][];
  }

  async generate(requests: readonly RolloutRequest[], weights: Weights = "parameters"): Promise<Completion[][]> {
    return (await this.#all(
      requests.map((request): Work => ({ kind: "generate", request, weights })),
    )) as Completion[][];
  }

  /** Each free thread takes the next piece; results come in the order of the pieces. */
  async #all(pieces: readonly Work[]): Promise<unknown[]> {
    const results: unknown[] = new Array(pieces.length);
    let next = 0;
    const drain = async (thread: Thread): Promise<void> => {
      for (let i = next++; i < pieces.length; i = next++) results[i] = await thread.call(pieces[i]!);
    };
    await Promise.all(this.#threads.map(drain));
    return results;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.call({ kind: "close" })));
  }
}
