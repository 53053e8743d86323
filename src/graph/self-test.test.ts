/** The self-test passes what is sound, finds what is wrong, and decides who computes. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { ReckonError } from "../util/errors.ts";
import { cpuProvider, nodeProvider } from "./node.ts";
import { firstSound, type ProviderWarning } from "./providers.ts";
import { selfTest, testProvider } from "./self-test.ts";
import type { Provider, Session, Value } from "./session.ts";

const cpu = await cpuProvider();

/** The CPU with a fault of its own in every run. */
function faulty(spoil: (fetches: Readonly<Record<string, Value>>, nodes: readonly string[]) => void): Provider {
  return {
    ...cpu,
    name: "faulty",
    async session(graph, options): Promise<Session> {
      const session = await cpu.session(graph, options);
      const nodes = graph.nodes.map(({ type }) => type);
      return {
        async run(feeds, fetches) {
          await session.run(feeds, fetches);
          spoil(fetches, nodes);
        },
        release: () => session.release(),
      };
    },
  };
}

/** As some graphics cards had it: the fused normalisation's gradient alone is off. */
const wrongNorm = faulty((fetches, nodes) => {
  const dx = fetches["d.x"];
  if (dx && nodes.includes("SimplifiedLayerNormalization")) (dx.data as Float32Array)[0]! *= 2;
});

/** Results are lost: what a provider does that takes fetches and writes elsewhere. */
const lost = faulty((fetches) => {
  for (const { data } of Object.values(fetches)) (data as Float32Array).fill(0);
});

test("the CPU passes on both targets", async () => {
  for (const target of ["fused", "portable"] as const) {
    const report = await selfTest(cpu, target);
    assert.deepEqual(report.faults, []);
    assert.equal(report.checks.length, 9);
    assert.deepEqual([report.provider, report.target], ["cpu", target]);
  }
});

test("a wrong second output of a fused operator is found, and standard operators are used", async () => {
  const { provider, reports } = await testProvider(wrongNorm);
  assert.equal(provider.target, "portable");
  assert.deepEqual(
    reports.map(({ target, faults }) => [target, faults.map(({ check }) => check)]),
    [
      ["fused", ["RMSNorm"]],
      ["portable", []],
    ],
  );
  assert.match(reports[0]!.faults[0]!.message, /^d\.x\[0\] is -?\d.*, must be -?\d/);
});

test("a provider that is wrong throughout is refused with what is wrong; every check can fail", async () => {
  await assert.rejects(testProvider(lost), (error: unknown) => {
    assert.ok(error instanceof ReckonError && error.code === "PROVIDER_REFUSED");
    assert.match(error.got ?? "", /matrix product: out\[0\] is 0, must be 2\.5/);
    return true;
  });
  const { faults, checks } = await selfTest(lost);
  assert.equal(faults.length, checks.length);
});

test("the first sound provider is taken, and the reasons of the others are told", async () => {
  const warnings: ProviderWarning[] = [];
  const source = (provider: Provider) => ({ name: provider.name, load: async () => provider });
  const broken = {
    name: "broken",
    load: () => Promise.reject(new ReckonError("PROVIDER_MISSING", "there is none", { got: "no driver" })),
  };
  const { provider } = await firstSound([broken, source(lost), source(cpu)], (warning) => warnings.push(warning));
  assert.equal(provider.name, "cpu");
  assert.deepEqual(
    warnings.map(({ code, provider: name }) => [code, name]),
    [
      ["PROVIDER_REFUSED", "broken"],
      ["PROVIDER_REFUSED", "faulty"],
    ],
  );
  assert.equal(warnings[0]!.message, "the provider broken is not used: there is none (no driver); faulty takes over");

  const half: ProviderWarning[] = [];
  const taken = await firstSound([source(wrongNorm), source(cpu)], (warning) => half.push(warning));
  assert.deepEqual([taken.provider.name, taken.provider.target], ["faulty", "portable"]);
  assert.deepEqual(
    half.map(({ code }) => code),
    ["PROVIDER_PORTABLE"],
  );
  await assert.rejects(
    firstSound([broken, broken], () => undefined),
    /there is none/,
  );
});

test("a machine without CUDA goes on with the CPU and says why", { skip: existsSync("/dev/nvidia0") }, async () => {
  const warnings: ProviderWarning[] = [];
  const { provider } = await nodeProvider("cuda", (warning) => warnings.push(warning));
  assert.equal(provider.name, "cpu");
  assert.match(warnings[0]?.message ?? "", /^the provider cuda is not used: .*CUDA|cuda.*; cpu takes over$/);
});
