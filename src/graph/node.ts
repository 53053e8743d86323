/** Providers of onnxruntime-node. Loaded only where it is asked for: the native library takes a tenth of a second. */
import { ReckonError } from "../util/errors.ts";
import { createProvider, type OrtModule, type Provider } from "./session.ts";

/** The CPU provider of onnxruntime-node. */
export async function cpuProvider(): Promise<Provider> {
  const ort = await import("onnxruntime-node").catch((cause: unknown) => {
    throw new ReckonError("ENGINE_MISSING", "onnxruntime-node could not be loaded", {
      got: cause instanceof Error ? cause.message : String(cause),
      help: "run `npm ci` again; on Linux it needs glibc 2.28 or newer",
      cause,
    });
  });
  return createProvider(ort as unknown as OrtModule, {
    name: "cpu",
    executionProvider: "cpu",
    inPlace: true,
    refusesSequences: "Non tensor type is temporarily not supported",
  });
}
