/** `reckon bench step`: gradients of one training batch, the optimiser's step, and both as a whole, against PyTorch. */
import type { Provider } from "../../graph/index.ts";
import { cpuProvider } from "../../graph/node.ts";
import { parameterLayout } from "../../model/parameters.ts";
import { WorkerCompute } from "../../runs/worker-compute.ts";
import { type MicroBatch, microBatches, type Sequence } from "../../train/batch.ts";
import { type Compute, LocalCompute } from "../../train/compute.ts";
import { GradientEngine } from "../../train/gradient-engine.ts";
import { Optimizer } from "../../train/optimizer.ts";
import { assert, ReckonError } from "../../util/errors.ts";
import { type Compiled, compiledPart, startCompiled } from "./compiled.ts";
import { benchParameters, CONFIGURATIONS, type Configuration, trainingBatch, trainingFlops } from "./configurations.ts";
import { MatmulBench, productShapes, withoutProducts } from "./matmul.ts";
import { bothAgreements, INSIDE_OPERATORS, PAIR, startPair, withLowerBound } from "./pair.ts";
import { TorchPeer } from "./peer.ts";
import type { BenchOptions, BenchResult, Side } from "./result.ts";
import { type Contestant, load, machine, medianTiming, roundTo, takeTurns, timed } from "./rounds.ts";
import { wholeStep } from "./whole.ts";
import { describe } from "./words.ts";

/** What recipes use unless they say otherwise. */
export const MICRO_BATCH_TOKENS = 1536;
const OBJECTIVE = { kind: "crossEntropy" } as const;

export async function benchStep(options: BenchOptions): Promise<BenchResult> {
  const configuration = CONFIGURATIONS[options.config];
  const { model, rows, length } = configuration;
  const { threads } = options;
  const before = load();
  const provider = await cpuProvider();
  const sequences = trainingBatch(configuration);
  const parameters = benchParameters(configuration);
  const spec = { config: model, shards: threads, positions: length, packed: false };
  const compute: Compute = threads === 1 ? new LocalCompute(provider, spec) : new WorkerCompute(spec, threads);
  compute.buffers.parameters.set(parameters);
  const shards = shardsOf(sequences, threads);
  /** Whatever happens, what was started is ended. */
  const closing: (() => unknown)[] = [() => compute.close()];
  try {
    const optimizer = await Optimizer.create(provider, model, { name: "adamw", weightDecay: 0.01 });
    closing.push(() => optimizer.release());
    const peer = await TorchPeer.start(configuration, parameters, threads);
    if (typeof peer !== "string") closing.push(() => peer.close());
    const tokens = Math.min(MICRO_BATCH_TOKENS, (rows * length) / threads);
    const products = await MatmulBench.create(
      provider,
      productShapes(model, tokens),
      threads,
      typeof peer === "string" ? undefined : peer,
    );
    closing.push(() => products.release());
    const gradients = async (): Promise<number> => {
      const results = await compute.gradients(OBJECTIVE, shards);
      return results.flat().reduce((sum, result) => sum + result.loss, 0);
    };
    let agreement: Record<string, number> | null = null;
    const contestants: Contestant[] = [
      { name: "ours", run: () => timed(gradients) },
      // A rate this small changes no weight, so that all rounds do the same.
      {
        name: "oursOptimizer",
        run: () => timed(() => optimizer.step(compute.buffers.parameters, compute.gradient, 1e-15)),
      },
    ];
    if (threads > 1) contestants.push(await intraOp(provider, configuration, parameters, sequences, threads));
    let choices = "";
    let pairChoices = "";
    let compiled: Compiled | string = "there is no PyTorch";
    if (typeof peer !== "string") {
      await giveBatch(peer, sequences);
      const chosen = (await peer.call("tune-step"))["choices"];
      choices = describe(chosen);
      agreement = await agree(configuration, compute, gradients, [peer]);
      contestants.splice(1, 0, { name: "peer", run: () => peer.time("gradients") });
      contestants.push({ name: "peerOptimizer", run: () => peer.time("optimizer") });
      compiled = await startCompiled({ configuration, parameters, threads, seconds: options.compile }, "step", chosen, {
        prepare: (other) => giveBatch(other, sequences),
        agree: (other) => agree(configuration, compute, gradients, [other]),
      });
      if (typeof compiled !== "string") {
        closing.push(compiled.close);
        contestants.splice(2, 0, compiled.contestant("gradients"));
      }
      if (threads > 1) {
        const pair = await startPair(configuration, parameters, sequences, giveBatch);
        closing.push(() => pair.close());
        pairChoices = await pair.tune("tune-step");
        agreement = bothAgreements(agreement, await agree(configuration, compute, gradients, pair.both));
        contestants.splice(2, 0, pair.contestant("gradients"));
      }
    }
    contestants.push(...products.contestants);
    const rounds = await takeTurns(contestants, options.rounds, options.onRound);
    const side = (name: string, how: string): Side => {
      const timing = medianTiming(rounds, name);
      return {
        ...timing,
        tokensPerSecond: Math.round((rows * length) / (timing.wall / 1000)),
        gflops: roundTo(trainingFlops(configuration) / timing.wall / 1e6, 1),
        how,
      };
    };
    const missing = typeof peer === "string";
    const ours = side("ours", threads === 1 ? "one thread" : `${threads} workers of one thread, a shard each`);
    const alone = missing ? null : side("peer", choices);
    const theirs = alone && threads > 1 ? withLowerBound(alone, side(PAIR, pairChoices)) : alone;
    const [ourStep, theirStep] = [
      medianTiming(rounds, "oursOptimizer"),
      missing ? null : medianTiming(rounds, "peerOptimizer"),
    ];
    const optimizerStep = {
      ours: ourStep,
      peer: theirStep,
      ratio: theirStep && roundTo(theirStep.wall / ourStep.wall, 3),
    };
    const whole = wholeStep({ ours, peer: theirs, optimizer: optimizerStep });
    const { versions, ...where } = machine();
    const matmulRate = products.rate(rounds);
    return {
      name: `step-${options.config}-${threads}`,
      bench: "step",
      config: options.config,
      threads,
      ...where,
      versions: missing ? versions : { ...versions, ...peer.versions },
      load: [before, load()],
      ours: threads === 1 ? ours : { ...ours, other: { [INSIDE_OPERATORS]: medianTiming(rounds, INSIDE_OPERATORS) } },
      peer: theirs,
      ...(missing ? { peerMissing: peer } : {}),
      ratio: theirs && roundTo(theirs.wall / ours.wall, 3),
      ...compiledPart(compiled, ours, side),
      matmulRate,
      fraction: roundTo(ours.gflops / matmulRate.gflops, 3),
      optimizer: optimizerStep,
      ...(whole ? { whole } : {}),
      agreement,
      rounds: withoutProducts(rounds),
    };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function shardsOf(sequences: readonly Sequence[], shards: number): MicroBatch[][] {
  return Array.from({ length: shards }, (_, shard) =>
    microBatches(
      sequences.filter((_, i) => i % shards === shard),
      { tokens: MICRO_BATCH_TOKENS },
    ),
  );
}

async function intraOp(
  provider: Provider,
  { model, length }: Configuration,
  parameters: Float32Array,
  sequences: readonly Sequence[],
  threads: number,
): Promise<Contestant> {
  const engine = await GradientEngine.create(provider, model, OBJECTIVE, { packed: false, positions: length, threads });
  const gradient = new Float32Array(parameters.length);
  const batches = shardsOf(sequences, 1)[0]!;
  return { name: INSIDE_OPERATORS, run: () => timed(() => engine.gradients(parameters, gradient, batches)) };
}

async function giveBatch(peer: TorchPeer, sequences: readonly Sequence[]): Promise<void> {
  const length = sequences[0]!.tokens.length - 1;
  peer.write("ids", Int32Array.from(sequences.flatMap((s) => [...s.tokens].slice(0, -1))));
  peer.write("targets", Int32Array.from(sequences.flatMap((s) => [...s.tokens].slice(1))));
  peer.write("weights_of_tokens", Float32Array.from(sequences.flatMap((s) => Array<number>(length).fill(s.weight))));
  await peer.call("batch", { rows: sequences.length, length });
}

/** Loss and gradients of both sides over the same batch; of several peers with a part of it each, the sums are theirs. */
async function agree(
  { model }: Configuration,
  compute: Compute,
  gradients: () => Promise<number>,
  peers: readonly TorchPeer[],
): Promise<Record<string, number>> {
  const ours = await gradients();
  let theirs = 0;
  const { entries } = parameterLayout(model);
  const reference = new Float32Array(entries.reduce((total, { size }) => total + size, 0));
  for (const peer of peers) {
    theirs += (await peer.call("check-step"))["loss"] as number;
    const part = peer.readFloats("peer-gradient");
    assert(part.length === reference.length, "the peer's gradient has another size");
    for (let i = 0; i < part.length; i++) reference[i]! += part[i]!;
  }
  let at = 0;
  let worst = 0;
  for (const entry of entries) {
    let [largest, difference] = [0, 0];
    for (let i = 0; i < entry.size; i++) {
      const wanted = reference[at++]!;
      largest = Math.max(largest, Math.abs(wanted));
      difference = Math.max(difference, Math.abs(compute.gradient[entry.offset + i]! - wanted));
    }
    worst = Math.max(worst, difference / largest);
  }
  const loss = Math.abs(ours / theirs - 1);
  if (!(worst < 1e-4 && loss < 1e-5))
    throw new ReckonError("BENCH_DISAGREE", "we and the peer compute different things, so nothing was timed", {
      expected: "a relative difference of gradients below 1e-4, of losses below 1e-5",
      got: `${worst} and ${loss}`,
    });
  return { loss, gradient: worst };
}
