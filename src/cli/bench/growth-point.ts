/**
 * One point of `reckon bench growth`, measured in a process of its own so that its memory is its own: a training batch or
 * a decoding job on one core, in turns with the plain products of its sizes.
 */
import { createInterface } from "node:readline";
import { Generator } from "../../generate/index.ts";
import { cpuProvider } from "../../graph/node.ts";
import type { ModelConfig } from "../../model/config.ts";
import { parameterLayout } from "../../model/parameters.ts";
import { microBatches } from "../../train/batch.ts";
import { GradientEngine } from "../../train/gradient-engine.ts";
import { median } from "../../util/statistics.ts";
import {
  benchParameters,
  type DecodingJob,
  decodingFlops,
  prompts,
  trainingBatch,
  trainingFlops,
} from "./configurations.ts";
import { MatmulBench, productShapes } from "./matmul.ts";
import { type Contestant, roundTo, timed } from "./rounds.ts";

/** What is to be measured. */
export type GrowthWork =
  | { readonly kind: "step"; readonly rows: number; readonly length: number; readonly microTokens: number }
  | ({ readonly kind: "decode" } & DecodingJob);

export interface GrowthTask {
  readonly model: ModelConfig;
  readonly work: GrowthWork;
  readonly rounds: number;
  /** No further round begins after so long. */
  readonly seconds: number;
}

export interface GrowthMeasure {
  readonly parameters: number;
  /** Milliseconds of a training batch, or of one token for all rows; median. */
  readonly ms: number;
  readonly gflops: number;
  readonly matmulGflops: number;
  readonly fraction: number;
  /** Rates of all plain products, by shape, of which `matmulGflops` is the best; not in older results. */
  readonly products?: Readonly<Record<string, number>>;
  /** Largest resident memory after the first two runs, and what the process had before it made anything. */
  readonly rssMiB: number;
  readonly baseMiB: number;
  readonly rounds: readonly number[];
}

/** Answers one line, a `GrowthTask`. */
export async function growthPoint(): Promise<void> {
  for await (const text of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await measure(JSON.parse(text) as GrowthTask))}\n`);
    return;
  }
}

export async function measure({ model, work, rounds, seconds }: GrowthTask): Promise<GrowthMeasure> {
  const provider = await cpuProvider();
  const baseMiB = peakMiB();
  const { run, flops, steps, tokens, release } =
    work.kind === "step" ? await step(model, work) : await decode(model, work);
  await run();
  await run();
  const rssMiB = peakMiB();
  const products = await MatmulBench.create(provider, productShapes(model, tokens), 1);
  const all: Contestant[] = [{ name: "ours", run: () => timed(run) }, ...products.contestants];
  const measured: Record<string, { wall: number; cpu: number }>[] = [];
  const end = performance.now() + seconds * 1000;
  for (const contestant of products.contestants) await contestant.run();
  while (measured.length < rounds && (measured.length === 0 || performance.now() < end)) {
    const round: Record<string, { wall: number; cpu: number }> = {};
    for (const contestant of all) round[contestant.name] = await contestant.run();
    measured.push(round);
  }
  const walls = measured.map((round) => round["ours"]!.wall);
  const rate = products.rate(measured);
  await products.release();
  await release();
  const gflops = flops / median(walls) / 1e6;
  return {
    parameters: parameterLayout(model).size,
    ms: roundTo(median(walls) / steps, 4),
    gflops: roundTo(gflops, 2),
    matmulGflops: rate.gflops,
    fraction: roundTo(gflops / rate.gflops, 4),
    products: rate.all,
    rssMiB: Math.round(rssMiB),
    baseMiB: Math.round(baseMiB),
    rounds: walls.map((wall) => roundTo(wall, 2)),
  };

  async function step(config: ModelConfig, { rows, length, microTokens }: Extract<GrowthWork, { kind: "step" }>) {
    const sizes = { model: config, rows, length };
    const parameters = benchParameters(sizes);
    const gradient = new Float32Array(parameters.length);
    const batches = microBatches(trainingBatch(sizes), { tokens: microTokens });
    const engine = await GradientEngine.create(
      provider,
      config,
      { kind: "crossEntropy" },
      {
        packed: false,
        positions: length,
        target: "fused",
      },
    );
    return {
      run: () => engine.gradients(parameters, gradient, batches),
      flops: trainingFlops(sizes),
      steps: 1,
      tokens: Math.min(rows * length, microTokens),
      release: () => engine.release(),
    };
  }

  async function decode(config: ModelConfig, job: DecodingJob) {
    const parameters = benchParameters({ model: config });
    const generator = await Generator.create(provider, config, { maxPositions: job.prompt + job.newTokens });
    const request = {
      parameters,
      version: 1,
      prompts: prompts(config, job),
      maxNewTokens: job.newTokens,
      stopTokens: [],
      temperature: 1,
      seed: 1,
      key: ["bench"],
    };
    return {
      run: () => generator.generate(request),
      flops: decodingFlops({ model: config }, job),
      steps: job.newTokens,
      tokens: job.rows,
      release: () => generator.release(),
    };
  }
}

function peakMiB(): number {
  return process.resourceUsage().maxRSS / 1024;
}
