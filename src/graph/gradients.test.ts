/**
 * Every differentiable op against finite differences, on each target of the CPU provider, and on the WebGPU provider where
 * there is an adapter (test/graphics.ts). Browsers have a test of their own (test/providers.browser.test.ts).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { graphicsProvider, NO_GRAPHICS } from "../../test/graphics.ts";
import { cpuProvider } from "./node.ts";
import type { Provider } from "./session.ts";
import { accumulationFaults, gradientFaults } from "./testing.ts";
import { opCases } from "./testing-cases.ts";

const cpu = await cpuProvider();
const graphics = await graphicsProvider();
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
  skip: graphics === undefined && NO_GRAPHICS,
}, () => {
  assert.equal(graphics?.name, "webgpu");
});
