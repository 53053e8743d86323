/** `reckon bench report`: docs/performance.md and its picture, from bench/results alone. */

import { formatExponent } from "./describe.ts";
import { FLOORS, judged } from "./floors.ts";
import type { GrowthAxis, GrowthPoint, GrowthResult } from "./growth.ts";
import type { GrpoResult } from "./grpo.ts";
import { type Panel, plot, type Series } from "./plot.ts";
import type { BenchResult } from "./result.ts";
import { type AnyResult, ageOf, type Results } from "./results.ts";

const two = (value: number): string => value.toFixed(2);
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
const ms = (value: number): string => value.toFixed(value < 100 ? 1 : 0);
const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
const seconds = (value: number): string => `${(value / 1000).toFixed(1)} s`;

/** A table in Markdown. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A dagger behind what was measured on other code than the present. */
function mark({ commit }: AnyResult): string {
  return ageOf(commit) === "present" ? "" : " †";
}

const label = (result: BenchResult): string => `${result.config}, ${cores(result.threads)}${mark(result)}`;
const cores = (threads: number): string => (threads === 1 ? "1 core" : `${threads} cores`);

/** @param picture path of the plot as the document names it */
export function performanceReport(results: Results, picture: string): string {
  const { steps, decodes, grpo, growth, firstCurve } = results;
  const every: AnyResult[] = [...steps, ...decodes, ...results.profiles, growth, ...grpo, firstCurve];
  return `${[
    "# Speed and cost, measured",
    `Made from \`bench/results\` by \`npm run reckon -- bench report\`; \`npm run reckon -- bench all\` measures everything again
([bench/README.md](../bench/README.md) says how, and what makes it fair). What was changed in the engine because of such
measurements stands in [decisions/004](decisions/004-engine-speed.md). Ratios are the peer's time over ours: above 1 we are faster.`,
    setting(every),
    age(every),
    "## Training step",
    `Gradients of one batch: a 32 × 96 tokens, b 16 × 96, c 2 × 256. GFLOP/s counts useful operations (6 for each weight and
token, and attention); "of the best product" sets it against the fastest plain matrix product that ONNX Runtime or PyTorch did
in the same turns on as many cores, over the shapes of the configuration and 1024³.`,
    stepTable(steps),
    verdict(steps),
    compiledTable("Beside PyTorch's compiler", [...steps, ...decodes]),
    "## Decoding",
    "64 prompts of 32 tokens, 128 new tokens each, drawn at temperature 1. There is no floor for it.",
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
  return `† ${old.length} of ${every.length} results were measured on another state of the engine than this commit's.`;
}

function stepTable(steps: readonly BenchResult[]): string {
  return table(
    ["", "ms", "tokens/s", "GFLOP/s", "of the best product", "PyTorch eager, ms", "ratio", "AdamW, ms (PyTorch)"],
    steps.map((result) => {
      const { ours, peer, optimizer, fraction, ratio } = result;
      const floor = FLOORS[result.config];
      return [
        label(result),
        ms(ours.wall),
        whole(ours.tokensPerSecond),
        ms(ours.gflops),
        judged(fraction, floor.fraction, percent),
        peer ? ms(peer.wall) : "–",
        ratio === null ? "–" : judged(ratio, floor.ratio, two),
        optimizer ? `${ms(optimizer.ours.wall)} (${optimizer.peer ? ms(optimizer.peer.wall) : "–"})` : "–",
      ];
    }),
  );
}

function verdict(steps: readonly BenchResult[]): string {
  const missed = steps.flatMap((result) => {
    const floor = FLOORS[result.config];
    const out: string[] = [];
    if (result.fraction < floor.fraction)
      out.push(
        `${label(result)}: ${percent(result.fraction)} of the best product instead of ${percent(floor.fraction)}`,
      );
    if (result.ratio !== null && result.ratio < floor.ratio)
      out.push(`${label(result)}: ${two(result.ratio)} times PyTorch eager instead of ${two(floor.ratio)}`);
    return out;
  });
  return missed.length === 0 ? "Every floor is met." : `Missed: ${missed.join("; ")}.`;
}

function compiledTable(title: string, results: readonly BenchResult[]): string {
  const rows = results.map((result) => {
    const { compiled, compiledMissing, bench } = result;
    const name = `${bench} ${label(result)}`;
    if (!compiled) return [name, "–", "–", "–", compiledMissing ?? ""];
    return [name, ms(compiled.wall), two(compiled.ratio), `${compiled.compileSeconds.toFixed(0)} s`, compiled.how];
  });
  return `### ${title}\n\nThe fastest way that was found in its time; compiling is not in the times.\n\n${table(
    ["", "torch.compile, ms", "ratio", "compiling", "how, or why not"],
    rows,
  )}`;
}

function decodeTable(decodes: readonly BenchResult[]): string {
  return table(
    ["", "ms", "tokens/s", "GFLOP/s", "PyTorch eager, ms", "ratio"],
    decodes.map((result) => [
      label(result),
      ms(result.ours.wall),
      whole(result.ours.tokensPerSecond),
      ms(result.ours.gflops),
      result.peer ? ms(result.peer.wall) : "–",
      result.ratio === null ? "–" : two(result.ratio),
    ]),
  );
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
          `${cores(result.threads)}: ${two(result.ratio)} times as fast (sampling ${two(result.ratios.generate)}, training ${two(result.ratios.train)}), ${two(result.ratios.memory)} times the memory for TRL`,
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
    ["installing", `${(ours.installed - ours.cloned).toFixed(0)} s, npm's cache being warm`, install],
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

const AXES: Readonly<Record<GrowthAxis, string>> = {
  parameters: "parameters",
  batch: "tokens or rows at once",
  length: "length of a sequence",
};

function growthText(growth: GrowthResult, picture: string): string {
  const rows = growth.fits.map(({ kind, axis, time, memory }) => {
    const points = growth.ours.filter((point) => point.kind === kind && point.axis === axis);
    const [first, last] = [points[0]!, points.at(-1)!];
    return [
      `${kind} by ${AXES[axis]}`,
      `${whole(first.x)} to ${whole(last.x)}`,
      formatExponent(time),
      formatExponent(memory),
      `${percent(first.fraction)} → ${percent(last.fraction)}`,
    ];
  });
  return `![Time, memory and share of the best product against parameters, batch and length](${picture})

One core${mark(growth)}. A training step by parameters reads 16 × 96 tokens, decoding 64 rows; by batch and length the model is
a, and a step by length always reads 3,072 tokens. Exponents with 95 % intervals; a bend is told where two lines fit better.
Memory is the peak of the process less what it has when it is empty.

${table(["", "from … to", "time grows with exponent", "memory grows with exponent", "of the best product"], rows)}`;
}

const BLUE = "#0969da";
const ORANGE = "#bc4c00";

/** The picture of the growth. */
export function growthPlot(growth: GrowthResult): string {
  const series = (axis: GrowthAxis, y: (point: GrowthPoint) => number): Series[] =>
    (["step", "decode"] as const).map((kind) => ({
      label: kind === "step" ? "training step" : "decoding",
      color: kind === "step" ? BLUE : ORANGE,
      points: growth.ours
        .filter((point) => point.kind === kind && point.axis === axis)
        .map((point) => ({ x: point.x, y: y(point) })),
    }));
  const panel = (title: string, axis: GrowthAxis, y: string, of: (point: GrowthPoint) => number): Panel => ({
    title,
    x: AXES[axis],
    y,
    series: series(axis, of),
  });
  const share = (title: string, axis: GrowthAxis): Panel => ({
    ...panel(title, axis, "of the best product", (point) => Math.min(1, point.fraction)),
    linear: { top: 1 },
  });
  const time = "ms a batch / a token for all rows";
  return plot(
    [
      panel("Time by parameters", "parameters", time, ({ ms: took }) => took),
      panel("Time by batch", "batch", time, ({ ms: took }) => took),
      panel("Time by length", "length", time, ({ ms: took }) => took),
      share("Efficiency by parameters", "parameters"),
      share("Efficiency by batch", "batch"),
      share("Efficiency by length", "length"),
      panel("Memory by parameters", "parameters", "peak MiB", ({ rssMiB }) => rssMiB),
      panel("Memory by batch", "batch", "peak MiB", ({ rssMiB }) => rssMiB),
      panel("Memory by length", "length", "peak MiB", ({ rssMiB }) => rssMiB),
    ],
    3,
  );
}
