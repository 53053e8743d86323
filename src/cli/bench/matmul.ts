/**
 * The best plain matrix product of this machine, as the measure of everything else: ONNX Runtime and PyTorch multiply the
 * shapes of a configuration, and 1024³, taking turns with what is measured, on as many cores.
 *
 * On two cores ONNX Runtime has two ways, two threads inside a product and two products at once, each in a thread of its own as
 * shards are computed; both count.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Provider, Session } from "../../graph/index.ts";
import type { ModelConfig } from "../../model/config.ts";
import { beside } from "../../util/beside.ts";
import type { TorchPeer } from "./peer.ts";
import { PRODUCTS, type ProductShape, product } from "./product.ts";
import { type Contestant, medianTiming, type Rounds, roundTo, timed } from "./rounds.ts";

export interface MatmulRate {
  /** The best median, 10⁹ floating-point operations a second. */
  readonly gflops: number;
  /** Which one that was. */
  readonly how: string;
  /** All medians. */
  readonly all: Readonly<Record<string, number>>;
}

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
  readonly #apart: readonly ProductThread[];

  private constructor(
    contestants: readonly Contestant[],
    flops: ReadonlyMap<string, number>,
    sessions: readonly Session[],
    apart: readonly ProductThread[],
  ) {
    this.contestants = contestants;
    this.#flops = flops;
    this.#sessions = sessions;
    this.#apart = apart;
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
    const threadsApart: ProductThread[] = [];
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
        const apart = await Promise.all(Array.from({ length: threads }, () => ProductThread.start(shape)));
        threadsApart.push(...apart);
        add(`${label}, ONNX Runtime, ${threads} at once`, one * PRODUCTS * each * threads, () =>
          timed(() => Promise.all(apart.map((thread) => thread.run(each)))),
        );
      }
      if (peer)
        add(`${label}, PyTorch`, work, () => peer.time("matmul", { shape: [...shape], repeats: repeats * PRODUCTS }));
    }
    return new MatmulBench(contestants, flops, sessions, threadsApart);
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
    for (const thread of this.#apart) await thread.end();
  }
}

/** Rounds without the products, whose medians the rate holds: for the file. */
export function withoutProducts(rounds: Rounds): Rounds {
  return rounds.map((round) => Object.fromEntries(Object.entries(round).filter(([name]) => !name.startsWith(PREFIX))));
}

/** A product in a thread of its own (matmul-worker.ts). */
class ProductThread {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  static async start(shape: ProductShape): Promise<ProductThread> {
    const worker = new Worker(beside(import.meta.url, "matmul-worker"), { workerData: shape, execArgv: [] });
    await once(worker, "message");
    // Only work under way keeps the process alive.
    worker.unref();
    return new ProductThread(worker);
  }

  async run(times: number): Promise<void> {
    this.#worker.ref();
    this.#worker.postMessage(times);
    await once(this.#worker, "message");
    this.#worker.unref();
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
