/**
 * Optimisers over the flat parameter buffer, in place.
 *
 * - AdamW (Loshchilov & Hutter 2017, decoupled weight decay), a loop of WebAssembly (adamw-kernel.ts).
 * - Muon (Jordan et al. 2024) for matrices: momentum, then five Newton-Schulz steps towards the nearest orthogonal
 *   matrix, scaled by 0.2·√max(rows, columns) so that AdamW's learning rates carry over (Liu et al. 2025,
 *   arXiv 2502.16982). Embeddings, gains and biases stay with AdamW.
 *
 * Left out: parameter groups beyond kinds, 8-bit states, Nesterov as an option (Muon always uses it).
 */
import {
  type Dim,
  Graph,
  matmul,
  mul,
  type Provider,
  type Session,
  type Target,
  type Tensor,
  type Value,
} from "../graph/index.ts";
import type { ModelConfig } from "../model/config.ts";
import { type ParameterKind, type ParameterLayout, type ParameterStack, parameterLayout } from "../model/parameters.ts";
import { ReckonError } from "../util/errors.ts";
import { AdamwKernel } from "./adamw-kernel.ts";

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

export class Optimizer {
  readonly state: OptimizerState;
  readonly #layout: ParameterLayout;
  readonly #settings: Required<OptimizerSettings>;
  readonly #provider: Provider;
  readonly #adamw: AdamwKernel;
  readonly #muon: ReadonlyMap<string, Session>;

  private constructor(
    layout: ParameterLayout,
    settings: Required<OptimizerSettings>,
    provider: Provider,
    muon: ReadonlyMap<string, Session>,
  ) {
    this.#layout = layout;
    this.#settings = settings;
    this.#provider = provider;
    this.#muon = muon;
    this.#adamw = new AdamwKernel(layout.size);
    this.state = { first: this.#adamw.first, second: this.#adamw.second, step: 0 };
  }

  /**
   * @param options.layout of what is trained; default: the model's parameters
   * @param options.threads of Muon's matrix products, while the gradients' threads rest; does not change the result. Default 1
   */
  static async create(
    provider: Provider,
    config: ModelConfig,
    settings: OptimizerSettings,
    options: { readonly layout?: ParameterLayout; readonly threads?: number } = {},
  ): Promise<Optimizer> {
    const full: Required<OptimizerSettings> = {
      betas: [0.9, 0.95],
      eps: 1e-8,
      weightDecay: 0,
      maxGradNorm: 1,
      momentum: 0.95,
      matrixRate: 1,
      ...settings,
    };
    const { layout = parameterLayout(config), threads = 1 } = options;
    const muon = new Map<string, Session>();
    if (full.name === "muon") {
      for (const stack of layout.stacks) {
        const key = stack.shape.join();
        if (stack.kind === "matrix" && !muon.has(key))
          muon.set(key, await provider.session(muonGraph(stack, full, provider.target), { threads }));
      }
    }
    return new Optimizer(layout, full, provider, muon);
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
    const { maxGradNorm, betas, eps } = this.#settings;
    const scale = maxGradNorm > 0 && norm > maxGradNorm ? maxGradNorm / norm : 1;
    this.state.step++;
    const adam = {
      beta1: betas[0],
      beta2: betas[1],
      scale,
      rate: learningRate / (1 - betas[0] ** this.state.step),
      correction: 1 / Math.sqrt(1 - betas[1] ** this.state.step),
      eps,
    };
    for (const stack of this.#layout.stacks) {
      const muon = stack.kind === "matrix" ? this.#muon.get(stack.shape.join()) : undefined;
      if (muon) await this.#runMuon(muon, stack, parameters, gradient, learningRate, scale);
      else {
        const keep = 1 - learningRate * this.#decay(stack.kind);
        this.#adamw.run(parameters, gradient, stack.offset, stack.offset + stack.size, { ...adam, keep });
      }
    }
    return norm;
  }

  #scalar(x: number): Value {
    return this.#provider.value(new Float32Array([x]), []);
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
    for (const session of this.#muon.values()) await session.release();
  }
}

/** Euclidean norm in double precision. */
export function gradientNorm(gradient: Float32Array): number {
  // Four sums that do not wait for each other: 0.4 nanoseconds a number in place of 0.9.
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = gradient.length - (gradient.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += gradient[i]! * gradient[i]!;
    b += gradient[i + 1]! * gradient[i + 1]!;
    c += gradient[i + 2]! * gradient[i + 2]!;
    d += gradient[i + 3]! * gradient[i + 3]!;
  }
  for (let i = whole; i < gradient.length; i++) a += gradient[i]! * gradient[i]!;
  return Math.sqrt(a + b + (c + d));
}

/** Coefficients of the quintic iteration (Jordan et al. 2024): singular values end in about 0.7..1.2. */
const NEWTON_SCHULZ = [3.4445, -4.775, 2.0315] as const;

function muonGraph(stack: ParameterStack, settings: Required<OptimizerSettings>, target: Target): Graph {
  const graph = new Graph({ target });
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
