/** How cost grows, in docs/performance.md: the exponents, every point, where curves bend and why; and the picture. */
import { formatExponent } from "./describe.ts";
import { type GrowthAxis, type GrowthPoint, type GrowthResult, memoryOf } from "./growth.ts";
import { type Bend, CLEAR, type Curve, curvesOf, type LocalExponent, type Quantity } from "./growth-bends.ts";
import { attentionShare, causesOf, fixedLine } from "./growth-causes.ts";
import { mark, ms, percent, table, two, whole } from "./markdown.ts";
import { type Panel, plot, type Series } from "./plot.ts";

const AXES: Readonly<Record<GrowthAxis, string>> = {
  parameters: "parameters",
  batch: "tokens or rows at once",
  length: "length of a sequence",
};

export function growthText(growth: GrowthResult, picture: string): string {
  const curves = curvesOf(growth);
  const rows = curves.map(({ kind, axis, points, time, memory }) => {
    const [first, last] = [points[0]!, points.at(-1)!];
    return [
      `${kind} by ${AXES[axis]}`,
      `${whole(first.x)} to ${whole(last.x)}`,
      formatExponent(time),
      formatExponent(memory),
      `${percent(first.fraction)} → ${percent(last.fraction)}`,
    ];
  });
  return [
    `![Time, memory and share of the best product against parameters, batch and length](${picture})`,
    `One core${mark(growth)}. A training step here is its gradients, without the optimiser's step. By parameters it reads 16 × 96
tokens, and decoding has 64 rows; by batch and length the model is a, and a step by length always reads 3,072 tokens. Exponents
with 95 % intervals; a bend is told where two lines fit better. Memory is the peak of the process less what it has when it is empty.`,
    table(["", "from … to", "time grows with exponent", "memory grows with exponent", "of the best product"], rows),
    `Point by point. The exponents in the last two columns are those from the row above to this one, **bold** where they are clearly
not the fit's: by more than ${CLEAR}, and by more than twice their noise (of the time that of the rounds, of the memory that of empty
processes). What bends a time is told exactly, as far as it goes: time is operations by formula over the best product's rate and our
share of it, so that what an exponent differs by is the sum of these three; a third of it or more is called a cause. A share above
100 % is a product that was slower in its turn than we were.`,
    ...curves.map((curve) => curveText(curve, growth)),
  ].join("\n\n");
}

function curveText(curve: Curve, growth: GrowthResult): string {
  const { kind, axis, points, pieces, bends } = curve;
  const rows = points.map((point, i) => {
    const piece = pieces[i - 1];
    const attention = attentionShare(point);
    return [
      whole(point.x),
      duration(point.ms),
      ms(point.gflops),
      percent(point.fraction),
      ms(point.matmulGflops),
      attention === null ? "–" : percent(attention),
      `${whole(memoryOf(point))} MiB`,
      piece ? localText(piece.time) : "",
      piece ? localText(piece.memory) : "",
    ];
  });
  const head = [
    ...[AXES[axis], kind === "step" ? "ms" : "ms a token for all rows", "GFLOP/s", "of the best product"],
    ...["best product, GFLOP/s", "attention's part of operations", "memory", "exponent of time", "of memory"],
  ];
  const lines = [...fixedLines(curve), ...noiseLines(curve), ...bends.map((bend) => bendText(bend, curve, growth))];
  return `### ${kind === "step" ? "Training step" : "Decoding"} by ${AXES[axis]}

${table(head, rows)}

${lines.length === 0 ? "It bends nowhere." : lines.map((line) => `- ${line}`).join("\n")}`;
}

function duration(value: number): string {
  return value < 10 ? value.toFixed(2) : ms(value);
}

function localText({ exponent, side }: LocalExponent): string {
  return side === 1 || side === -1 ? `**${two(exponent)}**` : two(exponent);
}

function bendText(bend: Bend, curve: Curve, growth: GrowthResult): string {
  const { of, from, to, exponent, fit } = bend;
  const causes = causesOf(bend, curve, growth);
  const why = causes.length === 0 ? "the cause is not known" : causes.join("; and ");
  return `${of} bends from ${whole(from.x)} to ${whole(to.x)}, ${two(exponent)} instead of ${two(fit)}: ${why}.`;
}

function fixedLines(curve: Curve): string[] {
  return (["time", "memory"] as const).flatMap((of) => {
    const line = fixedLine(of, curve);
    return line === null ? [] : [`${line[0]!.toUpperCase()}${line.slice(1)}.`];
  });
}

function noiseLines({ pieces }: Curve): string[] {
  const unknown = (["time", "memory"] as const).filter((of: Quantity) => pieces.some((one) => one[of].side === null));
  return unknown.map(
    (of) => `Whether the ${of} bends cannot be said: there are too few measurements to know its noise.`,
  );
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
  // A product that was slower in its turn than we were: a share above 1 is shown as it is.
  const top = Math.max(1, Math.ceil(4 * Math.max(...growth.ours.map((point) => point.fraction))) / 4);
  const share = (title: string, axis: GrowthAxis): Panel => ({
    ...panel(title, axis, "of the best product", ({ fraction }) => fraction),
    linear: { top },
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
