/** `reckon bench decode`: 64 prompts of 32 tokens continued by 128, drawn at temperature 1, against PyTorch. */
import { type Completion, type GenerateRequest, Generator } from "../../generate/index.ts";
import { cpuProvider } from "../../graph/node.ts";
import { WorkerCompute } from "../../runs/worker-compute.ts";
import { type Compute, LocalCompute } from "../../train/compute.ts";
import { ReckonError } from "../../util/errors.ts";
import { type Compiled, compiledPart, startCompiled } from "./compiled.ts";
import {
  benchParameters,
  CONFIGURATIONS,
  DECODING,
  decodingFlops,
  prompts as decodingPrompts,
} from "./configurations.ts";
import { MatmulBench, productShapes, withoutProducts } from "./matmul.ts";
import { bothAgreements, fasterWay, INSIDE_OPERATORS, PAIR, startPair } from "./pair.ts";
import { TorchPeer } from "./peer.ts";
import type { BenchOptions, BenchResult, Side } from "./result.ts";
import { type Contestant, load, machine, medianTiming, roundTo, takeTurns, timed } from "./rounds.ts";
import { describe } from "./words.ts";

export async function benchDecode(options: BenchOptions): Promise<BenchResult> {
  const configuration = CONFIGURATIONS[options.config];
  const { model } = configuration;
  const { threads } = options;
  const before = load();
  const provider = await cpuProvider();
  const positions = DECODING.prompt + DECODING.newTokens;
  const parameters = benchParameters(configuration);
  const prompts = decodingPrompts(model);
  const spec = { config: model, shards: threads, positions, packed: false };
  const compute: Compute = threads === 1 ? new LocalCompute(provider, spec) : new WorkerCompute(spec, threads);
  compute.buffers.parameters.set(parameters);
  /** Whatever happens, what was started is ended. */
  const closing: (() => unknown)[] = [() => compute.close()];
  try {
    const peer = await TorchPeer.start(configuration, parameters, threads);
    if (typeof peer !== "string") closing.push(() => peer.close());
    const products = await MatmulBench.create(
      provider,
      productShapes(model, DECODING.rows / threads),
      threads,
      typeof peer === "string" ? undefined : peer,
    );
    closing.push(() => products.release());
    const request = (some: readonly number[][], temperature: number): Omit<GenerateRequest, "parameters"> => ({
      prompts: some,
      maxNewTokens: DECODING.newTokens,
      stopTokens: [],
      temperature,
      seed: 1,
      key: ["bench"],
    });
    const share = DECODING.rows / threads;
    const parts = Array.from({ length: threads }, (_, i) => prompts.slice(i * share, (i + 1) * share));
    const generate = async (temperature: number): Promise<Completion[]> =>
      (await compute.generate(parts.map((part) => request(part, temperature)))).flat();

    let agreement: Record<string, number> | null = null;
    const contestants: Contestant[] = [{ name: "ours", run: () => timed(() => generate(1)) }];
    if (threads > 1) {
      const generator = await Generator.create(provider, model, { maxPositions: positions, threads });
      const run = (): Promise<unknown> => generator.generate({ ...request(prompts, 1), parameters });
      contestants.push({ name: INSIDE_OPERATORS, run: () => timed(run) });
    }
    let choices = "";
    let pairChoices = "";
    let compiled: Compiled | string = "there is no PyTorch";
    if (typeof peer !== "string") {
      await givePrompts(peer, prompts);
      const chosen = (await peer.call("tune-decode"))["choices"];
      choices = describe(chosen);
      agreement = await agree(generate, [peer]);
      contestants.splice(1, 0, { name: "peer", run: () => peer.time("decode") });
      compiled = await startCompiled(
        { configuration, parameters, threads, seconds: options.compile },
        "decode",
        chosen,
        {
          prepare: (other) => givePrompts(other, prompts),
          agree: (other) => agree(generate, [other]),
        },
      );
      if (typeof compiled !== "string") {
        closing.push(compiled.close);
        contestants.splice(2, 0, compiled.contestant("decode"));
      }
      if (threads > 1) {
        const pair = await startPair(configuration, parameters, prompts, givePrompts);
        closing.push(() => pair.close());
        pairChoices = await pair.tune("tune-decode");
        agreement = bothAgreements(agreement, await agree(generate, pair.both));
        contestants.splice(2, 0, pair.contestant("decode"));
      }
    }
    contestants.push(...products.contestants);
    const rounds = await takeTurns(contestants, options.rounds, options.onRound);
    const side = (name: string, how: string): Side => {
      const timing = medianTiming(rounds, name);
      return {
        ...timing,
        tokensPerSecond: Math.round((DECODING.rows * DECODING.newTokens) / (timing.wall / 1000)),
        gflops: roundTo(decodingFlops(configuration) / timing.wall / 1e6, 1),
        how,
      };
    };
    const missing = typeof peer === "string";
    const ours = side("ours", threads === 1 ? "one thread" : `${threads} workers of one thread, half the prompts each`);
    const alone = missing ? null : side("peer", choices);
    const theirs = alone && threads > 1 ? fasterWay(alone, side(PAIR, pairChoices)) : alone;
    const { versions, ...where } = machine();
    const matmulRate = products.rate(rounds);
    return {
      name: `decode-${options.config}-${threads}`,
      bench: "decode",
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
      agreement,
      rounds: withoutProducts(rounds),
    };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function givePrompts(peer: TorchPeer, prompts: readonly (readonly number[])[]): Promise<void> {
  peer.write("prompts", Int32Array.from(prompts.flat()));
  await peer.call("prompts", { rows: prompts.length, length: DECODING.prompt, new: DECODING.newTokens });
}

/** Of several peers, each has some of the prompts, in order. */
async function agree(
  generate: (temperature: number) => Promise<Completion[]>,
  peers: readonly TorchPeer[],
): Promise<Record<string, number>> {
  for (const peer of peers) await peer.call("check-decode");
  const tokens = peers.flatMap((peer) => [...peer.readInts("peer-tokens")]);
  const logprobs = peers.flatMap((peer) => [...peer.readFloats("peer-logprobs")]);
  return compare(await generate(0), tokens, logprobs);
}

/** A greedy choice between two tokens whose log-probabilities are closer than this may fall either way. */
const TIE = 1e-4;

/** Greedy tokens must be equal, up to the first near tie of a row (what follows it is another text). */
function compare(
  ours: readonly Completion[],
  tokens: readonly number[],
  logprobs: readonly number[],
): Record<string, number> {
  const length = DECODING.newTokens;
  let [equalRows, gap] = [0, 0];
  for (const [row, completion] of ours.entries()) {
    let k = 0;
    for (; k < length && completion.tokens[k] === tokens[row * length + k]; k++) {
      gap = Math.max(gap, Math.abs(completion.logprobs[k]! - logprobs[row * length + k]!));
    }
    if (k === length) equalRows++;
    else if (!(Math.abs(completion.logprobs[k]! - logprobs[row * length + k]!) <= TIE))
      throw new ReckonError("BENCH_DISAGREE", "we and the peer decode different tokens, so nothing was timed", {
        expected: `token ${tokens[row * length + k]} at ${k} of completion ${row}`,
        got: `${completion.tokens[k]}`,
      });
  }
  if (!(gap <= 1e-3))
    throw new ReckonError("BENCH_DISAGREE", "our log-probabilities are not the peer's, so nothing was timed", {
      expected: "a difference below 1e-3",
      got: String(gap),
    });
  return { equalRows: equalRows / ours.length, logprobs: gap };
}
