/** Providers of onnxruntime-node. Loaded only where they are asked for: the native library takes a tenth of a second. */
import { ReckonError } from "../util/errors.ts";
import { Graph, type Target } from "./graph.ts";
import { firstSound, type ProviderWarning } from "./providers.ts";
import type { TestedProvider } from "./self-test.ts";
import { createProvider, type OrtModule, type Provider } from "./session.ts";

/**
 * - `cpu`: everywhere.
 * - `webgpu`: any graphics card with Vulkan, Metal or Direct3D 12; comes with onnxruntime-node.
 * - `cuda`: NVIDIA on Linux, where onnxruntime-node's CUDA libraries have been installed. Accepted where the self-test
 *   passes; nobody has run it here.
 */
export const NODE_PROVIDERS = ["cpu", "webgpu", "cuda"] as const;
export type NodeProviderName = (typeof NODE_PROVIDERS)[number];

/** Of onnxruntime-node, beside what every build has. */
interface NodeOrt extends OrtModule {
  listSupportedBackends(): readonly { readonly name: string; readonly bundled: boolean }[];
}

async function loadOrt(): Promise<NodeOrt> {
  const ort = await import("onnxruntime-node").catch((cause: unknown) => {
    throw new ReckonError("ENGINE_MISSING", "onnxruntime-node could not be loaded", {
      got: cause instanceof Error ? cause.message : String(cause),
      help: "run `npm ci` again; on Linux it needs glibc 2.28 or newer",
      cause,
    });
  });
  return ort as unknown as NodeOrt;
}

/** The CPU provider of onnxruntime-node, without a self-test. */
export async function cpuProvider(): Promise<Provider> {
  return createProvider(await loadOrt(), {
    name: "cpu",
    executionProvider: "cpu",
    target: "fused",
    outputs: "given",
    inPlace: true,
    refusesSequences: "Non tensor type is temporarily not supported",
  });
}

/**
 * A provider on a device of its own: feeds go there and results come back by copy, so a result may lie in a feed's memory
 * but nothing is saved by it.
 * @throws ReckonError PROVIDER_MISSING with the reason, where this machine cannot run it
 */
export async function deviceProvider(name: "webgpu" | "cuda"): Promise<Provider> {
  const ort = await loadOrt();
  if (!ort.listSupportedBackends().some((backend) => backend.name === name))
    throw new ReckonError("PROVIDER_MISSING", `onnxruntime-node has no ${name} provider on this platform`);
  if (name === "cuda" && !(await hasCudaLibrary()))
    throw new ReckonError("PROVIDER_MISSING", "onnxruntime-node's CUDA libraries are not installed", {
      help: "they come when onnxruntime-node's own install script runs: npm rebuild onnxruntime-node",
    });
  const provider = createProvider(ort, {
    name,
    executionProvider: name,
    target: "fused",
    outputs: "given",
    inPlace: false,
  });
  const graph = new Graph();
  graph.output("y", graph.one("Neg", [graph.input("x", [1])], [1]));
  const session = await provider.session(graph).catch((cause: unknown) => {
    // ONNX Runtime puts the place in its own sources in front: what matters is the end.
    const words = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]!.split(" was false. ").at(-1);
    throw new ReckonError("PROVIDER_MISSING", `${name} does not run on this machine`, {
      got: words!.trim(),
      help:
        name === "webgpu"
          ? "it needs a graphics card with a Vulkan, Metal or Direct3D 12 driver"
          : "look at the driver",
      cause,
    });
  });
  await session.release();
  return provider;
}

/** Looked for by hand: ONNX Runtime writes its own complaint to the terminal where it is not there. */
async function hasCudaLibrary(): Promise<boolean> {
  const [{ createRequire }, { existsSync }, { dirname, join }, { arch, platform }] = await Promise.all([
    import("node:module"),
    import("node:fs"),
    import("node:path"),
    import("node:process"),
  ]);
  const root = join(dirname(createRequire(import.meta.url).resolve("onnxruntime-node")), "..");
  return existsSync(join(root, "bin", "napi-v6", platform, arch, "libonnxruntime_providers_cuda.so"));
}

/** What a thread needs to open the provider that another one has tested. */
export interface ProviderChoice {
  readonly name: NodeProviderName;
  readonly target: Target;
}

/** A provider that has been tested before: without another self-test. */
export async function openProvider({ name, target }: ProviderChoice): Promise<Provider> {
  return { ...(await load(name)), target };
}

function load(name: NodeProviderName): Promise<Provider> {
  return name === "cpu" ? cpuProvider() : deviceProvider(name);
}

/**
 * The provider of this name if it passes its self-test, else the CPU.
 * @param warn told why a provider is not used
 */
export function nodeProvider(
  name: NodeProviderName,
  warn: (warning: ProviderWarning) => void,
): Promise<TestedProvider> {
  const sources = name === "cpu" ? (["cpu"] as const) : ([name, "cpu"] as const);
  return firstSound(
    sources.map((source) => ({ name: source, load: () => load(source) })),
    warn,
  );
}
