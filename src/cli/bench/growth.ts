/**
 * `reckon bench growth`: how time and memory grow with parameters, with the batch and with the length, on one core, with
 * fitted exponents and where the curves bend. Every point is measured in a process of its own.
 *
 * Parameters: models of one shape (head size 32, feed-forward 3 × width, 64 tokens) on one batch. Batch and length: the
 * configuration a. A training batch is one micro-batch as it grows; with the length its tokens stay the same.
 */
import type { ModelConfig } from "../../model/config.ts";
import { ReckonError } from "../../util/errors.ts";
import { caches } from "./caches.ts";
import { type PowerLaw, powerLaw } from "./fit.ts";
import { LONG_A, SIZED } from "./growth-models.ts";
import type { GrowthMeasure, GrowthTask, GrowthWork } from "./growth-point.ts";
import { LineProcess } from "./line-process.ts";
import { load, type Machine, machine, roundTo } from "./rounds.ts";

export type GrowthAxis = "parameters" | "batch" | "length";

export interface GrowthPoint extends GrowthMeasure {
  readonly axis: GrowthAxis;
  readonly kind: "step" | "decode";
  /** Parameters; tokens of a micro-batch or rows decoded at once; tokens of a sequence. */
  readonly x: number;
  readonly work: GrowthWork;
}

export interface GrowthResult extends Machine {
  readonly name: "growth";
  readonly bench: "growth";
  readonly threads: 1;
  readonly load: readonly [number, number];
  readonly ours: readonly GrowthPoint[];
  readonly peer: null;
  readonly ratio: null;
  /** By kind and axis: how the time (ms) and the memory beyond the empty process (MiB) grow. */
  readonly fits: readonly {
    readonly kind: GrowthPoint["kind"];
    readonly axis: GrowthAxis;
    readonly time: PowerLaw;
    readonly memory: PowerLaw;
  }[];
  /** Bytes of the caches that a core has, by level; not in older results, nor where the system does not say. */
  readonly caches?: Readonly<Record<string, number>>;
  /** Walls of every point, as in `ours`. */
  readonly rounds: readonly (readonly number[])[];
}

export interface GrowthOptions {
  readonly rounds: number;
  /** No further round of a point begins after so long. */
  readonly seconds: number;
  /** Only the first points of every axis; default all. */
  readonly points?: number;
  readonly onPoint?: (done: number, of: number, what: string) => void;
}

type Planned = Pick<GrowthPoint, "axis" | "kind" | "work"> & { readonly model: ModelConfig; readonly x?: number };

function plan(): Planned[] {
  const step = (rows: number, length: number, microTokens: number): GrowthWork => ({
    kind: "step",
    rows,
    length,
    microTokens,
  });
  const decode = (rows: number, prompt: number, newTokens: number): GrowthWork => ({
    kind: "decode",
    rows,
    prompt,
    newTokens,
  });
  return [
    ...SIZED.map((model): Planned => ({ axis: "parameters", kind: "step", model, work: step(16, 96, 1536) })),
    ...SIZED.map((model): Planned => ({ axis: "parameters", kind: "decode", model, work: decode(64, 32, 64) })),
    ...[1, 2, 4, 8, 16, 32, 64].map(
      (rows): Planned => ({
        axis: "batch",
        kind: "step",
        model: LONG_A,
        x: rows * 96,
        work: step(rows, 96, rows * 96),
      }),
    ),
    ...[1, 4, 16, 64, 128, 256].map(
      (rows): Planned => ({ axis: "batch", kind: "decode", model: LONG_A, x: rows, work: decode(rows, 32, 64) }),
    ),
    ...[24, 48, 96, 192, 384, 768, 1536].map(
      (length): Planned => ({
        axis: "length",
        kind: "step",
        model: LONG_A,
        x: length,
        work: step(3072 / length, length, 1536),
      }),
    ),
    ...[32, 64, 128, 256, 512, 1024].map(
      (length): Planned => ({
        axis: "length",
        kind: "decode",
        model: LONG_A,
        x: length,
        work: decode(64, 16, length - 16),
      }),
    ),
  ];
}

export async function benchGrowth(options: GrowthOptions): Promise<GrowthResult> {
  const { rounds, seconds, points = Number.POSITIVE_INFINITY, onPoint = () => undefined } = options;
  const before = load();
  const taken = new Map<string, number>();
  const planned = plan().filter(({ axis, kind }) => {
    const key = `${axis} ${kind}`;
    taken.set(key, (taken.get(key) ?? 0) + 1);
    return taken.get(key)! <= points;
  });
  const ours: GrowthPoint[] = [];
  for (const { axis, kind, work, model, x } of planned) {
    onPoint(ours.length, planned.length, `${kind} by ${axis}`);
    const measured = await inProcess({ model, work, rounds, seconds });
    ours.push({ axis, kind, x: x ?? measured.parameters, work, ...measured });
  }
  const kinds = ["step", "decode"] as const;
  const axes = ["parameters", "batch", "length"] as const;
  return {
    name: "growth",
    bench: "growth",
    threads: 1,
    ...machine(),
    load: [before, load()],
    ours,
    peer: null,
    ratio: null,
    caches: caches(),
    fits: kinds.flatMap((kind) =>
      axes.map((axis) => {
        const some = ours.filter((point) => point.kind === kind && point.axis === axis);
        const law = (of: (point: GrowthPoint) => number): PowerLaw =>
          rounded(powerLaw(some.map((point) => ({ x: point.x, y: of(point) }))));
        return {
          kind,
          axis,
          time: law(({ ms }) => ms),
          memory: law(memoryOf),
        };
      }),
    ),
    rounds: ours.map((point) => point.rounds),
  };
}

/** Peak memory beyond that of the empty process, MiB. */
export function memoryOf({ rssMiB, baseMiB }: Pick<GrowthPoint, "rssMiB" | "baseMiB">): number {
  return Math.max(1, rssMiB - baseMiB);
}

async function inProcess(task: GrowthTask): Promise<GrowthMeasure> {
  const child = new LineProcess(process.execPath, [...process.execArgv, process.argv[1]!, "bench", "growth-point"]);
  const reply = await child.ask({ ...task });
  child.close();
  if (reply["error"] !== undefined)
    throw new ReckonError("BENCH_POINT", "a point could not be measured", {
      expected: JSON.stringify(task.work),
      got: String(reply["error"]),
      help: "is there enough memory? The largest points take some gigabytes",
    });
  return reply as unknown as GrowthMeasure;
}

function rounded({ exponent, interval, constant, bend }: PowerLaw): PowerLaw {
  return {
    exponent: roundTo(exponent, 3),
    interval: interval && [roundTo(interval[0], 3), roundTo(interval[1], 3)],
    constant: Number(constant.toPrecision(4)),
    bend: bend && { x: Number(bend.x.toPrecision(3)), before: roundTo(bend.before, 3), after: roundTo(bend.after, 3) },
  };
}
