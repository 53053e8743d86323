/**
 * Running graphs. A `Provider` makes sessions from ONNX bytes; every provider speaks onnxruntime-common's types, so the
 * same code drives onnxruntime-node and onnxruntime-web.
 *
 * Contract: fetches given to `run` are filled, on every provider. What providers differ in is in `Capabilities`: whether
 * they write into the given memory or return fresh tensors that are copied, whether a fetch may share memory with a feed,
 * and which operators are right (self-test.ts finds out). Feeds are not changed by a run, except where a fetch shares
 * their memory.
 */
import type { InferenceSession, Tensor as OrtTensor, TypedTensor } from "onnxruntime-common";
import { ReckonError } from "../util/errors.ts";
import type { DType, Graph, Target, TensorData } from "./graph.ts";
import { encodeOnnx } from "./onnx.ts";

export type Value = OrtTensor;
export type Values = Readonly<Record<string, Value>>;

export interface SessionOptions {
  /** Threads inside one operator; default the provider's, 1 (work is shared out between workers, which is as fast and deterministic). */
  readonly threads?: number;
  /** Reuse of memory layouts between runs of one shape; turn off where every run has another shape. Default true. */
  readonly memoryPattern?: boolean;
  /** Write a profile file with this prefix (Node only). */
  readonly profile?: string;
  readonly optimization?: "all" | "extended" | "basic" | "disabled";
}

export interface Session {
  /** Runs the graph; every fetch is filled in place. */
  run(feeds: Values, fetches: Values): Promise<void>;
  /** Ends profiling and gives the session's memory back. */
  release(): Promise<void>;
}

/** What a provider can do; whoever builds graphs for it adapts. */
export interface Capabilities {
  /**
   * Operators to build graphs of: `fused` allows ONNX Runtime's own, `portable` the standard ones alone. A graph runs
   * fastest built for this; any provider also runs `portable` graphs.
   */
  readonly target: Target;
  /**
   * `given`: results are written into the fetches' memory. `fresh`: results come as new tensors (in a browser they come
   * out of WebAssembly's or the graphics card's memory), and a run copies them: keep outputs few and small.
   */
  readonly outputs: "given" | "fresh";
  /**
   * Whether a fetch may be the same memory as a feed, where the graph reads that feed at the same position only:
   * elementwise, or as what a Gemm or a scatter adds to. Adding to what is there then costs no further pass.
   */
  readonly inPlace: boolean;
}

export interface Provider extends Capabilities {
  readonly name: string;
  value(data: TensorData, shape: readonly number[], dtype?: DType): Value;
  session(graph: Graph, options?: SessionOptions): Promise<Session>;
}

/** The part of onnxruntime-node and onnxruntime-web that is used. */
export interface OrtModule {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
}

export interface ProviderOptions extends Capabilities {
  readonly name: string;
  /** ONNX Runtime's name of the execution provider: cpu, wasm, webgpu, cuda. */
  readonly executionProvider: string;
  /** Threads inside one operator for sessions that do not say; default 1. */
  readonly threads?: number;
  /**
   * Text of the error with which the binding refuses to return a sequence, where it copies every tensor that it
   * returns. Measured on onnxruntime-node 1.30: the copies of 4 MB cost 2.1 ms, of 42 MB 27 ms, nearly all of it in
   * fresh pages. What is fetched has been written in place by then, so an empty sequence as the first output ends the
   * call before the first copy.
   */
  readonly refusesSequences?: string;
}

/** Name of the output that stops a binding before it copies. */
const NO_COPIES = "no-copies";

/** A provider on any build of ONNX Runtime. */
export function createProvider(ort: OrtModule, options: ProviderOptions): Provider {
  return {
    name: options.name,
    target: options.target,
    outputs: options.outputs,
    inPlace: options.inPlace,
    value(data, shape, dtype = dtypeOf(data)) {
      return new ort.Tensor(dtype, data, shape);
    },
    async session(graph, settings = {}) {
      const refusal = options.refusesSequences;
      const bytes = encodeOnnx(graph, refusal === undefined ? {} : { sequenceFirst: NO_COPIES });
      const session = await ort.InferenceSession.create(bytes, {
        executionProviders: [options.executionProvider],
        intraOpNumThreads: settings.threads ?? options.threads ?? 1,
        interOpNumThreads: 1,
        executionMode: "sequential",
        graphOptimizationLevel: settings.optimization ?? "all",
        enableMemPattern: settings.memoryPattern ?? true,
        enableCpuMemArena: true,
        logSeverityLevel: 3,
        extra: {
          session: { intra_op: { allow_spinning: "0" } },
          // Transposes are written where they pay (ops/linear.ts); these would put them back into the products.
          optimization: { disable_specified_optimizers: "MatmulTransposeFusion;GemmTransposeFusion" },
        },
        ...(settings.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: settings.profile }),
      }).catch((cause: unknown) => {
        throw new ReckonError("GRAPH_SESSION", `${options.name}: ONNX Runtime refused the graph: ${messageOf(cause)}`, {
          cause,
        });
      });
      return {
        async run(feeds, fetches) {
          if (refusal !== undefined) {
            await session.run(feeds, { [NO_COPIES]: null, ...fetches }).catch((error: unknown) => {
              if (!messageOf(error).includes(refusal)) throw error;
            });
            return;
          }
          if (options.outputs === "given") {
            await session.run(feeds, fetches);
            return;
          }
          const results = await session.run(feeds, Object.keys(fetches));
          for (const [name, wanted] of Object.entries(fetches)) take(name, results[name], wanted);
        },
        async release() {
          if (settings.profile !== undefined) session.endProfiling();
          await session.release();
        },
      };
    },
  };
}

/** Copies a fresh result into its fetch, which must be of its shape. */
function take(name: string, got: Value | undefined, wanted: Value): void {
  if (got === undefined || got.dims.join() !== wanted.dims.join()) {
    throw new ReckonError("GRAPH_FETCH", `the output ${name} has another shape than its fetch`, {
      expected: `[${wanted.dims.join(", ")}]`,
      got: `[${got?.dims.join(", ") ?? ""}]`,
    });
  }
  (wanted.data as Float32Array).set((got as TypedTensor<"float32">).data);
  got.dispose();
}

function dtypeOf(data: TensorData): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof Int32Array) return "int32";
  return "bool";
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
