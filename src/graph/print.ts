/** A graph as text: what goes in, what each node makes of it, what comes out, and how many bytes that is. */
import { type Dim, formatShape, type Shape } from "./dim.ts";
import type { Attribute, Constant, DType, Graph, Node, Tensor } from "./graph.ts";
import { liveNodes } from "./onnx.ts";

const BYTES: Readonly<Record<DType, number>> = { float32: 4, int64: 8, int32: 4, bool: 1 };

export interface GraphSize {
  /** Nodes that an output depends on; the others are not encoded. */
  readonly nodes: number;
  readonly unusedNodes: number;
  /** Bytes of the inputs whose shapes are known while the graph is built: parameters, and what is added to them. */
  readonly inputBytes: number;
  /** Bytes of the constants in use. */
  readonly constantBytes: number;
  /** Nodes of each operator, most frequent first. */
  readonly operators: ReadonlyMap<string, number>;
}

export interface PrintOptions {
  /** List every node; default true. Without them only sizes, inputs, constants, outputs and operators are told. */
  readonly nodes?: boolean;
}

/** Counts a graph's parts. */
export function graphSize(graph: Graph): GraphSize {
  const live = liveNodes(graph);
  const counts = new Map<string, number>();
  for (const node of live) counts.set(node.type, (counts.get(node.type) ?? 0) + 1);
  return {
    nodes: live.length,
    unusedNodes: graph.nodes.length - live.length,
    inputBytes: total(graph.inputs.map((input) => bytesOf(input) ?? 0)),
    constantBytes: total(usedConstants(graph, live).map(({ data }) => data.byteLength)),
    operators: new Map([...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))),
  };
}

/**
 * Readable text, one line a tensor: inputs with their sizes, constants (small ones with their values), nodes under a
 * heading for each scope as `name [shape] = Operator(inputs) attributes`, outputs with the tensor that each stands for.
 */
export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  const live = liveNodes(graph);
  const size = graphSize(graph);
  const unused = size.unusedNodes === 0 ? "" : ` (${size.unusedNodes} more are not used)`;
  const lines = [
    `graph for ${graph.target}: ${size.nodes} nodes${unused}, ` +
      `${formatBytes(size.inputBytes)} in inputs of known size, ${formatBytes(size.constantBytes)} in constants`,
    "",
    `inputs (${graph.inputs.length})`,
    ...graph.inputs.map((input) => {
      const bytes = bytesOf(input);
      return `  ${describe(input)}${bytes === undefined ? "" : `  ${formatBytes(bytes)}`}`;
    }),
  ];
  const constants = usedConstants(graph, live);
  lines.push("", `constants (${constants.length})`, ...constants.map(printConstant));
  if (options.nodes ?? true) lines.push("", `nodes (${live.length})`, ...printNodes(live));
  else {
    lines.push("", `operators (${size.operators.size})`);
    for (const [operator, count] of size.operators) lines.push(`  ${String(count).padStart(6)}  ${operator}`);
  }
  lines.push("", `outputs (${graph.outputs.length})`);
  for (const { name, tensor } of graph.outputs) lines.push(`  ${describe({ ...tensor, name })} = ${tensor.name}`);
  return `${lines.join("\n")}\n`;
}

function* printNodes(nodes: readonly Node[]): Iterable<string> {
  let scope = "";
  for (const node of nodes) {
    const own = node.name.split("/").slice(0, -1).join("/");
    if (own !== scope) yield `  in ${own === "" ? "the graph itself" : own}`;
    scope = own;
    const outputs = node.outputs.map(describe).join(", ");
    const inputs = node.inputs.map((input) => input?.name ?? "nothing").join(", ");
    const attributes = Object.entries(node.attributes).map(([name, value]) => ` ${name}=${formatAttribute(value)}`);
    const domain = node.domain === "" ? "" : `${node.domain}.`;
    yield `    ${outputs} = ${domain}${node.type}(${inputs})${attributes.join("")}`;
  }
}

function printConstant({ tensor, data }: Constant): string {
  const values = data.length <= 8 ? `  ${Array.from(data as ArrayLike<number | bigint>, String).join(" ")}` : "";
  return `  ${describe(tensor)}  ${formatBytes(data.byteLength)}${values}`;
}

function usedConstants(graph: Graph, live: readonly Node[]): Constant[] {
  const used = new Set(live.flatMap((node) => node.inputs));
  return graph.constants.filter(({ tensor }) => used.has(tensor));
}

function describe({ name, shape, dtype }: Pick<Tensor, "name" | "shape" | "dtype">): string {
  return `${name} ${dtype === "float32" ? "" : `${dtype} `}${formatShape(shape)}`;
}

function formatAttribute(value: Attribute): string {
  if (typeof value === "number" || typeof value === "string") return String(value);
  return "float" in value ? String(value.float) : `[${value.join(", ")}]`;
}

/** Undefined where a dimension is only known at run time. */
function bytesOf({ shape, dtype }: { shape: Shape; dtype: DType }): number | undefined {
  const known = (dim: Dim): dim is number => typeof dim === "number";
  return shape.every(known) ? shape.reduce((a, b) => a * b, BYTES[dtype]) : undefined;
}

function total(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** Bytes for people: powers of 1024. */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  }
  return `${bytes} B`;
}
