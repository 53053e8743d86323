/**
 * Providers of onnxruntime-web, for browsers. The package comes in several builds, so the module is passed in: a page
 * bundles the one that it needs, with the WebAssembly files beside it, and nothing is fetched from elsewhere.
 *
 * ```ts
 * import * as ort from "onnxruntime-web/wasm";
 * const provider = wasmProvider(ort, { wasmPaths: { wasm: "/ort.wasm", mjs: "/ort.mjs" } });
 * ```
 *
 * Results come out of WebAssembly's memory as fresh tensors, so nothing is in place here; sessions copy.
 * Left out: buffers that stay on the graphics card between runs.
 */
import { ReckonError } from "../util/errors.ts";
import { createProvider, type OrtModule, type Provider } from "./session.ts";

/** The part of onnxruntime-web that is used. */
export interface WebOrt extends OrtModule {
  readonly env: {
    logLevel?: string | undefined;
    readonly wasm: {
      numThreads?: number | undefined;
      wasmPaths?: unknown;
      initTimeout?: number | undefined;
    };
  };
}

export interface WebProviderOptions {
  /** Where the WebAssembly files of this build are. */
  readonly wasmPaths: { readonly wasm: string; readonly mjs: string };
  /** Default 1. More than one needs a page that is isolated from other origins (COOP and COEP headers), else one is used. */
  readonly threads?: number;
}

/** The WebAssembly provider. The first provider of a page or worker decides on threads and files. */
export function wasmProvider(ort: WebOrt, options: WebProviderOptions): Provider {
  configure(ort, options);
  return createProvider(ort, {
    name: "wasm",
    executionProvider: "wasm",
    target: "fused",
    outputs: "fresh",
    inPlace: false,
  });
}

/**
 * The WebGPU provider, with the builds `onnxruntime-web/webgpu` or `onnxruntime-web/jspi`.
 * @throws ReckonError PROVIDER_MISSING where the browser gives no adapter
 */
export async function webgpuProvider(ort: WebOrt, options: WebProviderOptions): Promise<Provider> {
  const { navigator } = globalThis as { navigator?: { gpu?: { requestAdapter(): Promise<object | null> } } };
  if (navigator?.gpu === undefined) throw missing("this browser has no WebGPU");
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  if (adapter === null) throw missing("this browser finds no graphics adapter for WebGPU");
  configure(ort, options);
  return createProvider(ort, {
    name: "webgpu",
    executionProvider: "webgpu",
    target: "fused",
    outputs: "fresh",
    inPlace: false,
  });
}

function configure(ort: WebOrt, { wasmPaths, threads = 1 }: WebProviderOptions): void {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
  ort.env.logLevel = "error";
  ort.env.wasm.wasmPaths = wasmPaths;
  ort.env.wasm.numThreads = isolated ? threads : 1;
}

function missing(summary: string): ReckonError {
  return new ReckonError("PROVIDER_MISSING", summary, { help: "WebAssembly computes the same, on the processor" });
}
