/** A benchmark's result as lines for a terminal. */
import type { PowerLaw } from "./fit.ts";
import { decodeVerdict, floorWords, formatValue, grpoVerdict, stepVerdicts, type Verdict } from "./floors.ts";
import type { GrowthResult } from "./growth.ts";
import type { GrpoResult, GrpoSide } from "./grpo.ts";
import { lowerBound, NOT_ADDED_UP } from "./pair.ts";
import type { BenchResult, Side } from "./result.ts";
import { wholeStep } from "./whole.ts";

export function describeResult(result: BenchResult): string[] {
  const { ours, peer, optimizer } = result;
  const step = result.bench === "step";
  const ms = (value: number): string => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
  const rate = (value: number): string => `${value.toLocaleString("en-US")} tokens/s`;
  const lines = [
    `${result.bench} ${result.config} on ${result.threads} ${result.threads === 1 ? "core" : "cores"} of ${result.cpu}; load ${result.load.join(" → ")}`,
    `  reckon   ${ms(ours.wall)} (cpu ${ms(ours.cpu)})  ${rate(ours.tokensPerSecond)}  [${ours.how}]`,
  ];
  const others = (side: Side): string[] =>
    Object.entries(side.other ?? {}).map(
      ([name, { wall, cpu, how }]) =>
        `           ${ms(wall)} (cpu ${ms(cpu)})  [${name}${how === undefined ? "" : `: ${how}`}]`,
    );
  lines.push(...others(ours));
  const bound = lowerBound(result);
  if (peer)
    lines.push(
      `  PyTorch  ${ms(peer.wall)} (cpu ${ms(peer.cpu)})  ${rate(peer.tokensPerSecond)}  [${peer.how}]`,
      ...others(peer),
      `  ratio    ${result.ratio}${step ? " of the gradients" : `; ${plainWords(decodeVerdict(result))}`}  (cpu ${(peer.cpu / ours.cpu).toFixed(3)})`,
      ...(bound ? [`           at least ${bound.ratio} beside ${NOT_ADDED_UP}`] : []),
    );
  else lines.push(`  no PyTorch to compare with: ${result.peerMissing}`);
  const { compiled, matmulRate } = result;
  if (compiled)
    lines.push(
      `  compiled ${ms(compiled.wall)} (cpu ${ms(compiled.cpu)})  ${rate(compiled.tokensPerSecond)}  [${compiled.how}]`,
      `  ratio    ${compiled.ratio}, after ${compiled.compileSeconds} s of compiling`,
    );
  else if (peer) lines.push(`  not compiled: ${result.compiledMissing}`);
  lines.push(
    `  ${ours.gflops} GFLOP/s${step ? " of the gradients" : ""}, ${(100 * result.fraction).toFixed(0)} % of the best plain product: ${matmulRate.gflops} [${matmulRate.how}]${step ? `; ${plainWords(stepVerdicts(result)[1])}` : ""}`,
  );
  if (optimizer)
    lines.push(
      `  optimiser's step ${ms(optimizer.ours.wall)}${optimizer.peer ? `, PyTorch ${ms(optimizer.peer.wall)}, ratio ${optimizer.ratio}` : ""}`,
    );
  const all = step ? wholeStep(result) : null;
  if (all)
    lines.push(
      `  whole step ${ms(all.ours.wall)}${all.peer ? `, PyTorch ${ms(all.peer.wall)}, ratio ${all.ratio}; ${plainWords(stepVerdicts(result)[0])}` : ""}`,
    );
  if (result.agreement)
    lines.push(
      `  agreement: ${Object.entries(result.agreement)
        .map(([key, value]) => `${key} ${value.toPrecision(2)}`)
        .join(", ")}`,
    );
  return lines;
}

export function describeGrpo(result: GrpoResult): string[] {
  const { ours, peer, job, ratios, footprint } = result;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
  const side = (name: string, one: GrpoSide): string =>
    `  ${name} ${seconds(one.wall)} a step (generate ${seconds(one.generate)}, train ${seconds(one.train)}), ${one.rssMiB} MiB, first step after ${one.firstStepSeconds} s  [${one.how}]`;
  const lines = [
    `grpo: ${job.prompts} prompts × ${job.samples} samples × ${job.newTokens} new tokens on ${result.threads} ${result.threads === 1 ? "core" : "cores"} of ${result.cpu}; load ${result.load.join(" → ")}`,
    side("reckon", ours),
  ];
  if (peer && ratios)
    lines.push(
      side("TRL   ", peer),
      `  ratio  ${result.ratio} (generate ${ratios.generate}, train ${ratios.train}, memory ${ratios.memory}); ${plainWords(grpoVerdict(result))}`,
    );
  else lines.push(`  no TRL to compare with: ${result.peerMissing}`);
  lines.push(`  installed: ${footprint.ours} MB${footprint.peer === null ? "" : `, TRL ${footprint.peer} MB`}`);
  return lines;
}

/** "floor 1.10: met, aim 1.30: not reached" */
function plainWords(verdict: Verdict): string {
  const { what, value, aim } = verdict;
  if (value === null) return `not judged: ${verdict.unjudged}`;
  const goal = aim === null ? "" : `, aim ${formatValue(what, aim)}: ${value >= aim ? "reached" : "not reached"}`;
  return `${floorWords(verdict).replaceAll("**", "")}${goal}`;
}

export function describeGrowth(result: GrowthResult): string[] {
  const lines = [`growth on one core of ${result.cpu}; load ${result.load.join(" → ")}`];
  for (const { kind, axis, time, memory } of result.fits) {
    lines.push(`  ${kind} by ${axis}: time ∝ x^${formatExponent(time)}, memory ∝ x^${formatExponent(memory)}`);
    for (const { x, ms, fraction, rssMiB } of result.ours.filter((one) => one.kind === kind && one.axis === axis))
      lines.push(`    ${String(x).padStart(10)}  ${ms.toFixed(2)} ms  ${(100 * fraction).toFixed(0)} %  ${rssMiB} MiB`);
  }
  return lines;
}

/** "0.96 (0.91 to 1.01), 0.8 until 4e6, then 1.1" */
export function formatExponent({ exponent, interval, bend }: PowerLaw): string {
  const range = interval ? ` (${interval[0].toFixed(2)} to ${interval[1].toFixed(2)})` : "";
  const two = bend ? `, ${bend.before.toFixed(2)} up to ${bend.x.toPrecision(2)}, then ${bend.after.toFixed(2)}` : "";
  return `${exponent.toFixed(2)}${range}${two}`;
}
