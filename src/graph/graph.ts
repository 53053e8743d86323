/**
 * The graph: symbolic tensors, nodes that make them, and the tape that reverse-mode differentiation walks back.
 *
 * Contract of this layer: a `Graph` only ever grows; ops (ops/*.ts) append nodes with inferred shapes and, where they
 * are differentiable, a tape entry; `gradients` (autodiff.ts) appends the backward pass to the same graph; `encodeOnnx`
 * (onnx.ts) turns the whole into bytes which a provider's session runs. Nothing is computed here.
 */
import { ReckonError } from "../util/errors.ts";
import { type Dim, formatShape, isDim, mulDims, type Shape, symbolsOf, termsOf } from "./dim.ts";

export type DType = "float32" | "int64" | "int32" | "bool";
export type TensorData = Float32Array | BigInt64Array | Int32Array | Uint8Array;
export type Attribute = number | string | readonly number[] | { readonly float: number };

/**
 * What the graph is built for. `fused` allows ONNX Runtime's com.microsoft operators (CPU provider); `portable` uses
 * only standard ONNX operators that every provider implements.
 */
export type Target = "fused" | "portable";

/** A value in a graph: what it is called, its shape (symbolic) and its element type. */
export interface Tensor {
  readonly graph: Graph;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface Node {
  readonly type: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly outputs: readonly Tensor[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface Constant {
  readonly tensor: Tensor;
  readonly data: TensorData;
}

/** Gradients with respect to an op's inputs, each built only when it is wanted. `accumulated` is what is already there. */
export type VectorJacobian = (
  gradients: readonly (Tensor | undefined)[],
) => readonly (((accumulated: Tensor | undefined) => Tensor | Accumulated) | undefined)[];

/** Marks a gradient into which the accumulated one has already been added (scatter-add does so for free). */
export interface Accumulated {
  readonly accumulated: Tensor;
}

export interface TapeEntry {
  readonly outputs: readonly Tensor[];
  readonly inputs: readonly (Tensor | undefined)[];
  readonly backward: VectorJacobian;
  /** Where the step was built, e.g. `layers.0/mlp`; its gradient is built under the same name. */
  readonly scope: string;
}

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
}

export class Graph {
  readonly target: Target;
  readonly nodes: Node[] = [];
  readonly inputs: Tensor[] = [];
  readonly outputs: { readonly name: string; readonly tensor: Tensor }[] = [];
  readonly constants: Constant[] = [];
  readonly tape: TapeEntry[] = [];
  readonly #names = new Map<string, number>();
  readonly #constantCache = new Map<string, Tensor>();
  readonly #symbolSource = new Map<string, { input: Tensor; axis: number }>();
  readonly #dimCache = new Map<string, Tensor>();
  #scope: string[] = [];

  constructor(options: { readonly target?: Target } = {}) {
    this.target = options.target ?? "fused";
  }

  /** Runs `build` with `name` in front of the names of all nodes it makes: they show in profiles and errors. */
  scope<T>(name: string, build: () => T): T {
    this.#scope.push(name);
    try {
      return build();
    } finally {
      this.#scope.pop();
    }
  }

  /** Declares an input. A dimension that is a single symbol becomes known at run time from this input. */
  input(name: string, given: Shape, dtype: DType = "float32"): Tensor {
    if (this.#names.has(name)) throw new ReckonError("GRAPH_NAME", `the graph already has a tensor named ${name}`);
    if (!given.every(isDim))
      throw this.error(`input ${name}`, "whole numbers and sums of products of symbols", formatShape(given));
    this.#names.set(name, 1);
    const shape = given.map((dim) => mulDims(dim));
    const tensor: Tensor = { graph: this, name, shape, dtype };
    this.inputs.push(tensor);
    shape.forEach((dim, axis) => {
      if (typeof dim === "string" && /^\w+$/.test(dim) && !this.#symbolSource.has(dim))
        this.#symbolSource.set(dim, { input: tensor, axis });
    });
    return tensor;
  }

  /** Declares an output under a name of its own. */
  output(name: string, tensor: Tensor): void {
    if (this.#names.has(name)) throw new ReckonError("GRAPH_NAME", `the graph already has a tensor named ${name}`);
    this.#names.set(name, 1);
    // A tensor that is an input, a constant or an output already needs a node of its own; any other is just renamed.
    const own =
      this.nodes.some((node) => node.outputs.includes(tensor)) && !this.outputs.some((o) => o.tensor === tensor);
    this.outputs.push({
      name,
      tensor: own ? tensor : this.one("Identity", [tensor], tensor.shape, { dtype: tensor.dtype }),
    });
  }

  /** A constant of any shape; small ones are shared. */
  constant(data: TensorData | readonly number[], shape: readonly number[], dtype: DType = "float32"): Tensor {
    const size = shape.reduce((a, b) => a * b, 1);
    if (data.length !== size)
      throw this.error("constant", `${size} values for the shape ${formatShape(shape)}`, `${data.length} values`);
    const key =
      size <= 16 ? `${dtype}|${shape.join()}|${Array.from(data as ArrayLike<number>, String).join()}` : undefined;
    const cached = key === undefined ? undefined : this.#constantCache.get(key);
    if (cached) return cached;
    const typed = ArrayBuffer.isView(data) ? (data as TensorData) : toTyped(data, dtype);
    const tensor: Tensor = { graph: this, name: this.#fresh("const"), shape, dtype };
    this.constants.push({ tensor, data: typed });
    if (key !== undefined) this.#constantCache.set(key, tensor);
    return tensor;
  }

  /** A float32 scalar. */
  scalar(value: number): Tensor {
    return this.constant([value], []);
  }

  /** A vector of int64, for axes, sizes and the like. */
  ints(values: readonly number[]): Tensor {
    return this.constant(values, [values.length], "int64");
  }

  /** Appends an operator. Shapes and types of the outputs are given by the op that calls this. */
  node(
    type: string,
    inputs: readonly (Tensor | undefined)[],
    outputs: readonly { readonly shape: Shape; readonly dtype?: DType }[],
    options: NodeOptions = {},
  ): Tensor[] {
    for (const input of inputs)
      if (input && input.graph !== this)
        throw this.error(type, "tensors of one graph", `${input.name} of another graph`);
    const name = this.#fresh([...this.#scope, type].join("/"));
    const made = outputs.map(
      (o, i): Tensor => ({
        graph: this,
        name: outputs.length === 1 ? name : `${name}:${i}`,
        shape: o.shape,
        dtype: o.dtype ?? "float32",
      }),
    );
    this.nodes.push({
      type,
      domain: options.domain ?? "",
      name,
      inputs,
      outputs: made,
      attributes: options.attributes ?? {},
    });
    return made;
  }

  /** Appends an operator with one output. */
  one(
    type: string,
    inputs: readonly (Tensor | undefined)[],
    shape: Shape,
    options: NodeOptions & { readonly dtype?: DType } = {},
  ): Tensor {
    return this.node(type, inputs, [{ shape, dtype: options.dtype ?? "float32" }], options)[0]!;
  }

  /** Puts a differentiable step on the tape and returns its outputs' first. */
  record(outputs: readonly Tensor[], inputs: readonly (Tensor | undefined)[], backward: VectorJacobian): Tensor {
    this.tape.push({ outputs, inputs, backward, scope: this.#scope.join("/") });
    return outputs[0]!;
  }

  /** int64 vector that holds the shape at run time; symbols are read off the inputs that declared them. */
  shapeTensor(shape: Shape): Tensor {
    if (shape.every((d) => typeof d === "number")) return this.ints(shape as number[]);
    const key = `shape ${shape.join()}`;
    const cached = this.#dimCache.get(key);
    if (cached) return cached;
    const parts = shape.map((dim) => this.dimTensor(dim));
    const made =
      parts.length === 1
        ? parts[0]!
        : this.one("Concat", parts, [shape.length], { dtype: "int64", attributes: { axis: 0 } });
    this.#dimCache.set(key, made);
    return made;
  }

  /** int64 vector of length 1 that holds one dimension at run time. */
  dimTensor(dim: Dim): Tensor {
    if (typeof dim === "number") return this.ints([dim]);
    const cached = this.#dimCache.get(dim);
    if (cached) return cached;
    const int64 = { dtype: "int64" } as const;
    const sum = termsOf(dim).map(([coefficient, symbols]) => {
      const factors = symbols.map((symbol) => this.#symbolTensor(symbol));
      if (coefficient !== 1 || factors.length === 0) factors.push(this.ints([coefficient]));
      return factors.reduce((a, b) => this.one("Mul", [a, b], [1], int64));
    });
    const made = sum.reduce((a, b) => this.one("Add", [a, b], [1], int64));
    this.#dimCache.set(dim, made);
    return made;
  }

  #symbolTensor(symbol: string): Tensor {
    const cached = this.#dimCache.get(symbol);
    if (cached) return cached;
    const source = this.#symbolSource.get(symbol);
    if (!source)
      throw this.error(
        "shape",
        `an input with the dimension ${symbol}`,
        `inputs ${this.inputs.map((i) => formatShape(i.shape)).join(" ")}`,
      );
    const made = this.one("Shape", [source.input], [1], {
      dtype: "int64",
      attributes: { start: source.axis, end: source.axis + 1 },
    });
    this.#dimCache.set(symbol, made);
    return made;
  }

  /** The error for a misuse of an op: names the op, what it needs, what came, and where it was built. */
  error(op: string, expected: string, got: string): ReckonError {
    const where = callSite();
    const scope = this.#scope.length > 0 ? ` in ${this.#scope.join("/")}` : "";
    return new ReckonError(
      "GRAPH_SHAPE",
      `${op}${scope}: shapes or types do not fit${where ? ` (built at ${where})` : ""}`,
      { expected, got },
    );
  }

  /** Symbols that no input declares. */
  unboundSymbols(shape: Shape): string[] {
    return shape.flatMap(symbolsOf).filter((symbol) => !this.#symbolSource.has(symbol));
  }

  #fresh(base: string): string {
    for (;;) {
      const n = this.#names.get(base) ?? 0;
      this.#names.set(base, n + 1);
      const name = n === 0 ? base : `${base}.${n}`;
      if (n === 0 || !this.#names.has(name)) {
        this.#names.set(name, Math.max(1, this.#names.get(name) ?? 0));
        return name;
      }
    }
  }
}

function toTyped(data: ArrayLike<number>, dtype: DType): TensorData {
  switch (dtype) {
    case "float32":
      return Float32Array.from(data);
    case "int64":
      return BigInt64Array.from(Array.from(data, (x) => BigInt(x)));
    case "int32":
      return Int32Array.from(data);
    case "bool":
      return Uint8Array.from(data);
    default:
      dtype satisfies never;
      throw new Error(`internal: dtype ${String(dtype)}`);
  }
}

/** First stack frame outside this room, as `file:line`. */
function callSite(): string | undefined {
  // V8 keeps ten frames, which the frames of this room alone may fill; other engines have no such limit.
  const limits = Error as { stackTraceLimit?: number };
  const before = limits.stackTraceLimit;
  limits.stackTraceLimit = 50;
  const lines = (new Error().stack ?? "").split("\n");
  if (before === undefined) delete limits.stackTraceLimit;
  else limits.stackTraceLimit = before;
  // Not as a URL relative to this file: bundlers take that for a file to carry along.
  const room = import.meta.url.slice(0, import.meta.url.lastIndexOf("/") + 1);
  for (const line of lines) {
    if (line.includes(room) && !line.includes(".test.")) continue;
    const place = line.match(/([^/\\(]+:\d+):\d+\)?$/);
    if (place) return place[1];
  }
  return undefined;
}
