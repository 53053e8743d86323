/**
 * Measures everything that is claimed about speed and writes bench/results/NAME.json: training steps and decoding at each
 * size, on one core and on two, each in a process of its own beside PyTorch.
 *
 *   RECKON_PYTHON=~/venv/bin/python node bench/measure.ts [--rounds 7] [--only step-a-1,decode-c-2]
 *
 * The machine should be idle; each result says how loaded it was.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { BenchResult } from "../src/cli/bench/result.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "7" }, only: { type: "string" } } });
const only = values.only?.split(",");
const folder = join(import.meta.dirname, "results");
const main = join(import.meta.dirname, "..", "src", "cli", "main.ts");
mkdirSync(folder, { recursive: true });

for (const bench of ["step", "decode"]) {
  for (const config of ["a", "b", "c"]) {
    for (const threads of ["1", "2"]) {
      const name = `${bench}-${config}-${threads}`;
      if (only && !only.includes(name)) continue;
      const args = ["bench", bench, "--config", config, "--threads", threads, "--rounds", values.rounds, "--json"];
      const { status, stdout } = spawnSync(process.execPath, [main, ...args], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      });
      if (status !== 0) {
        process.exitCode = 1;
        continue;
      }
      const result = JSON.parse(stdout) as BenchResult;
      if (result.peer === null) process.exitCode = 1;
      else writeFileSync(join(folder, `${name}.json`), stdout);
    }
  }
}
