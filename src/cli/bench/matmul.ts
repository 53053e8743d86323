/**
 * The best plain matrix product of this machine, as the measure of everything else: ONNX Runtime and PyTorch multiply the
 * shapes of a configuration, and 1024³, taking turns with what is measured, on as many cores.
 *
 * On two cores ONNX Runtime has two ways, two threads inside a product and two products at once; both count.
 */
import { Graph, matmul, type Provider, type Session, type Values } from "../../graph/index.ts";
import type { ModelConfig } from "../../model/config.ts";
import type { TorchPeer } from "./peer.ts";
import { type Contestant, medianTiming, type Rounds, roundTo, timed } from "./rounds.ts";

/** Rows, inner and columns of a product. */
export type ProductShape = readonly [m: number, k: number, n: number];

export interface MatmulRate {
  /** The best median, 10⁹ floating-point operations a second. */
  readonly gflops: number;
  /** Which one that was. */
  readonly how: string;
  /** All medians. */
  readonly all: Readonly<Record<string, number>>;
}

/** Products of one graph, so that a run's overhead (some 50 µs) is shared out. */
const PRODUCTS = 4;
/** Operations of one turn: some 30 ms on one core. */
const WORK = 3e9;
const PREFIX = "matmul ";

/** The products that `tokens` tokens take through a model. */
export function productShapes(model: ModelConfig, tokens: number): ProductShape[] {
  const { hiddenSize: d, intermediateSize: f, vocabSize: v } = model;
  const shapes: ProductShape[] = [
    [tokens, d, d],
    [tokens, d, f],
    [tokens, f, d],
    [d, tokens, f],
    [1024, 1024, 1024],
  ];
  if (v > f) shapes.push([tokens, d, v]);
  return shapes;
}

export class MatmulBench {
  readonly contestants: readonly Contestant[];
  readonly #flops: ReadonlyMap<string, number>;
  readonly #sessions: readonly Session[];

  private constructor(
    contestants: readonly Contestant[],
    flops: ReadonlyMap<string, number>,
    sessions: readonly Session[],
  ) {
    this.contestants = contestants;
    this.#flops = flops;
    this.#sessions = sessions;
  }

  static async create(
    provider: Provider,
    shapes: readonly ProductShape[],
    threads: number,
    peer?: TorchPeer,
  ): Promise<MatmulBench> {
    const contestants: Contestant[] = [];
    const flops = new Map<string, number>();
    const sessions: Session[] = [];
    const add = (name: string, work: number, run: Contestant["run"]): void => {
      flops.set(PREFIX + name, work);
      contestants.push({ name: PREFIX + name, run });
    };
    for (const shape of shapes) {
      const [m, k, n] = shape;
      const one = 2 * m * k * n;
      const label = shape.join("×");
      const repeats = Math.max(1, Math.round((WORK * threads) / one / PRODUCTS));
      const within = await product(provider, shape, threads);
      sessions.push(within.session);
      const again = async (run: () => Promise<void>, times: number): Promise<void> => {
        for (let i = 0; i < times; i++) await run();
      };
      const work = one * PRODUCTS * repeats;
      add(`${label}, ONNX Runtime`, work, () => timed(() => again(within.run, repeats)));
      if (threads > 1) {
        const each = Math.max(1, Math.round(repeats / threads));
        const apart = await Promise.all(Array.from({ length: threads }, () => product(provider, shape, 1)));
        sessions.push(...apart.map(({ session }) => session));
        add(`${label}, ONNX Runtime, ${threads} at once`, one * PRODUCTS * each * threads, () =>
          timed(() => Promise.all(apart.map(({ run }) => again(run, each)))),
        );
      }
      if (peer)
        add(`${label}, PyTorch`, work, () => peer.time("matmul", { shape: [...shape], repeats: repeats * PRODUCTS }));
    }
    return new MatmulBench(contestants, flops, sessions);
  }

  /** The best median of rounds that these contestants took part in. */
  rate(rounds: Rounds): MatmulRate {
    const all: Record<string, number> = {};
    for (const [name, flops] of this.#flops)
      all[name.slice(PREFIX.length)] = roundTo(flops / medianTiming(rounds, name).wall / 1e6, 1);
    const [how, gflops] = Object.entries(all).reduce((best, one) => (one[1] > best[1] ? one : best));
    return { gflops, how, all };
  }

  async release(): Promise<void> {
    for (const session of this.#sessions) await session.release();
  }
}

/** Rounds without the products, whose medians the rate holds: for the file. */
export function withoutProducts(rounds: Rounds): Rounds {
  return rounds.map((round) => Object.fromEntries(Object.entries(round).filter(([name]) => !name.startsWith(PREFIX))));
}

async function product(
  provider: Provider,
  [m, k, n]: ProductShape,
  threads: number,
): Promise<{ session: Session; run: () => Promise<void> }> {
  const graph = new Graph();
  const a = graph.input("a", [m, k]);
  const filled = (size: number): Float32Array =>
    Float32Array.from({ length: size }, (_, i) => ((i * 40503) % 65536) / 65536 - 0.5);
  const feeds: Record<string, Values[string]> = { a: provider.value(filled(m * k), [m, k]) };
  const fetches: Record<string, Values[string]> = {};
  for (let i = 0; i < PRODUCTS; i++) {
    graph.output(`y${i}`, matmul(a, graph.input(`b${i}`, [k, n])));
    feeds[`b${i}`] = provider.value(filled(k * n), [k, n]);
    fetches[`y${i}`] = provider.value(new Float32Array(m * n), [m, n]);
  }
  const session = await provider.session(graph, { threads });
  return { session, run: () => session.run(feeds, fetches) };
}
