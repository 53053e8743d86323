/** `reckon bench report`: docs/performance.md and its picture, from bench/results alone. */

import { CONFIGURATIONS, type ConfigurationName } from "./configurations.ts";
import { verdictsText } from "./floor-report.ts";
import { decodeVerdict, floorWords, formatValue, grpoVerdict, judged, stepVerdicts, verdicts } from "./floors.ts";
import type { GrpoResult } from "./grpo.ts";
import { cores, mark, ms, percent, seconds, table, two, whole } from "./markdown.ts";
import { lowerBound, NOT_ADDED_UP, TWO_PROCESSES } from "./pair.ts";
import { checkReasons, type Reasons, readReasons } from "./reasons.ts";
import { growthText } from "./report-growth.ts";
import type { BenchResult, WholeStep } from "./result.ts";
import { type AnyResult, changesSince, type Results } from "./results.ts";
import { wholeStep } from "./whole.ts";

export { growthPlot } from "./report-growth.ts";

const label = (result: BenchResult): string => `${result.config}, ${cores(result.threads)}${mark(result)}`;

/**
 * @param picture path of the plot as the document names it
 * @param reasons why floors are missed, by their names; default bench/reasons.json
 * @throws ReckonError BENCH_REASONS
 */
export function performanceReport(results: Results, picture: string, reasons: Reasons = readReasons()): string {
  const { steps, decodes, grpo, growth, firstCurve } = results;
  const floors = verdicts(steps, decodes, grpo);
  checkReasons(
    reasons,
    floors.map(({ name }) => name),
  );
  const every: AnyResult[] = [...steps, ...decodes, ...results.profiles, growth, ...grpo, firstCurve];
  return `${[
    "# Speed and cost, measured",
    `Made from \`bench/results\` by \`npm run reckon -- bench report\`; \`npm run reckon -- bench all\` measures everything again
([bench/README.md](../bench/README.md) says how, and what makes it fair). What was changed in the engine because of such
measurements stands in [decisions/004](decisions/004-engine-speed.md). Ratios are the peer's time over ours: above 1 we are faster.`,
    setting(every),
    age(every),
    "## Floors and aims",
    verdictsText(floors, reasons),
    "## Training step",
    `One batch: a 32 × 96 tokens, b 16 × 96, c 2 × 256. A step is its gradients and the optimiser's step after them (norm, clipping,
AdamW), of both sides; times of the whole are the sums of the two medians, and the floors of the ratio are for the whole.

On two cores PyTorch has two threads inside each operator. In ${NOT_ADDED_UP}, each takes half of the
batch: what that takes, and its ratio to our gradients, is a lower bound of what PyTorch takes that way, and enters no other column.`,
    stepTable(steps),
    `The rate is about the products of the gradients and leaves the optimiser out, which multiplies no matrices. GFLOP/s counts useful
operations (6 for each weight in a product and token, and attention over all S × S pairs, the masked half included, as is usual (PaLM, appendix
B): both sides compute it); "of the best product" sets it against the fastest plain matrix product that
ONNX Runtime or PyTorch did in the same turns on as many cores, over the shapes of the configuration and 1024³.`,
    rateTable(steps),
    compiledTable("Beside PyTorch's compiler", [...steps, ...decodes]),
    "## Decoding",
    `64 prompts of 32 tokens, 128 new tokens each, drawn at temperature 1. The share of the best product has no floor here: a token takes
products of 64 rows with matrices that are each read once, which cannot be done at that rate. Useful operations are 2 for each weight
in a product and token, and attention over only the pairs that are there. On two cores PyTorch is the faster of two threads inside
each operator and ${TWO_PROCESSES} with half of the prompts each; the last column has the other.`,
    decodeTable(decodes),
    "## A whole step of reinforcement learning, beside TRL",
    grpoText(grpo),
    firstCurveText(results),
    "## Where the time of a training step goes",
    profileTable(results),
    "## How cost grows",
    growthText(growth, picture),
    "## Origin of the figures",
    table(
      ["result", "commit", "load before → after"],
      every.map((result) => [`${result.name}${mark(result)}`, result.commit, result.load.join(" → ")]),
    ),
  ].join("\n\n")}\n`;
}

function setting(every: readonly AnyResult[]): string {
  const versions = new Map<string, Set<string>>();
  for (const result of every)
    for (const [name, version] of Object.entries(result.versions))
      versions.set(name, (versions.get(name) ?? new Set()).add(version));
  const list = [...versions].map(([name, some]) => `${name} ${[...some].join(" and ")}`).join(", ");
  return `Machine: ${[...new Set(every.map((result) => result.cpu))].join("; ")}. Versions: ${list}.`;
}

function age(every: readonly AnyResult[]): string {
  const old = every.filter((result) => mark(result) !== "");
  if (old.length === 0) return "All of it was measured on the present engine.";
  const said = `† ${old.length} of ${every.length} results were measured on another state of the engine than this commit's.`;
  const histories = [...new Set(old.map(({ commit }) => commit))].map(changesSince);
  const longest = histories.reduce((a, b) => (b.length > a.length ? b : a), []);
  return longest.length === 0 ? said : `${said} Since the oldest of them:\n\n${listed(longest)}`;
}

/** Changes that are named. */
const MOST_CHANGES = 8;

function listed(changes: readonly string[]): string {
  const rest = changes.length - MOST_CHANGES;
  const lines = changes.slice(0, MOST_CHANGES).map((change) => `- ${change}`);
  return [...lines, ...(rest > 0 ? [`- and ${rest} more`] : [])].join("\n");
}

function stepTable(steps: readonly BenchResult[]): string {
  const pair = (ours: number, peer: number | undefined): string =>
    `${ms(ours)} / ${peer === undefined ? "–" : ms(peer)}`;
  const ratio = (value: number | null | undefined): string => (typeof value === "number" ? two(value) : "–");
  return table(
    [
      ...["ms of Reckon / PyTorch eager", "gradients", "ratio", "PyTorch in two processes, at least", "optimiser"],
      ...["ratio", "whole step", "ratio", "tokens/s"],
    ],
    steps.map((result) => {
      const { config, ours, peer, optimizer } = result;
      const step = wholeStep(result);
      const bound = lowerBound(result);
      return [
        label(result),
        pair(ours.wall, peer?.wall),
        ratio(result.ratio),
        bound ? `${ms(bound.wall)}, ratio ${two(bound.ratio)}` : "–",
        optimizer ? pair(optimizer.ours.wall, optimizer.peer?.wall) : "–",
        ratio(optimizer?.ratio),
        step ? pair(step.ours.wall, step.peer?.wall) : "–",
        judged(stepVerdicts(result)[0]),
        step ? whole(stepRate(config, step)) : "–",
      ];
    }),
  );
}

/** Tokens a second of a whole step. */
function stepRate(config: ConfigurationName, { ours }: WholeStep): number {
  const { rows, length } = CONFIGURATIONS[config];
  return (rows * length) / (ours.wall / 1000);
}

function rateTable(steps: readonly BenchResult[]): string {
  return table(
    ["gradients", "tokens/s", "GFLOP/s", "of the best product", "best product, GFLOP/s"],
    steps.map((result) => [
      label(result),
      whole(result.ours.tokensPerSecond),
      ms(result.ours.gflops),
      judged(stepVerdicts(result)[1]),
      `${ms(result.matmulRate.gflops)} (${result.matmulRate.how})`,
    ]),
  );
}

function compiledTable(title: string, results: readonly BenchResult[]): string {
  const rows = results.map((result) => {
    const { compiled, compiledMissing, bench } = result;
    const name = `${bench === "step" ? "gradients" : bench} ${label(result)}`;
    if (!compiled) return [name, "–", "–", "–", "–", compiledMissing ?? ""];
    // Its optimiser is eager PyTorch's, fused where that is fastest: one call that there is little to compile in.
    const step = bench === "step" ? wholeStep({ ...result, peer: compiled }) : null;
    const ofWhole = bench === "decode" ? two(compiled.ratio) : step?.ratio ? two(step.ratio) : "–";
    const built = `${compiled.compileSeconds.toFixed(0)} s`;
    return [name, ms(compiled.wall), two(compiled.ratio), ofWhole, built, compiled.how];
  });
  return `### ${title}

The fastest way that was found in its time; compiling is not in the times. Of a step the gradients are compiled; for the ratio of the
whole the optimiser is that of eager PyTorch.

${table(["", "torch.compile, ms", "ratio", "ratio of the whole", "compiling", "how, or why not"], rows)}`;
}

function decodeTable(decodes: readonly BenchResult[]): string {
  return table(
    ["", "ms", "tokens/s", "GFLOP/s", "of the best product", "PyTorch eager, ms", "ratio", "PyTorch in its other way"],
    decodes.map((result) => [
      label(result),
      ms(result.ours.wall),
      whole(result.ours.tokensPerSecond),
      ms(result.ours.gflops),
      formatValue("fraction", result.fraction),
      result.peer ? ms(result.peer.wall) : "–",
      judged(decodeVerdict(result)),
      otherWays(result),
    ]),
  );
}

/** "605 ms in two threads inside each operator" */
function otherWays({ peer }: BenchResult): string {
  const ways = Object.entries(peer?.other ?? {}).map(([name, { wall }]) => `${ms(wall)} ms in ${name}`);
  return ways.length === 0 ? "–" : ways.join("; ");
}

function grpoText(grpo: readonly GrpoResult[]): string {
  const { job } = grpo[0]!;
  const rows = grpo.flatMap((result) =>
    [
      { name: "Reckon", side: result.ours },
      { name: "TRL", side: result.peer },
    ].flatMap(({ name, side }) =>
      side
        ? [
            [
              `${name}, ${cores(result.threads)}${mark(result)}`,
              seconds(side.wall),
              seconds(side.generate),
              seconds(side.train),
              whole(side.tokensPerSecond),
              `${whole(side.rssMiB)} MiB`,
              side.how,
            ],
          ]
        : [],
    ),
  );
  const ratios = grpo.flatMap((result) =>
    result.ratios && result.ratio !== null
      ? [
          `${cores(result.threads)}: ${two(result.ratio)} times as fast${floorOf(result)} (sampling ${two(result.ratios.generate)}, training ${two(result.ratios.train)}), ${two(result.ratios.memory)} times the memory for TRL${againstBest(result)}`,
        ]
      : [],
  );
  const tries = grpo.map((result) => {
    const list = result.tries.map(({ ms: took, failed, ...way }) => {
      const name = Object.entries(way)
        .map(([key, value]) => (value === true ? key : `${key} ${value}`))
        .join(", ");
      return `${name}: ${took === undefined ? `failed (${failed})` : seconds(took as number)}`;
    });
    return `- ${cores(result.threads)}: ${list.join("; ")}.`;
  });
  return [
    `${job.prompts} prompts × ${job.samples} samples × ${job.newTokens} new tokens of the shipped base in single precision, none ending early, one update.`,
    table(["", "step", "sampling", "training", "tokens/s", "peak memory", "how"], rows),
    `${ratios.join("; ")}.`,
    `TRL's ways that were tried, without gradient checkpointing, with SDPA and no reference model (time of a step):\n\n${tries.join("\n")}`,
  ].join("\n\n");
}

/** A peer's try may have been quicker than it is in turns with us, where both find the other's data in their caches. */
function againstBest({ tries, peer, ours }: GrpoResult): string {
  const best = Math.min(...tries.flatMap(({ ms: took }) => (typeof took === "number" ? [took] : [])));
  return peer && best < peer.wall
    ? `; against the quickest step of all its tries, ${seconds(best)}, ${two(best / ours.wall)}`
    : "";
}

/** ", floor 2.00: met", or why it is not judged. */
function floorOf(result: GrpoResult): string {
  const verdict = grpoVerdict(result);
  return verdict.value === null ? `, not judged: ${verdict.unjudged}` : `, ${floorWords(verdict)}`;
}

function firstCurveText({ firstCurve, grpo }: Results): string {
  const { ours, peer } = firstCurve;
  const { footprint } = grpo[0]!;
  const install = peer?.install === null || peer === null ? "–" : `${whole(peer.install)} s`;
  const size =
    footprint.peer === null
      ? "–"
      : `${whole(footprint.peer)} MB (${whole(footprint.peerWithoutCuda ?? 0)} MB without CUDA's libraries)`;
  return `### Until the first curve

${table(
  ["", `Reckon${mark(firstCurve)}`, "TRL"],
  [
    ["installed size", `${whole(footprint.ours)} MB in production, Node included`, size],
    ["installing", `${(ours.installed - ours.cloned).toFixed(0)} s, nothing being cached`, install],
    ["first point of the curve, after the clone began", `${ours.firstPoint.toFixed(0)} s`, "–"],
    [
      "first step of training",
      `${ours.firstStep.toFixed(0)} s after the clone began`,
      peer ? `${peer.firstStep.toFixed(0)} s after Python began, when all is installed` : "–",
    ],
  ],
)}`;
}

function profileTable({ profiles }: Results): string {
  const kinds = ["products", "elementwise", "transposes", "other"] as const;
  const rows = profiles.map((result) => {
    const { shares, productGflops, operators } = result.ours;
    const largest = Object.entries(operators)
      .slice(0, 6)
      .map(([name, share]) => `${name} ${percent(share)}`);
    return [
      `${result.config}${mark(result)}`,
      ...kinds.map((kind) => percent(shares[kind])),
      `${ms(productGflops)} GFLOP/s`,
      largest.join(", "),
    ];
  });
  return `Shares of the time inside kernels, one core, by ONNX Runtime's profile.\n\n${table(
    ["", "products", "elementwise", "transposes", "look-ups and moves", "rate inside products", "largest operators"],
    rows,
  )}`;
}
