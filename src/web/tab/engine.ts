/**
 * ONNX Runtime in this worker. Its WebAssembly files lie beside the page's own (Vite puts them there), and the build with
 * WebGPU, which is larger, is only loaded when it is asked for.
 */
import jspiScript from "onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url";
import jspiBinary from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url";
import wasmScript from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasmBinary from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import {
  firstSound,
  type ProviderSource,
  type ProviderWarning,
  type TestedProvider,
  type WebOrt,
  wasmProvider,
  webgpuProvider,
} from "../../graph/index.ts";
import { ReckonError } from "../../util/errors.ts";
import type { EngineName } from "./protocol.ts";

/** As the WebAssembly files' own addresses are relative to this script. */
const here = (path: string): string => new URL(path, import.meta.url).href;

function wasm(threads: number): ProviderSource {
  return {
    name: "wasm",
    async load() {
      const ort = (await import("onnxruntime-web/wasm")) as unknown as WebOrt;
      return wasmProvider(ort, { wasmPaths: { wasm: here(wasmBinary), mjs: here(wasmScript) }, threads });
    },
  };
}

const webgpu: ProviderSource = {
  name: "webgpu",
  async load() {
    // This build waits for the graphics card by JavaScript Promise Integration; the other one is 10 MB larger.
    if (!("Suspending" in WebAssembly))
      throw new ReckonError("PROVIDER_MISSING", "this browser has no JavaScript Promise Integration for WebAssembly");
    const ort = (await import("onnxruntime-web/jspi")) as unknown as WebOrt;
    return webgpuProvider(ort, { wasmPaths: { wasm: here(jspiBinary), mjs: here(jspiScript) } });
  },
};

/** The engine that was asked for if it passes its self-test, else WebAssembly. */
export function openEngine(
  name: EngineName,
  threads: number,
  warn: (warning: ProviderWarning) => void,
): Promise<TestedProvider> {
  return firstSound(name === "webgpu" ? [webgpu, wasm(threads)] : [wasm(threads)], warn);
}
