/** Sessions of the CPU provider: what a run fills, and that its failures are told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as g from "./index.ts";
import { cpuProvider } from "./node.ts";

async function doubling(): Promise<{ provider: g.Provider; session: g.Session }> {
  const provider = await cpuProvider();
  const graph = new g.Graph();
  const x = graph.input("x", ["n"]);
  graph.output("twice", g.mul(x, 2));
  graph.output("more", g.add(x, 1));
  return { provider, session: await provider.session(graph) };
}

test("a run fills the fetches that it is given, and only those", async () => {
  const { provider, session } = await doubling();
  const twice = new Float32Array(3);
  const x = provider.value(Float32Array.of(1, 2, 3), [3]);
  await session.run({ x }, { twice: provider.value(twice, [3]) });
  assert.deepEqual([...twice], [2, 4, 6]);
  await session.release();
});

test("a fetch may be the memory of a feed that is read elementwise", async () => {
  const { provider, session } = await doubling();
  const x = provider.value(Float32Array.of(1, 2, 3), [3]);
  await session.run({ x }, { twice: x });
  await session.run({ x }, { twice: x });
  assert.deepEqual([...(x.data as Float32Array)], [4, 8, 12]);
  await session.release();
});

test("a run with a feed missing or a fetch of another size fails", async () => {
  const { provider, session } = await doubling();
  const value = (size: number): g.Value => provider.value(new Float32Array(size), [size]);
  await assert.rejects(session.run({}, { twice: value(3) }), /x/);
  await assert.rejects(session.run({ x: value(3) }, { twice: value(4) }), /shape|size/i);
  await session.release();
});
