/**
 * What a provider must get right before anything is built on it: a handful of tiny graphs with values and gradients that
 * are known in closed form. Each stands for a fault that was met: a normalisation whose second output was wrong on a
 * graphics card while every loss stayed right, scatters with repeated indices, dimensions of length zero, memory that is
 * read and written in one run.
 *
 * It takes some tens of milliseconds on a processor. Left out: speed, and everything that the gradient suite
 * (testing.ts) looks at op by op.
 */
import { ReckonError } from "../util/errors.ts";
import { gradients } from "./autodiff.ts";
import type { Shape } from "./dim.ts";
import { Graph, type Target, type Tensor } from "./graph.ts";
import { mul } from "./ops/elementwise.ts";
import { concat, sum } from "./ops/layout.ts";
import { gatherRows, matmul } from "./ops/linear.ts";
import { rmsNorm, softmax, swiglu, tokenLogprobs } from "./ops/nn.ts";
import type { Provider, Value, Values } from "./session.ts";

export interface SelfTestFault {
  readonly check: string;
  /** What was wrong, with the first wrong number or the provider's own words. */
  readonly message: string;
}

export interface SelfTestReport {
  readonly provider: string;
  readonly target: Target;
  /** Names of all checks. */
  readonly checks: readonly string[];
  readonly faults: readonly SelfTestFault[];
  readonly milliseconds: number;
}

/** Numbers with their shape; Float32Array or, for indices, BigInt64Array. */
interface Data {
  readonly data: Float32Array | BigInt64Array;
  readonly shape: readonly number[];
}

interface Check {
  readonly name: string;
  readonly run: (provider: Provider, target: Target) => Promise<void>;
}

const floats = (values: readonly number[], ...shape: number[]): Data => ({ data: Float32Array.from(values), shape });
const whole = (values: readonly number[], ...shape: number[]): Data => ({
  data: BigInt64Array.from(values, BigInt),
  shape,
});

/** Graphics processors round exponentials more coarsely than processors do; a wrong kernel is off by far more. */
const TOLERANCE = 2e-4;

function compare(what: string, got: Value, expected: readonly number[]): void {
  const values = got.data as Float32Array;
  for (const [i, want] of expected.entries()) {
    const is = values[i] ?? Number.NaN;
    if (!(Math.abs(is - want) <= TOLERANCE * (1 + Math.abs(want))))
      throw new Error(`${what}[${i}] is ${is}, must be ${want}`);
  }
}

/** One run of a graph; `weights` make the loss of which the gradients are taken, their sum with the output. */
async function differentiate(
  provider: Provider,
  target: Target,
  inputs: Readonly<Record<string, Data>>,
  build: (graph: Graph, tensors: Readonly<Record<string, Tensor>>) => Tensor,
  weights: Data,
  expected: Readonly<Record<string, readonly number[]>>,
): Promise<void> {
  const graph = new Graph({ target });
  const names = Object.keys(inputs);
  const tensors = Object.fromEntries(
    names.map((name) => {
      const { data, shape } = inputs[name]!;
      return [name, graph.input(name, shape, data instanceof BigInt64Array ? "int64" : "float32")];
    }),
  );
  const out = build(graph, tensors);
  const loss = sum(mul(out, graph.input("weights", weights.shape)), [...weights.shape.keys()]);
  const wanted = names.filter((name) => inputs[name]!.data instanceof Float32Array);
  const made = gradients(
    [{ tensor: loss }],
    wanted.map((name) => tensors[name]!),
  );
  graph.output("out", out);
  const fetches: Record<string, Value> = { out: empty(provider, weights.shape) };
  for (const [i, name] of wanted.entries()) {
    graph.output(`d.${name}`, made[i]!);
    fetches[`d.${name}`] = empty(provider, inputs[name]!.shape);
  }
  const feeds = Object.fromEntries(
    Object.entries({ ...inputs, weights }).map(([name, { data, shape }]) => [name, provider.value(data, shape)]),
  );
  await once(provider, graph, feeds, fetches);
  for (const [name, values] of Object.entries(expected)) compare(name, fetches[name]!, values);
}

function empty(provider: Provider, shape: readonly number[]): Value {
  return provider.value(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
}

async function once(provider: Provider, graph: Graph, feeds: Values, fetches: Values): Promise<void> {
  const session = await provider.session(graph);
  try {
    await session.run(feeds, fetches);
  } finally {
    await session.release();
  }
}

const ROW = [0.5, -1, 2, 0.25];

const checks: readonly Check[] = [
  {
    name: "matrix product",
    run: (provider, target) =>
      differentiate(
        provider,
        target,
        { a: floats([1, 2, 3, 4, 5, 6], 2, 3), b: floats([1, -1, 2, 0, 3, 1], 2, 3) },
        (_, { a, b }) => matmul(a!, b!, { transB: true, alpha: 0.5 }),
        floats([1, 2, -1, 1], 2, 2),
        { out: [2.5, 4.5, 5.5, 10.5], "d.a": [0.5, 2.5, 2, -0.5, 2, -0.5], "d.b": [-1.5, -1.5, -1.5, 3, 4.5, 6] },
      ),
  },
  {
    name: "RMSNorm",
    run(provider, target) {
      const gain = [1, 0.5, -2, 1.5];
      const g = [1, -1, 0.5, 2];
      const inverse = 1 / Math.sqrt(ROW.reduce((s, x) => s + x * x, 0) / 4 + 1e-5);
      const unit = ROW.map((x) => x * inverse);
      const scaled = g.map((v, i) => v * gain[i]!);
      const along = scaled.reduce((s, v, i) => s + v * unit[i]!, 0) / 4;
      return differentiate(
        provider,
        target,
        { x: floats([...ROW, ...ROW], 2, 4), gain: floats(gain, 4) },
        (_, { x, gain: weight }) => rmsNorm(x!, weight!, 1e-5),
        floats([...g, ...g], 2, 4),
        {
          out: unit.map((u, i) => u * gain[i]!),
          "d.x": scaled.map((v, i) => (v - unit[i]! * along) * inverse),
          "d.gain": g.map((v, i) => 2 * v * unit[i]!),
        },
      );
    },
  },
  {
    name: "softmax",
    run(provider, target) {
      const g = [1, -1, 0.5, 2];
      const p = probabilities(ROW);
      const mean = p.reduce((s, v, i) => s + v * g[i]!, 0);
      return differentiate(provider, target, { x: floats(ROW, 1, 4) }, (_, { x }) => softmax(x!), floats(g, 1, 4), {
        out: p,
        "d.x": p.map((v, i) => v * (g[i]! - mean)),
      });
    },
  },
  {
    name: "log-probabilities of tokens",
    run(provider, target) {
      const p = probabilities(ROW);
      return differentiate(
        provider,
        target,
        { x: floats([...ROW, ...ROW], 2, 4), at: whole([2, 0], 2, 1) },
        (_, { x, at }) => tokenLogprobs(x!, at!).logprobs,
        floats([1, -2], 2, 1),
        {
          out: [Math.log(p[2]!), Math.log(p[0]!)],
          "d.x": [...p.map((v, i) => (i === 2 ? 1 : 0) - v), ...p.map((v, i) => -2 * ((i === 0 ? 1 : 0) - v))],
        },
      );
    },
  },
  {
    name: "scatter with repeats",
    run: (provider, target) =>
      differentiate(
        provider,
        target,
        { table: floats([1, 2, 3, 4, 5, 6], 3, 2), at: whole([2, 0, 2, 2], 4) },
        (_, { table, at }) => gatherRows(table!, at!),
        floats([1, 10, 2, 20, 4, 40, 8, 80], 4, 2),
        { out: [5, 6, 1, 2, 5, 6, 5, 6], "d.table": [2, 20, 0, 0, 13, 130] },
      ),
  },
  {
    name: "gated unit",
    run(provider, target) {
      const up = [1, 2, -1, 0.5];
      const s = ROW.map((x) => 1 / (1 + Math.exp(-x)));
      return differentiate(
        provider,
        target,
        { gate: floats(ROW, 1, 4), up: floats(up, 1, 4) },
        (_, { gate, up: other }) => swiglu(gate!, other!),
        floats([1, 1, 1, 1], 1, 4),
        {
          out: ROW.map((x, i) => x * s[i]! * up[i]!),
          "d.gate": ROW.map((x, i) => up[i]! * s[i]! * (1 + x * (1 - s[i]!))),
          "d.up": ROW.map((x, i) => x * s[i]!),
        },
      );
    },
  },
  {
    name: "dimensions of length zero",
    async run(provider, target) {
      const graph = new Graph({ target });
      const shape: Shape = ["n", 2];
      // A plain product: the fused one with nothing in it ends the process on some builds, and is never built so.
      graph.output("y", concat([graph.input("x", shape), graph.input("z", ["m", 2])], 0));
      const y = empty(provider, [1, 2]);
      const feeds = {
        x: provider.value(new Float32Array(0), [0, 2]),
        z: provider.value(Float32Array.of(3, 4), [1, 2]),
      };
      await once(provider, graph, feeds, { y });
      compare("y", y, [3, 4]);
    },
  },
  {
    name: "results in a feed's memory",
    async run(provider, target) {
      const graph = new Graph({ target });
      const [a, b] = [graph.input("a", ["n"]), graph.input("b", ["n"])];
      graph.output("sum", graph.one("Add", [a, mul(b, 2)], ["n"]));
      const session = await provider.session(graph);
      try {
        for (const n of [1, 7, 1003]) {
          const value = provider.value(
            Float32Array.from({ length: n }, (_, i) => i),
            [n],
          );
          await session.run({ a: value, b: provider.value(new Float32Array(n).fill(1), [n]) }, { sum: value });
          const expected = Array.from({ length: n }, (_, i) => i + 2);
          compare(`${n} sums`, value, expected);
        }
      } finally {
        await session.release();
      }
    },
  },
  {
    name: "products added to a feed's memory",
    async run(provider, target) {
      const graph = new Graph({ target });
      const [x, w, before] = [
        graph.input("x", [2, 2]),
        graph.input("w", [2, 2]),
        graph.input("before", [2, 2]),
      ] as const;
      const loss = sum(matmul(x, w), [0, 1]);
      graph.output("onto", gradients([{ tensor: loss }], [w], new Map([[w, before]]))[0]!);
      const onto = provider.value(Float32Array.of(10, 20, 30, 40), [2, 2]);
      const feeds = {
        x: provider.value(Float32Array.of(1, 2, 3, 4), [2, 2]),
        w: provider.value(new Float32Array(4), [2, 2]),
        before: onto,
      };
      await once(provider, graph, feeds, { onto });
      compare("onto", onto, [14, 24, 36, 46]);
    },
  },
];

function probabilities(logits: readonly number[]): number[] {
  const exps = logits.map(Math.exp);
  const total = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / total);
}

/** Runs all checks; never throws: what a provider throws is a fault of its own. */
export async function selfTest(provider: Provider, target: Target = provider.target): Promise<SelfTestReport> {
  const started = performance.now();
  const faults: SelfTestFault[] = [];
  for (const check of checks) {
    try {
      await check.run(provider, target);
    } catch (error) {
      const message =
        error instanceof ReckonError ? error.summary : error instanceof Error ? error.message : `${error}`;
      faults.push({ check: check.name, message });
    }
  }
  const milliseconds = performance.now() - started;
  return { provider: provider.name, target, checks: checks.map(({ name }) => name), faults, milliseconds };
}

/** A provider with what its self-tests found: of each target that was tried, the passed one last. */
export interface TestedProvider {
  readonly provider: Provider;
  readonly reports: readonly SelfTestReport[];
}

/**
 * Tests a provider, and takes the portable operators where its own fused ones are wrong.
 * @throws ReckonError PROVIDER_REFUSED naming the first fault, when neither passes
 */
export async function testProvider(provider: Provider): Promise<TestedProvider> {
  const reports: SelfTestReport[] = [];
  for (const target of provider.target === "fused" ? (["fused", "portable"] as const) : (["portable"] as const)) {
    const report = await selfTest(provider, target);
    reports.push(report);
    if (report.faults.length === 0) return { provider: { ...provider, target }, reports };
  }
  const { faults, checks: all } = reports.at(-1)!;
  throw new ReckonError("PROVIDER_REFUSED", `${provider.name} computes wrongly`, {
    expected: `${all.length} checks that pass`,
    got: faults.map(({ check, message }) => `${check}: ${message}`).join("; "),
    help: "use another provider; a newer driver or browser may help",
  });
}
