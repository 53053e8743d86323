/** What doctor says of providers: of those on this machine, and of ones that are missing, half right or wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SelfTestReport } from "../graph/self-test.ts";
import { checkProviders, findingOf } from "./provider-check.ts";

const report = (target: "fused" | "portable", ...faults: string[]): SelfTestReport => ({
  provider: "webgpu",
  target,
  checks: ["a", "b", "c"],
  faults: faults.map((check) => ({ check, message: "d.x[0] is 1, must be 2" })),
  milliseconds: 12.3,
});

test("this machine's providers are listed: the CPU passes, the others pass or say why not", async () => {
  const findings = await checkProviders();
  assert.deepEqual(
    findings.map(({ check }) => check),
    ["cpu", "webgpu", "cuda"],
  );
  assert.equal(findings[0]!.status, "ok");
  assert.match(findings[0]!.detail, /^passed all \d+ self-tests in \d+ ms$/);
  for (const { status, detail } of findings.slice(1)) {
    assert.notEqual(status, "failed", "an extra that is missing breaks nothing");
    assert.match(detail, /^(passed all \d+ self-tests|refused: failed|not here: \S)/);
  }
  assert.match(findings[2]!.detail, /CUDA/);
});

test("a provider whose own operators are wrong is used with standard ones, one that is wrong with these is refused", () => {
  const half = findingOf("webgpu", { kind: "tested", fused: report("fused", "b"), portable: report("portable") });
  assert.equal(half.status, "ok");
  assert.equal(
    half.detail,
    "passed all 3 self-tests with standard operators, and is used with these: its own fail (b: d.x[0] is 1, must be 2)",
  );
  const wrong = { kind: "tested", fused: report("fused", "b"), portable: report("portable", "a", "c") } as const;
  const refused = findingOf("webgpu", wrong);
  assert.deepEqual([refused.status, refused.help], ["warning", "The CPU is used. A newer driver may help."]);
  assert.match(refused.detail, /^refused: failed 2 of 3 self-tests \(a: d\.x\[0\] is 1, must be 2; c: /);
  assert.equal(findingOf("cpu", wrong).status, "failed");
  assert.equal(findingOf("cpu", { kind: "missing", reason: "no library", help: "Install it." }).help, "Install it.");
});
