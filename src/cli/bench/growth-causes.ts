/**
 * Why a curve of the growth bends, as far as its results hold what tells it.
 *
 * A point's time is its operations over (the best plain product's rate × our share of it), so an exponent of time is that
 * of the operations less those of the other two, between two points as in the fit: what an exponent differs by from the
 * fit's falls exactly into three parts. A part is a cause where it makes up a third of the difference or more. The share
 * falls into two again where the rates of the model's own products are there. Memory is set against what formulas say.
 */
import { decodingFlops, trainingFlops, weightsInProducts } from "./configurations.ts";
import { type FixedPart, fixedPart } from "./fit.ts";
import { type GrowthPoint, type GrowthResult, memoryOf } from "./growth.ts";
import { type Bend, between, type Curve, quantity } from "./growth-bends.ts";
import { modelOf } from "./growth-models.ts";
import { percent, two } from "./markdown.ts";

const MIB = 1024 ** 2;
/** Of a difference: what less than this makes up is no cause. */
const PART = 1 / 3;
/** A share that changes by less does not bend a curve. */
const SHIFT = 0.1;
/** How many times nearer to the points a fixed part must lead than the power law does. */
const BETTER = 4;
/** What is in every list of products, whatever the model is. */
const COMMON = "1024×1024×1024";

/** In words, the largest first; empty where it is not known. */
export function causesOf(bend: Bend, curve: Curve, growth: GrowthResult): string[] {
  return bend.of === "time" ? timeCauses(bend, curve, growth) : memoryCauses(bend, curve);
}

/** Attention's part of the operations, by formula. */
export function attentionShare({ axis, parameters, work }: GrowthPoint): number | null {
  const model = modelOf(axis, parameters);
  if (!model) return null;
  const weights = weightsInProducts(model);
  if (work.kind === "step") {
    const { rows, length } = work;
    return 1 - (6 * rows * length * weights) / trainingFlops({ model, rows, length });
  }
  return 1 - (2 * work.rows * (work.prompt + work.newTokens - 1) * weights) / decodingFlops({ model }, work);
}

function timeCauses(bend: Bend, curve: Curve, growth: GrowthResult): string[] {
  const { from, to } = bend;
  const apart = bend.exponent - bend.fit;
  const part = (sign: 1 | -1, of: (point: GrowthPoint) => number, words: (exponents: string) => string) => {
    const [here, all] = [between([from, to], of), between(curve.points, of)];
    return {
      size: (sign * (here - all)) / apart,
      words: () => words(`exponent ${two(here)} here, ${two(all)} of the whole curve`),
    };
  };
  const parts = [
    part(
      1,
      ({ ms, gflops }) => ms * gflops,
      (exponents) => `operations (${exponents})${details(from, to)}`,
    ),
    part(
      -1,
      ({ matmulGflops }) => matmulGflops,
      (exponents) =>
        `the best product itself, ${change(from, to, ({ matmulGflops: rate }) => `${rate}`)} GFLOP/s (${exponents})`,
    ),
    ...shareParts(curve, (of, name, why) =>
      part(-1, of, (exponents) => {
        const values = change(from, to, (point) => percent(of(point)));
        return `${name}, ${values} (${exponents})${why ?? reason(bend, curve, growth)}`;
      }),
    ),
  ];
  return parts
    .filter(({ size }) => size >= PART)
    .sort((a, b) => b.size - a.size)
    .map(({ words }) => words());
}

type PartOf<T> = (of: (point: GrowthPoint) => number, name: string, why?: string) => T;

/** Our share of the best product, or where they were kept the two factors of it. */
function shareParts<T>({ points }: Curve, part: PartOf<T>): T[] {
  const fraction = ({ gflops, matmulGflops }: GrowthPoint): number => gflops / matmulGflops;
  if (points.some((point) => ownRate(point) === null)) return [part(fraction, "our share of the best product")];
  return [
    part((point) => ownRate(point)! / point.matmulGflops, "plain products of its own shapes, of the best product", ""),
    part((point) => point.gflops / ownRate(point)!, "our share of plain products of its own shapes"),
  ];
}

/** As many operations in each of the model's own products: GFLOP/s; null in results that did not keep them. */
function ownRate({ products }: GrowthPoint): number | null {
  const rates = Object.entries(products ?? {}).filter(([name]) => !name.startsWith(COMMON));
  if (rates.length === 0) return null;
  return rates.length / rates.reduce((sum, [, rate]) => sum + 1 / rate, 0);
}

/** What the operations consist of, where that changes. */
function details(from: GrowthPoint, to: GrowthPoint): string {
  const shares: readonly (readonly [string, (point: GrowthPoint) => number | null, number])[] = [
    ["attention's share of them by formula", attentionShare, 0.02],
    ["the prompt's share of the tokens", promptShare, 0.05],
  ];
  return shares
    .flatMap(([name, of, least]) => {
      const [before, after] = [of(from), of(to)];
      if (before === null || after === null || Math.abs(after - before) < least) return [];
      return [`; ${name}: ${percent(before)} → ${percent(after)}`];
    })
    .join("");
}

function promptShare({ work }: GrowthPoint): number | null {
  return work.kind === "decode" ? work.prompt / (work.prompt + work.newTokens - 1) : null;
}

/** What lies behind a change of our share. Caches that are passed between two points are said, not proved to be why. */
function reason(bend: Bend, curve: Curve, { caches = {} }: GrowthResult): string {
  const { from, to } = bend;
  if (fixedExplains(bend, curve)) return "; the fixed part weighs less as the rest grows";
  const byFormula = from.axis === "parameters";
  const bytes = (point: GrowthPoint): number => (byFormula ? weightBytes(point) : memoryOf(point) * MIB);
  const passed = Object.entries(caches).filter(([, size]) => bytes(from) <= size && size < bytes(to));
  if (passed.length === 0) return "; why is not known";
  const what = byFormula ? weightsName(from) : "memory";
  const names = passed.map(([name, size]) => `${name} (${megabytes(size)})`).join(" and ");
  return `; ${what}, ${change(from, to, (point) => megabytes(bytes(point)))}, outgrows the cache ${names} on the way, which may be why`;
}

function memoryCauses(bend: Bend, curve: Curve): string[] {
  const { from, to, exponent, fit } = bend;
  const grown = Math.sign(exponent - fit);
  const causes: string[] = [];
  for (const { name, bytes } of heldByFormula(from)) {
    const share = (point: GrowthPoint): number | null => {
      const size = bytes(point);
      return size === null ? null : size / MIB / memoryOf(point);
    };
    const [before, after] = [share(from), share(to)];
    // What grows faster than the rest steepens the curve as its share rises; the other way round nothing is explained.
    if (before === null || after === null || grown < 0 || after - before < SHIFT) continue;
    causes.push(`${name}, by formula ${percent(before)} → ${percent(after)} of it, grow faster than the rest`);
  }
  return fixedExplains(bend, curve) ? [...causes, "the fixed part weighs less as the rest grows"] : causes;
}

interface Held {
  readonly name: string;
  bytes(point: GrowthPoint): number | null;
}

/** Single precision of what is held at once. */
function heldByFormula(point: GrowthPoint): Held[] {
  const { kind, axis } = point;
  if (axis === "parameters") return [{ name: weightsName(point), bytes: weightBytes }];
  if (kind === "step")
    return axis === "length" ? [{ name: "attention's probabilities of a micro-batch", bytes: probabilityBytes }] : [];
  return [{ name: "keys and values", bytes: keyValueBytes }];
}

function weightsName({ kind }: GrowthPoint): string {
  return kind === "step" ? "weights and gradient" : "weights";
}

function weightBytes({ kind, parameters }: GrowthPoint): number {
  return 4 * parameters * (kind === "step" ? 2 : 1);
}

function probabilityBytes({ axis, parameters, work }: GrowthPoint): number | null {
  const model = modelOf(axis, parameters);
  if (!model || work.kind !== "step") return null;
  return 4 * model.layers * model.heads * Math.min(work.microTokens, work.rows * work.length) * work.length;
}

function keyValueBytes({ axis, parameters, work }: GrowthPoint): number | null {
  const model = modelOf(axis, parameters);
  if (!model || work.kind !== "decode") return null;
  return 4 * 2 * model.layers * model.kvHeads * model.headDim * work.rows * (work.prompt + work.newTokens);
}

/** Where a fixed part and one that is proportional to x describe a curve much better than a power: these parts. */
function fixedOf(of: Bend["of"], { points }: Curve): FixedPart | null {
  const found = fixedPart(points.map((point) => ({ x: point.x, y: quantity(of)(point) })));
  return found === null || found.gain < BETTER ? null : found;
}

/** Whether the fixed part bends the curve here and to this side. */
function fixedExplains({ of, from, to, exponent, fit }: Bend, curve: Curve): boolean {
  const found = fixedOf(of, curve);
  if (found === null) return false;
  const drawn = between([from, to], ({ x }) => found.fixed + found.each * x);
  return (drawn - fit) / (exponent - fit) >= PART;
}

/** The fixed part in words; null where there is none. */
export function fixedLine(of: Bend["of"], curve: Curve): string | null {
  const found = fixedOf(of, curve);
  if (found === null) return null;
  const unit = of === "time" ? "ms" : "MiB";
  const [fixed, each] = [found.fixed, 1000 * found.each].map((value) => Number(value.toPrecision(2)));
  const gain = found.gain > 100 ? "more than 100" : found.gain.toFixed(0);
  return `${of} is better described by a fixed ${fixed} ${unit} and ${each} ${unit} for each 1,000 than by a power: ${gain} times less is left`;
}

function change(from: GrowthPoint, to: GrowthPoint, words: (point: GrowthPoint) => string): string {
  return `${words(from)} → ${words(to)}`;
}

function megabytes(bytes: number): string {
  const size = bytes / MIB;
  return `${size < 10 ? Number(size.toPrecision(2)) : Math.round(size).toLocaleString("en-US")} MiB`;
}
