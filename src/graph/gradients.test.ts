/**
 * Every differentiable op against finite differences, on each target of the CPU provider, and on the WebGPU provider where
 * there is an adapter: RECKON_WEBGPU=1 demands one, RECKON_WEBGPU=swiftshader takes the software one that comes with
 * Debian's Chromium (it needs libvulkan1 too). Browsers have a test of their own (test/providers.browser.test.ts).
 */
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cpuProvider, deviceProvider } from "./node.ts";
import { testProvider } from "./self-test.ts";
import type { Provider } from "./session.ts";
import { accumulationFaults, gradientFaults } from "./testing.ts";
import { opCases } from "./testing-cases.ts";

const ADAPTER = process.env["RECKON_WEBGPU"];

/** Only asked for: a driver that is there but broken could end the process. */
async function webgpu(): Promise<Provider | undefined> {
  if (ADAPTER === undefined) return undefined;
  if (ADAPTER === "swiftshader") {
    process.env["VK_ICD_FILENAMES"] = "/usr/lib/chromium/vk_swiftshader_icd.json";
    process.env["XDG_RUNTIME_DIR"] ??= mkdtempSync(join(tmpdir(), "reckon-xdg-"));
  }
  return (await testProvider(await deviceProvider("webgpu"))).provider;
}

const cpu = await cpuProvider();
const graphics = await webgpu();
const suites: readonly (readonly [Provider, "fused" | "portable"])[] = [
  [cpu, "fused"],
  [cpu, "portable"],
  ...(graphics === undefined ? [] : [[graphics, graphics.target] as const]),
];

for (const [provider, target] of suites) {
  for (const [index, { name }] of opCases.entries()) {
    test(`gradient of ${name} (${provider.name}, ${target})`, async () => {
      // The processor's differences serve the graphics card: there each would cost two slow runs.
      assert.deepEqual(await gradientFaults(index, target, provider, cpu), []);
    });
  }

  test(`gradients are added to what is there (${provider.name}, ${target})`, async () => {
    assert.deepEqual(await accumulationFaults(target, provider), []);
  });
}

test("webgpu", {
  skip: graphics === undefined && "RECKON_WEBGPU is not set: no gradients were checked on onnxruntime-node's WebGPU",
}, () => {
  assert.equal(graphics?.name, "webgpu");
});
