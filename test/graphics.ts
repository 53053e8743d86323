/**
 * Node's WebGPU provider for tests: RECKON_WEBGPU=1 demands an adapter, RECKON_WEBGPU=swiftshader takes the software one that
 * comes with Debian's Chromium (it needs libvulkan1 too).
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deviceProvider } from "../src/graph/node.ts";
import { testProvider } from "../src/graph/self-test.ts";
import type { Provider } from "../src/graph/session.ts";

/** Why a test that wants it is skipped. */
export const NO_GRAPHICS = "RECKON_WEBGPU is not set: nothing was checked on onnxruntime-node's WebGPU";

/** Undefined where it is not asked for: a driver that is there but broken could end the process. */
export async function graphicsProvider(): Promise<Provider | undefined> {
  const adapter = process.env["RECKON_WEBGPU"];
  if (adapter === undefined) return undefined;
  if (adapter === "swiftshader") {
    process.env["VK_ICD_FILENAMES"] = "/usr/lib/chromium/vk_swiftshader_icd.json";
    process.env["XDG_RUNTIME_DIR"] ??= mkdtempSync(join(tmpdir(), "reckon-xdg-"));
  }
  return (await testProvider(await deviceProvider("webgpu"))).provider;
}
