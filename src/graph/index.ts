/** The engine: symbolic tensors, shape inference, reverse-mode autodiff, ONNX encoding, sessions. */
export { gradients, type Seed } from "./autodiff.ts";
export { addDims, broadcastShapes, type Dim, evaluateDim, formatShape, mulDims, type Shape, sameShape } from "./dim.ts";
export { type Attribute, type DType, Graph, type Node, type Target, type Tensor, type TensorData } from "./graph.ts";
export { encodeOnnx, liveNodes } from "./onnx.ts";
export * from "./ops/cached-attention.ts";
export * from "./ops/elementwise.ts";
export * from "./ops/layout.ts";
export * from "./ops/linear.ts";
export * from "./ops/nn.ts";
export * from "./ops/prefixed-attention.ts";
export * from "./ops/segments.ts";
export { formatBytes, type GraphSize, graphSize, type PrintOptions, printGraph } from "./print.ts";
export { formatProfile, type Profile, type ProfileOptions, type ProfileRow, readProfile } from "./profile.ts";
export { firstSound, type ProviderSource, type ProviderWarning, reasonOf } from "./providers.ts";
export {
  type SelfTestFault,
  type SelfTestReport,
  selfTest,
  type TestedProvider,
  testProvider,
} from "./self-test.ts";
export {
  type Capabilities,
  createProvider,
  type OrtModule,
  type Provider,
  type ProviderOptions,
  type Session,
  type SessionOptions,
  type Value,
  type Values,
} from "./session.ts";
export { type WebOrt, type WebProviderOptions, wasmProvider, webgpuProvider } from "./web.ts";
