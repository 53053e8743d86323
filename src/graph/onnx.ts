/**
 * ONNX encoding of a graph (onnx.proto3 of ONNX IR version 10, opset 21), written with a small protobuf writer.
 * Field numbers are those of onnx/onnx.proto. Left out: everything our graphs do not hold (subgraphs, sparse tensors,
 * external data, functions, metadata).
 */
import { PbfWriter } from "pbf";
import type { Shape } from "./dim.ts";
import type { Attribute, Constant, DType, Graph, Node, Tensor } from "./graph.ts";

const ELEMENT: Readonly<Record<DType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };
const OPSET = 21;

export interface EncodeOptions {
  /** Put an output of this name, an empty sequence, before all others. */
  readonly sequenceFirst?: string;
}

/** The graph as an ONNX ModelProto. */
export function encodeOnnx(graph: Graph, options: EncodeOptions = {}): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, 10); // ir_version
  pbf.writeStringField(2, "reckon"); // producer_name
  pbf.writeMessage(7, writeGraph, { graph, options });
  pbf.writeMessage(8, writeOpset, { domain: "", version: OPSET });
  pbf.writeMessage(8, writeOpset, { domain: "com.microsoft", version: 1 });
  return pbf.finish();
}

function writeOpset(opset: { domain: string; version: number }, pbf: PbfWriter): void {
  pbf.writeStringField(1, opset.domain);
  pbf.writeVarintField(2, opset.version);
}

function writeGraph({ graph, options }: { graph: Graph; options: EncodeOptions }, pbf: PbfWriter): void {
  const outputName = new Map(graph.outputs.map((o) => [o.tensor, o.name]));
  const nameOf = (tensor: Tensor | undefined): string => (tensor ? (outputName.get(tensor) ?? tensor.name) : "");
  const nodes = liveNodes(graph);
  const used = new Set(nodes.flatMap((node) => node.inputs));
  for (const node of nodes) pbf.writeMessage(1, writeNode, { node, nameOf });
  if (options.sequenceFirst !== undefined) pbf.writeMessage(1, writeEmptySequence, options.sequenceFirst);
  pbf.writeStringField(2, "graph");
  for (const constant of graph.constants) if (used.has(constant.tensor)) pbf.writeMessage(5, writeTensor, constant);
  for (const input of graph.inputs) pbf.writeMessage(11, writeValueInfo, { name: input.name, tensor: input });
  if (options.sequenceFirst !== undefined) pbf.writeMessage(12, writeSequenceInfo, options.sequenceFirst);
  for (const output of graph.outputs) pbf.writeMessage(12, writeValueInfo, output);
}

/** Nodes that an output depends on, in building order (which is topological). */
export function liveNodes(graph: Graph): Node[] {
  const wanted = new Set<Tensor>(graph.outputs.map((o) => o.tensor));
  const live: Node[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    live.push(node);
    for (const input of node.inputs) if (input) wanted.add(input);
  }
  return live.reverse();
}

function writeNode(
  { node, nameOf }: { node: Node; nameOf: (tensor: Tensor | undefined) => string },
  pbf: PbfWriter,
): void {
  for (const input of node.inputs) pbf.writeStringField(1, nameOf(input));
  for (const output of node.outputs) pbf.writeStringField(2, nameOf(output));
  pbf.writeStringField(3, node.name);
  pbf.writeStringField(4, node.type);
  for (const [name, value] of Object.entries(node.attributes)) pbf.writeMessage(5, writeAttribute, { name, value });
  if (node.domain !== "") pbf.writeStringField(7, node.domain);
}

function writeAttribute({ name, value }: { name: string; value: Attribute }, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if (typeof value === "number") {
    pbf.writeVarintField(3, value);
    pbf.writeVarintField(20, 2); // INT
  } else if (typeof value === "string") {
    pbf.writeBytesField(4, new TextEncoder().encode(value));
    pbf.writeVarintField(20, 3); // STRING
  } else if ("float" in value) {
    pbf.writeFloatField(2, value.float);
    pbf.writeVarintField(20, 1); // FLOAT
  } else {
    for (const v of value) pbf.writeVarintField(8, v);
    pbf.writeVarintField(20, 7); // INTS
  }
}

function writeTensor({ tensor, data }: Constant, pbf: PbfWriter): void {
  for (const dim of tensor.shape) pbf.writeVarintField(1, dim as number);
  pbf.writeVarintField(2, ELEMENT[tensor.dtype]);
  pbf.writeStringField(8, tensor.name);
  pbf.writeBytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writeEmptySequence(name: string, pbf: PbfWriter): void {
  pbf.writeStringField(2, name);
  pbf.writeStringField(4, "SequenceEmpty");
}

/** ValueInfoProto { name, type { sequence_type { elem_type { tensor_type { elem_type: FLOAT } } } } } */
function writeSequenceInfo(name: string, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeMessage(
    2,
    (_, type) => type.writeMessage(4, (__, sequence) => sequence.writeMessage(1, writeFloats, 0), 0),
    0,
  );
}

function writeFloats(_: number, pbf: PbfWriter): void {
  pbf.writeMessage(1, (__, tensor) => tensor.writeVarintField(1, ELEMENT.float32), 0);
}

function writeValueInfo({ name, tensor }: { name: string; tensor: Tensor }, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeMessage(2, writeType, tensor);
}

function writeType(tensor: Tensor, pbf: PbfWriter): void {
  pbf.writeMessage(1, writeTensorType, tensor);
}

function writeTensorType(tensor: Tensor, pbf: PbfWriter): void {
  pbf.writeVarintField(1, ELEMENT[tensor.dtype]);
  pbf.writeMessage(2, writeShape, tensor.shape);
}

function writeShape(shape: Shape, pbf: PbfWriter): void {
  for (const dim of shape) pbf.writeMessage(1, writeDim, dim);
}

function writeDim(dim: number | string, pbf: PbfWriter): void {
  if (typeof dim === "number") pbf.writeVarintField(1, dim);
  else pbf.writeStringField(2, dim);
}
