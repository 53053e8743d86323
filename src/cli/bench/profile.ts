/**
 * `reckon bench profile`: where the time of a training step goes, by ONNX Runtime's own profile of one thread: products,
 * elementwise work, transposes, the rest, and what lies between the kernels.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ProfileRow, readProfile } from "../../graph/index.ts";
import { cpuProvider } from "../../graph/node.ts";
import { microBatches } from "../../train/batch.ts";
import { GradientEngine } from "../../train/gradient-engine.ts";
import {
  benchParameters,
  CONFIGURATIONS,
  type ConfigurationName,
  trainingBatch,
  trainingFlops,
} from "./configurations.ts";
import { load, type Machine, machine, roundTo, timed } from "./rounds.ts";
import { MICRO_BATCH_TOKENS } from "./step.ts";

export type WorkKind = "products" | "elementwise" | "transposes" | "other";

export interface ProfileResult extends Machine {
  readonly name: string;
  readonly bench: "profile";
  readonly config: ConfigurationName;
  readonly threads: 1;
  readonly load: readonly [number, number];
  readonly ours: {
    /** Milliseconds of one batch's gradients while it is profiled: all, and of that inside kernels. */
    readonly wall: number;
    readonly kernels: number;
    /** Of the time in kernels, 0..1. */
    readonly shares: Readonly<Record<WorkKind, number>>;
    /** Rate inside the products alone, 10⁹ operations a second. */
    readonly productGflops: number;
    /** By operator, of the time in kernels. */
    readonly operators: Readonly<Record<string, number>>;
    /** By the part of the model that built them. */
    readonly scopes: Readonly<Record<string, number>>;
  };
  readonly peer: null;
  readonly ratio: null;
  readonly rounds: readonly number[];
}

/** Operators that multiply matrices, and those that only move numbers; what is not here works on elements. */
const PRODUCTS = new Set(["MatMul", "FusedMatMul", "Gemm", "FusedGemm", "FusedMatMulActivation"]);
const MOVES = new Set([
  ...["Reshape", "Gather", "GatherND", "GatherElements", "Scatter", "ScatterND", "ScatterElements", "Concat", "Slice"],
  ...["Split", "Expand", "Shape", "Unsqueeze", "Squeeze", "Cast", "Range", "ConstantOfShape", "Identity", "Pad"],
]);

export async function benchProfile(config: ConfigurationName, rounds: number): Promise<ProfileResult> {
  const configuration = CONFIGURATIONS[config];
  const { model, length } = configuration;
  const before = load();
  const folder = mkdtempSync(join(tmpdir(), "reckon-profile-"));
  try {
    const parameters = benchParameters(configuration);
    const gradient = new Float32Array(parameters.length);
    const batches = microBatches(trainingBatch(configuration), { tokens: MICRO_BATCH_TOKENS });
    const engine = await GradientEngine.create(
      await cpuProvider(),
      model,
      { kind: "crossEntropy" },
      { packed: false, positions: length, target: "fused", profile: join(folder, "p") },
    );
    const walls: number[] = [];
    for (let round = -1; round < rounds; round++) {
      const { wall } = await timed(() => engine.gradients(parameters, gradient, batches));
      if (round >= 0) walls.push(roundTo(wall, 2));
    }
    await engine.release();
    // One graph writes the gradient and runs once a batch; the other adds and runs for the rest.
    const read = (by: "operator" | "scope"): ProfileRow[] =>
      readdirSync(folder).flatMap((name) => {
        const text = readFileSync(join(folder, name), "utf8");
        const { runs } = readProfile(text);
        return readProfile(text, { by, warmup: runs / (rounds + 1) }).rows;
      });
    const operators = read("operator");
    const total = operators.reduce((sum, row) => sum + row.milliseconds, 0);
    const part = (kind: WorkKind): number =>
      operators.reduce((sum, row) => sum + (kindOf(row.name) === kind ? row.milliseconds : 0), 0);
    const kinds = ["products", "elementwise", "transposes", "other"] as const;
    return {
      name: `profile-${config}`,
      bench: "profile",
      config,
      threads: 1,
      ...machine(),
      load: [before, load()],
      ours: {
        wall: roundTo(walls.reduce((sum, wall) => sum + wall, 0) / rounds, 2),
        kernels: roundTo(total / rounds, 2),
        shares: Object.fromEntries(kinds.map((kind) => [kind, roundTo(part(kind) / total, 4)])) as Record<
          WorkKind,
          number
        >,
        productGflops: roundTo((trainingFlops(configuration) * rounds) / part("products") / 1e6, 1),
        operators: shares(operators, total),
        scopes: shares(
          read("scope").map((row) => ({ ...row, name: row.name.replace(/\d+/g, "*") })),
          total,
        ),
      },
      peer: null,
      ratio: null,
      rounds: walls,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function kindOf(operator: string): WorkKind {
  if (PRODUCTS.has(operator)) return "products";
  if (operator === "Transpose") return "transposes";
  return MOVES.has(operator) ? "other" : "elementwise";
}

/** Largest first. */
function shares(rows: readonly ProfileRow[], total: number): Record<string, number> {
  const sums = new Map<string, number>();
  for (const { name, milliseconds } of rows) sums.set(name, (sums.get(name) ?? 0) + milliseconds / total);
  return Object.fromEntries([...sums].sort((a, b) => b[1] - a[1]).map(([name, share]) => [name, roundTo(share, 4)]));
}
