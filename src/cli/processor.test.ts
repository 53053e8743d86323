import assert from "node:assert/strict";
import { test } from "node:test";
import { processor } from "./processor.ts";

test("a processor is told with its generation where Linux knows it", () => {
  const info = "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n";
  assert.equal(processor("AMD EPYC ", info), "AMD EPYC (family 26, model 2)");
  assert.equal(processor("Neoverse-N1", "processor\t: 0\nCPU part\t: 0xd0c\n"), "Neoverse-N1");
  assert.equal(processor("Apple M2", ""), "Apple M2");
  assert.equal(processor("", ""), "unknown processor");
});
