/**
 * Optimisers over the flat parameter buffer, as elementwise graphs in place.
 *
 * - AdamW (Loshchilov & Hutter 2017, decoupled weight decay), in chunks whose temporaries stay in the cache.
 * - Muon (Jordan et al. 2024) for matrices: momentum, then five Newton-Schulz steps towards the nearest orthogonal
 *   matrix, scaled by 0.2·√max(rows, columns) so that AdamW's learning rates carry over (Liu et al. 2025,
 *   arXiv 2502.16982). Embeddings, gains and biases stay with AdamW.
 *
 * Left out: parameter groups beyond kinds, 8-bit states, Nesterov as an option (Muon always uses it).
 */
import { type Dim, Graph, matmul, mul, type Provider, type Session, type Tensor, type Value } from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { type ParameterKind, type ParameterLayout, type ParameterStack, parameterLayout } from "../model/parameters.ts";
import { ReckonError } from "../util/errors.ts";

export interface OptimizerSettings {
  readonly name: "adamw" | "muon";
  /** AdamW's β₁, β₂; default 0.9, 0.95. */
  readonly betas?: readonly [number, number];
  /** Added to AdamW's denominator; default 1e-8. */
  readonly eps?: number;
  /** Decoupled decay of matrices (and embeddings under AdamW); vectors never decay. Default 0. */
  readonly weightDecay?: number;
  /** Gradients are scaled down to this norm; default 1, 0 turns it off. */
  readonly maxGradNorm?: number;
  /** Muon's momentum; default 0.95. */
  readonly momentum?: number;
  /** Muon's learning rate over AdamW's; default 1. */
  readonly matrixRate?: number;
}

/** The two moments (AdamW) or the momentum in the first (Muon), in the parameters' layout, and the steps taken. */
export interface OptimizerState {
  readonly first: Float32Array;
  readonly second: Float32Array;
  step: number;
}

const CHUNK = 1 << 17;

export class Optimizer {
  readonly state: OptimizerState;
  readonly #layout: ParameterLayout;
  readonly #settings: Required<OptimizerSettings>;
  readonly #provider: Provider;
  readonly #adamw: Session;
  readonly #muon: ReadonlyMap<string, Session>;

  private constructor(
    layout: ParameterLayout,
    settings: Required<OptimizerSettings>,
    provider: Provider,
    adamw: Session,
    muon: ReadonlyMap<string, Session>,
  ) {
    this.#layout = layout;
    this.#settings = settings;
    this.#provider = provider;
    this.#adamw = adamw;
    this.#muon = muon;
    this.state = { first: new Float32Array(layout.size), second: new Float32Array(layout.size), step: 0 };
  }

  static async create(provider: Provider, config: ModelConfig, settings: OptimizerSettings): Promise<Optimizer> {
    const full: Required<OptimizerSettings> = {
      betas: [0.9, 0.95],
      eps: 1e-8,
      weightDecay: 0,
      maxGradNorm: 1,
      momentum: 0.95,
      matrixRate: 1,
      ...settings,
    };
    const layout = parameterLayout(config);
    const adamw = await provider.session(adamwGraph(full));
    const muon = new Map<string, Session>();
    if (full.name === "muon") {
      for (const stack of layout.stacks) {
        const key = stack.shape.join();
        if (stack.kind === "matrix" && !muon.has(key)) muon.set(key, await provider.session(muonGraph(stack, full)));
      }
    }
    return new Optimizer(layout, full, provider, adamw, muon);
  }

  /**
   * One step in place.
   * @param parameters flat buffer in the layout
   * @param gradient the same; read only
   * @returns the norm of the gradient before clipping
   * @throws ReckonError TRAIN_NOT_FINITE, parameters untouched, when the gradient holds NaN or infinity
   */
  async step(parameters: Float32Array, gradient: Float32Array, learningRate: number): Promise<number> {
    const norm = gradientNorm(gradient);
    if (!Number.isFinite(norm)) {
      throw new ReckonError("TRAIN_NOT_FINITE", `the gradient is not finite at optimiser step ${this.state.step + 1}`, {
        expected: "finite numbers",
        got: `a norm of ${norm}`,
        help: "lower the learning rate, or look at the last rollouts and rewards: nothing has been applied, the last checkpoint is sound",
      });
    }
    const { maxGradNorm, betas } = this.#settings;
    const scale = maxGradNorm > 0 && norm > maxGradNorm ? maxGradNorm / norm : 1;
    this.state.step++;
    const adam = {
      scale: this.#scalar(scale),
      rate: this.#scalar(learningRate / (1 - betas[0] ** this.state.step)),
      correction: this.#scalar(1 / Math.sqrt(1 - betas[1] ** this.state.step)),
    };
    for (const stack of this.#layout.stacks) {
      const muon = stack.kind === "matrix" ? this.#muon.get(stack.shape.join()) : undefined;
      if (muon) await this.#runMuon(muon, stack, parameters, gradient, learningRate, scale);
      else await this.#runAdamw(stack, parameters, gradient, learningRate, adam);
    }
    return norm;
  }

  #scalar(x: number): Value {
    return this.#provider.value(new Float32Array([x]), []);
  }

  async #runAdamw(
    stack: ParameterStack,
    parameters: Float32Array,
    gradient: Float32Array,
    rate: number,
    scalars: Readonly<Record<string, Value>>,
  ): Promise<void> {
    const keep = this.#scalar(1 - rate * this.#decay(stack.kind));
    const { first, second } = this.state;
    for (let at = stack.offset; at < stack.offset + stack.size; at += CHUNK) {
      const end = Math.min(at + CHUNK, stack.offset + stack.size);
      const view = (buffer: Float32Array): Value => this.#provider.value(buffer.subarray(at, end), [end - at]);
      const [p, m, v] = [view(parameters), view(first), view(second)];
      await this.#adamw.run({ p, m, v, g: view(gradient), keep, ...scalars }, { p2: p, m2: m, v2: v });
    }
  }

  async #runMuon(
    session: Session,
    stack: ParameterStack,
    parameters: Float32Array,
    gradient: Float32Array,
    learningRate: number,
    scale: number,
  ): Promise<void> {
    const view = (buffer: Float32Array): Value =>
      this.#provider.value(buffer.subarray(stack.offset, stack.offset + stack.size), stack.shape);
    const [p, m] = [view(parameters), view(this.state.first)];
    const rate = learningRate * this.#settings.matrixRate;
    const width = 0.2 * Math.sqrt(Math.max(stack.shape[1]!, stack.shape[2]!));
    await session.run(
      {
        p,
        m,
        g: view(gradient),
        scale: this.#scalar(scale),
        rate: this.#scalar(rate * width),
        keep: this.#scalar(1 - rate * this.#settings.weightDecay),
      },
      { p2: p, m2: m },
    );
  }

  #decay(kind: ParameterKind): number {
    switch (kind) {
      case "matrix":
      case "embedding":
        return this.#settings.weightDecay;
      case "vector":
        return 0;
      default:
        kind satisfies never;
        throw new Error("internal: unknown kind of parameter");
    }
  }

  async release(): Promise<void> {
    await this.#adamw.release();
    for (const session of this.#muon.values()) await session.release();
  }
}

/** Euclidean norm in double precision. */
export function gradientNorm(gradient: Float32Array): number {
  let total = 0;
  for (let i = 0; i < gradient.length; i++) total += gradient[i]! * gradient[i]!;
  return Math.sqrt(total);
}

/** m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; p ← keep·p − rate·m / (√v·correction + ε), the corrections being scalars. */
function adamwGraph(settings: Required<OptimizerSettings>): Graph {
  const graph = new Graph();
  const [beta1, beta2] = settings.betas;
  const [p, m, v, raw] = ["p", "m", "v", "g"].map((name) => graph.input(name, ["n"])) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const [scale, rate, correction, keep] = ["scale", "rate", "correction", "keep"].map((name) =>
    graph.input(name, []),
  ) as [Tensor, Tensor, Tensor, Tensor];
  const one = (op: string, a: Tensor, b: Tensor): Tensor => graph.one(op, [a, b], ["n"]);
  const g = one("Mul", raw, scale);
  const m2 = one("Add", one("Mul", m, graph.scalar(beta1)), one("Mul", g, graph.scalar(1 - beta1)));
  const v2 = one("Add", one("Mul", v, graph.scalar(beta2)), one("Mul", one("Mul", g, g), graph.scalar(1 - beta2)));
  const root = one("Mul", graph.one("Sqrt", [v2], ["n"]), correction);
  const update = one("Mul", one("Div", m2, one("Add", root, graph.scalar(settings.eps))), rate);
  graph.output("p2", one("Sub", one("Mul", p, keep), update));
  graph.output("m2", m2);
  graph.output("v2", v2);
  return graph;
}

/** Coefficients of the quintic iteration (Jordan et al. 2024): singular values end in about 0.7..1.2. */
const NEWTON_SCHULZ = [3.4445, -4.775, 2.0315] as const;

function muonGraph(stack: ParameterStack, settings: Required<OptimizerSettings>): Graph {
  const graph = new Graph();
  const shape = stack.shape as Dim[];
  const [layers, rows, columns] = stack.shape as [number, number, number];
  const [p, m, raw] = ["p", "m", "g"].map((name) => graph.input(name, shape)) as [Tensor, Tensor, Tensor];
  const [scale, rate, keep] = ["scale", "rate", "keep"].map((name) => graph.input(name, [])) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const one = (op: string, a: Tensor, b: Tensor, out: readonly Dim[] = shape): Tensor => graph.one(op, [a, b], out);
  const g = one("Mul", raw, scale);
  const momentum = graph.scalar(settings.momentum);
  const m2 = one("Add", one("Mul", m, momentum), g);
  const look = one("Add", one("Mul", m2, momentum), g);
  const squares = graph.one("ReduceSum", [one("Mul", look, look), graph.ints([1, 2])], [layers, 1, 1], {
    attributes: { keepdims: 1 },
  });
  const norm = one("Add", graph.one("Sqrt", [squares], [layers, 1, 1]), graph.scalar(1e-7), [layers, 1, 1]);
  let x = one("Div", look, norm);
  const wide = rows <= columns;
  const [a, b, c] = NEWTON_SCHULZ;
  for (let i = 0; i < 5; i++) {
    const gram = matmul(x, x, wide ? { transB: true } : { transA: true });
    const poly = graph.one("Add", [mul(gram, b), mul(matmul(gram, gram), c)], gram.shape);
    x = graph.one("Add", [mul(x, a), wide ? matmul(poly, x) : matmul(x, poly)], shape);
  }
  graph.output("p2", one("Sub", one("Mul", p, keep), one("Mul", x, rate)));
  graph.output("m2", m2);
  return graph;
}
