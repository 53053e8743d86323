/**
 * The gradient suite, for any provider: every differentiable op with small inputs, and how to find what is wrong with it.
 * Node's tests run it on onnxruntime-node's providers, and a page of the browser tests on onnxruntime-web's, so there is
 * nothing of Node's here.
 *
 * Gradients are compared with central finite differences, which take two runs for each number. On a slow provider those
 * are taken from another one that is known to be right: the loss must agree first.
 */
import { Random } from "../util/random.ts";
import * as g from "./index.ts";
import { type OpCase, opCases } from "./testing-cases.ts";

/** What a case is on one provider: a session, its feeds and its fetches. */
class Probe {
  readonly wanted: readonly (g.Tensor | undefined)[];
  /** Of each input; a step changes them in place. */
  readonly data: readonly Float32Array[];
  readonly #item: OpCase;
  readonly #provider: g.Provider;
  readonly #graph: g.Graph;
  readonly #weights: g.Value;
  readonly #fetches: Readonly<Record<string, g.Value>>;
  #session: g.Session | undefined;

  constructor(index: number, target: g.Target, provider: g.Provider) {
    const item = opCases[index]!;
    const random = Random.of(7, "gradients", index);
    const draw = item.draw ?? ((r: Random) => r.normal());
    this.#item = item;
    this.#provider = provider;
    this.data = item.shapes.map((shape) => Float32Array.from({ length: size(shape) }, () => draw(random)));
    const graph = new g.Graph({ target });
    this.#graph = graph;
    const inputs = item.shapes.map((shape, i) => graph.input(`x${i}`, item.dims?.[i] ?? shape));
    const out = item.build(graph, inputs);
    const known: Record<string, number> = {};
    item.dims?.forEach((dims, i) => {
      dims.forEach((dim, axis) => {
        if (typeof dim === "string") known[dim] = item.shapes[i]![axis]!;
      });
    });
    const outShape = out.shape.map((dim) => g.evaluateDim(dim, known));
    const weights = Float32Array.from({ length: size(outShape) }, () => random.normal());
    this.#weights = provider.value(weights, outShape);
    const loss = g.sum(g.mul(out, graph.input("weights", out.shape)), [...out.shape.keys()]);
    this.wanted = g.gradients([{ tensor: loss }], inputs);
    graph.output("loss", loss);
    const fetches: Record<string, g.Value> = { loss: provider.value(new Float32Array(1), []) };
    for (const [i, gradient] of this.wanted.entries()) {
      if (!gradient) continue;
      graph.output(`d${i}`, gradient);
      fetches[`d${i}`] = provider.value(new Float32Array(this.data[i]!.length), item.shapes[i]!);
    }
    this.#fetches = fetches;
  }

  /** The loss at the data as they stand. */
  async loss(): Promise<number> {
    this.#session ??= await this.#provider.session(this.#graph);
    const feeds = Object.fromEntries(
      this.data.map((data, i) => [`x${i}`, this.#provider.value(data, this.#item.shapes[i]!)]),
    );
    await this.#session.run({ ...feeds, weights: this.#weights }, this.#fetches);
    return (this.#fetches["loss"]!.data as Float32Array)[0]!;
  }

  /** The gradients of the last run. */
  gradients(): Float32Array[] {
    return this.data.map((data, i) =>
      this.wanted[i] ? Float32Array.from(this.#fetches[`d${i}`]!.data as Float32Array) : new Float32Array(data.length),
    );
  }

  async release(): Promise<void> {
    await this.#session?.release();
  }
}

/** Of the differences: wide enough that float32 rounding does not show, narrow enough that curvature does not. */
const STEP = 4e-3;
const TOLERANCE = 6e-3;
const LOSS_TOLERANCE = 1e-4;

/**
 * What is wrong with an op's gradient on a provider.
 * @param reference takes the finite differences; default the provider itself
 * @returns one line for each wrong number
 */
export async function gradientFaults(
  index: number,
  target: g.Target,
  provider: g.Provider,
  reference: g.Provider = provider,
): Promise<string[]> {
  const faults: string[] = [];
  const probe = new Probe(index, target, provider);
  const other = reference === provider ? probe : new Probe(index, reference.target, reference);
  try {
    const loss = await probe.loss();
    const analytic = probe.gradients();
    const expected = await other.loss();
    if (!(Math.abs(loss - expected) <= LOSS_TOLERANCE * (1 + Math.abs(expected))))
      faults.push(`the loss is ${loss} but ${expected} on ${reference.name}`);
    for (const [i, data] of other.data.entries()) {
      if (opCases[index]!.constant?.includes(i)) {
        if (probe.wanted[i]) faults.push(`x${i} has a gradient but must have none`);
        continue;
      }
      for (const [j, kept] of data.entries()) {
        data[j] = kept + STEP;
        const above = await other.loss();
        data[j] = kept - STEP;
        const below = await other.loss();
        data[j] = kept;
        const numeric = (above - below) / (2 * STEP);
        const got = analytic[i]![j]!;
        if (!(Math.abs(numeric - got) < TOLERANCE * (1 + Math.abs(numeric))))
          faults.push(`x${i}[${j}]: ${got} but the difference quotient is ${numeric}`);
      }
    }
  } finally {
    await probe.release();
    if (other !== probe) await other.release();
  }
  return faults;
}

/**
 * What is wrong with gradients that are added to what is there, in the memory of what is there, as training adds them: in a
 * product, in a scatter, and elsewhere.
 */
export async function accumulationFaults(target: g.Target, provider: g.Provider): Promise<string[]> {
  const graph = new g.Graph({ target });
  const shapes = { x: [3, 2], w: [2, 2], table: [4, 2], gain: [2] } as const;
  const names = ["w", "table", "gain"] as const;
  const x = graph.input("x", shapes.x);
  const wanted = names.map((name) => graph.input(name, shapes[name]));
  const before = names.map((name) => graph.input(`before.${name}`, shapes[name]));
  const [w, table, gain] = wanted as [g.Tensor, g.Tensor, g.Tensor];
  // The matrix is used twice: both products must go on top.
  const twice = g.matmul(g.matmul(x, w), w);
  const loss = g.sum(g.mul(g.add(twice, g.gatherRows(table, graph.constant([1, 3, 1], [3], "int64"))), gain), [0, 1]);
  const plain = g.gradients([{ tensor: loss }], wanted);
  const onto = g.gradients([{ tensor: loss }], wanted, new Map(wanted.map((tensor, i) => [tensor, before[i]!])));
  const fetches: Record<string, g.Value> = {};
  const feeds: Record<string, g.Value> = {};
  const random = Random.of(3, target);
  const draw = (shape: readonly number[]): g.Value =>
    provider.value(
      Float32Array.from({ length: size(shape) }, () => random.normal()),
      shape,
    );
  feeds["x"] = draw(shapes.x);
  for (const [i, name] of names.entries()) {
    graph.output(`plain.${name}`, plain[i]!);
    graph.output(`onto.${name}`, onto[i]!);
    feeds[name] = draw(shapes[name]);
    feeds[`before.${name}`] = draw(shapes[name]);
    fetches[`plain.${name}`] = provider.value(new Float32Array(size(shapes[name])), shapes[name]);
    fetches[`onto.${name}`] = feeds[`before.${name}`]!;
  }
  const copies = new Map(Object.entries(feeds).map(([name, { data }]) => [name, Float32Array.from(data as never)]));
  const session = await provider.session(graph);
  await session.run(feeds, fetches);
  await session.release();
  const faults: string[] = [];
  for (const name of names) {
    const [sum, gradient] = [`onto.${name}`, `plain.${name}`].map((key) => fetches[key]!.data as Float32Array);
    for (const [i, value] of sum!.entries()) {
      const expected = copies.get(`before.${name}`)![i]! + gradient![i]!;
      if (!(Math.abs(value - expected) < 1e-5)) faults.push(`${name}[${i}]: ${value}, expected ${expected}`);
    }
  }
  return faults;
}

function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
