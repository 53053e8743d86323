/** What is told on a disk that is really full, that nothing is lost by it, and that all goes on when there is room. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { noSmallDisk, onSmallDisk } from "../../test/small-disk.ts";
import { explainFailure } from "./command.ts";

const TRAINING = [
  "one stage, before it is begun",
  "several stages, before they are begun",
  "graded chains, at their end",
  "sampled answers, at their first chunk",
  "sampled answers, at their end",
  "between two stages",
  "a second stage, before it is begun",
  "a second stage, while it works",
];

describe("a disk that is really full", { skip: noSmallDisk() }, () => {
  for (const scenario of TRAINING) {
    test(`training: ${scenario}`, () => {
      const { stdout, stderr } = onSmallDisk("3m", "full-disk-train-child.ts", scenario);
      assert.equal(stdout, "all well\n", stderr);
    });
  }
  for (const command of ["export", "report", "output", "progress"]) {
    test(`what a command writes: ${command}`, () => {
      const { stdout, stderr } = onSmallDisk("12m", "full-disk-commands-child.ts", command);
      assert.equal(stdout, "all well\n", stderr);
    });
  }
});

test("a full disk is never told as a fault of the program's", { skip: !existsSync("/dev/full") }, () => {
  const { text, exitCode } = explainFailure(catching(() => writeFileSync("/dev/full", "x")));
  assert.equal(exitCode, 1);
  assert.match(text, /RUN_DISK.*cannot be written: the disk is full[\s\S]*give the same command again/);
  assert.doesNotMatch(text, /fault of Reckon's/);
  const fault = explainFailure(catching(() => assert.fail("internal: a fault")));
  assert.match(fault.text, /internal: a fault[\s\S]*fault of Reckon's/);
});

function catching(action: () => void): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
