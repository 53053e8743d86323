/**
 * Loads one provider of onnxruntime-node, tests it, and prints what came out as JSON. A process of its own for `reckon
 * doctor`: a broken driver may end it, and graphics libraries write to the terminal by themselves.
 *
 *   node provider-probe.ts webgpu
 */
import { cpuProvider, deviceProvider, type NodeProviderName } from "../graph/node.ts";
import { reasonOf } from "../graph/providers.ts";
import { selfTest } from "../graph/self-test.ts";
import { ReckonError } from "../util/errors.ts";
import type { ProbeResult } from "./provider-check.ts";

async function probe(name: NodeProviderName): Promise<ProbeResult> {
  try {
    const provider = name === "cpu" ? await cpuProvider() : await deviceProvider(name);
    return { kind: "tested", fused: await selfTest(provider, "fused"), portable: await selfTest(provider, "portable") };
  } catch (error) {
    const help = error instanceof ReckonError ? error.help : undefined;
    return { kind: "missing", reason: reasonOf(error), ...(help === undefined ? {} : { help }) };
  }
}

process.stdout.write(`${JSON.stringify(await probe(process.argv[2] as NodeProviderName))}\n`);
// A graphics library's threads must not keep a process that has said everything.
process.exit(0);
