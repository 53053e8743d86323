/** `reckon doctor` on providers: which there are, whether they compute rightly, and why one is not used. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { NODE_PROVIDERS, type NodeProviderName } from "../graph/node.ts";
import type { SelfTestReport } from "../graph/self-test.ts";
import { beside } from "../util/beside.ts";
import type { Finding } from "./machine.ts";

/** What provider-probe.ts prints. */
export type ProbeResult =
  | { readonly kind: "tested"; readonly fused: SelfTestReport; readonly portable: SelfTestReport }
  | { readonly kind: "missing"; readonly reason: string; readonly help?: string };

/** A first use compiles shaders, which a slow machine takes its time for. */
const PATIENCE = 90_000;

/** One finding a provider, in the order of `NODE_PROVIDERS`. */
export async function checkProviders(names: readonly NodeProviderName[] = NODE_PROVIDERS): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of names) findings.push(findingOf(name, await probe(name)));
  return findings;
}

/** Puts a probe's result in words. The CPU must work; the others are extras. */
export function findingOf(name: NodeProviderName, result: ProbeResult): Finding {
  if (result.kind === "missing") {
    const status = name === "cpu" ? "failed" : "ok";
    const help = name === "cpu" && result.help !== undefined ? { help: result.help } : {};
    return { check: name, status, detail: `not here: ${result.reason}`, ...help };
  }
  const { fused, portable } = result;
  const words = (report: SelfTestReport): string =>
    report.faults.map(({ check, message }) => `${check}: ${message}`).join("; ");
  if (portable.faults.length > 0) {
    return {
      check: name,
      status: name === "cpu" ? "failed" : "warning",
      detail: `refused: failed ${portable.faults.length} of ${portable.checks.length} self-tests (${words(portable)})`,
      help: name === "cpu" ? "Reinstall onnxruntime-node (npm ci)." : "The CPU is used. A newer driver may help.",
    };
  }
  const untested = name === "cuda" ? "; beyond this, nobody has tested CUDA with Reckon" : "";
  const passed = `passed all ${portable.checks.length} self-tests`;
  const detail =
    fused.faults.length === 0
      ? `${passed} in ${fused.milliseconds.toFixed(0)} ms${untested}`
      : `${passed} with standard operators, and is used with these: its own fail (${words(fused)})${untested}`;
  return { check: name, status: "ok", detail };
}

function probe(name: NodeProviderName): Promise<ProbeResult> {
  const file = fileURLToPath(beside(import.meta.url, "provider-probe"));
  const child = spawn(process.execPath, [...process.execArgv, file, name], {
    stdio: ["ignore", "pipe", "ignore"],
    timeout: PATIENCE,
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ kind: "missing", reason: error.message }));
    child.on("close", (code, signal) => {
      try {
        // The last line is the probe's; a library may have written others.
        resolve(JSON.parse(text.trimEnd().split("\n").at(-1)!) as ProbeResult);
      } catch {
        resolve({ kind: "missing", reason: `it ended its process (${signal ?? `code ${code}`})` });
      }
    });
  });
}
