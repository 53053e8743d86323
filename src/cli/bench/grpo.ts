/**
 * `reckon bench grpo`: a whole step of reinforcement learning, from prompts to updated weights, beside TRL's GRPOTrainer.
 *
 * Both load the same checkpoint, answer the same prompts with the same number of samples and of new tokens, none ending
 * early, give the same cheap reward, and take one update in single precision. Each runs in a process of its own; they
 * take turns, and medians of the rounds count. TRL first tries its ways of running, one process each, and the fastest
 * is kept; every try stands in the result.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { weightsHash } from "../../recipes/lineage.ts";
import { ReckonError } from "../../util/errors.ts";
import { median } from "../../util/statistics.ts";
import { packageRoot } from "../package.ts";
import { type Footprint, footprint } from "./footprint.ts";
import { type GrpoStart, type GrpoStep, grpoProblems } from "./grpo-worker.ts";
import { LineProcess, type Reply } from "./line-process.ts";
import { startPython } from "./peer.ts";
import { load, type Machine, machine, roundTo } from "./rounds.ts";
import { describe } from "./words.ts";

export interface GrpoOptions {
  readonly threads: 1 | 2;
  readonly rounds: number;
  readonly prompts: number;
  readonly samples: number;
  readonly newTokens: number;
  /** Seconds for one of TRL's ways. */
  readonly tryFor: number;
  readonly onProgress?: (what: string) => void;
}

/** Medians of a step in milliseconds. */
export interface GrpoSide {
  readonly wall: number;
  readonly cpu: number;
  readonly generate: number;
  readonly train: number;
  /** Sampled and learnt. */
  readonly tokensPerSecond: number;
  /** Largest resident memory of the process. */
  readonly rssMiB: number;
  /** From the start of the process to the end of its first step. */
  readonly firstStepSeconds: number;
  readonly how: string;
}

export interface GrpoResult extends Machine {
  readonly name: string;
  readonly bench: "grpo";
  readonly threads: number;
  readonly load: readonly [number, number];
  readonly job: Omit<GrpoStart, "threads">;
  /** SHA-256 of the model's. */
  readonly weights: string;
  readonly ours: GrpoSide;
  readonly peer: GrpoSide | null;
  readonly peerMissing?: string;
  /** Peer's wall time over ours: above 1 we are faster. */
  readonly ratio: number | null;
  /** The same of the parts, and the peer's memory over ours. */
  readonly ratios: { readonly generate: number; readonly train: number; readonly memory: number } | null;
  /** TRL's ways: milliseconds of a step, or why there is none. */
  readonly tries: readonly Readonly<Record<string, unknown>>[];
  readonly footprint: Footprint;
  readonly rounds: readonly Readonly<Record<string, GrpoStep>>[];
}

/** How TRL is run; see bench/peers/trl_peer.py. */
interface Way {
  readonly micro: number;
  readonly cache?: string;
  readonly continuous?: boolean;
  readonly compile?: boolean;
}

const MICROS = [8, 16, 32, 64, 128, 256, 512];
/** On top of the best micro-batch. */
const OTHERS: readonly Omit<Way, "micro">[] = [
  { cache: "static" },
  { continuous: true },
  { compile: true },
  { cache: "static", compile: true },
];
/** A way whose first warm step takes so many times the best one's is not tried further. */
const HOPELESS = 1.3;
const LEARNING_RATE = 1e-6;

export async function benchGrpo(options: GrpoOptions): Promise<GrpoResult> {
  const { threads, rounds, prompts, samples, newTokens, onProgress = () => undefined } = options;
  const before = load();
  const folder = mkdtempSync(join(tmpdir(), "reckon-grpo-"));
  let ours: Stepper | undefined;
  let theirs: Stepper | string = "";
  const tries: Record<string, unknown>[] = [];
  try {
    // A copy, so that both load the same weights whatever becomes of the folder meanwhile.
    const model = join(folder, "base");
    cpSync(join(packageRoot(), "models", "base"), model, { recursive: true });
    const weights = await weightsHash(model);
    const job = { model, prompts, samples, newTokens, learningRate: LEARNING_RATE };
    onProgress("our first step");
    ours = await Stepper.ours({ ...job, threads });
    await ours.step();
    theirs = await bestOfTrl(options, job, tries, onProgress);
    if (typeof theirs !== "string" && theirs.promptTokens !== ours.promptTokens)
      throw new ReckonError("BENCH_DISAGREE", "we and TRL read the prompts as different tokens", {
        expected: `${theirs.promptTokens} tokens`,
        got: `${ours.promptTokens}`,
      });
    const measured: Record<string, GrpoStep>[] = [];
    for (let round = 0; round < rounds; round++) {
      onProgress(`round ${round + 1} of ${rounds}`);
      const one: Record<string, GrpoStep> = { ours: await ours.step() };
      if (typeof theirs !== "string") one["peer"] = await theirs.step();
      measured.push(one);
    }
    const mine = ours.side(measured.map((round) => round["ours"]!));
    const peer = typeof theirs === "string" ? null : theirs.side(measured.map((round) => round["peer"]!));
    const { versions, ...where } = machine();
    return {
      name: `grpo-${threads}`,
      bench: "grpo",
      threads,
      ...where,
      versions: typeof theirs === "string" ? versions : { ...versions, ...theirs.versions },
      load: [before, load()],
      job: { ...job, model: "models/base" },
      weights,
      ours: mine,
      peer,
      ...(typeof theirs === "string" ? { peerMissing: theirs } : {}),
      ratio: peer && roundTo(peer.wall / mine.wall, 3),
      ratios: peer && {
        generate: roundTo(peer.generate / mine.generate, 3),
        train: roundTo(peer.train / mine.train, 3),
        memory: roundTo(peer.rssMiB / mine.rssMiB, 3),
      },
      tries,
      footprint: footprint(),
      rounds: measured,
    };
  } finally {
    ours?.close();
    if (typeof theirs !== "string") theirs.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Tries micro-batches, then the rest with the best of them; the fastest way, started and warm. */
async function bestOfTrl(
  options: GrpoOptions,
  job: GrpoResult["job"],
  tries: Record<string, unknown>[],
  onProgress: (what: string) => void,
): Promise<Stepper | string> {
  const total = job.prompts * job.samples;
  let best: { readonly way: Way; readonly ms: number } | undefined;
  let missing = "no way of running TRL worked";
  const attempt = async (way: Way): Promise<void> => {
    onProgress(`TRL: ${describe(way)}`);
    const stepper = await Stepper.trl({ ...job, threads: options.threads }, way, 3, options.tryFor);
    if (typeof stepper === "string") {
      missing = stepper;
      tries.push({ ...way, failed: stepper });
      return;
    }
    try {
      await stepper.step();
      let ms = (await stepper.step()).wall;
      // What compiles may have compiled once more.
      if (best === undefined || way.compile || ms < HOPELESS * best.ms) ms = Math.min(ms, (await stepper.step()).wall);
      tries.push({ ...way, ms: roundTo(ms, 1) });
      if (best === undefined || ms < best.ms) best = { way, ms };
    } catch (error) {
      if (!(error instanceof ReckonError)) throw error;
      tries.push({ ...way, failed: error.got ?? error.message });
    } finally {
      stepper.close();
    }
  };
  for (const micro of MICROS.filter((n) => n <= total && total % n === 0)) {
    await attempt({ micro });
    if (tries.length === 1 && best === undefined) return missing; // Most likely there is no TRL at all.
  }
  if (best === undefined) return missing;
  const { micro } = best.way;
  for (const other of OTHERS) await attempt({ micro, ...other });
  onProgress(`TRL: ${describe(best.way)}`);
  const kept = await Stepper.trl({ ...job, threads: options.threads }, best.way, options.rounds + 1, options.tryFor);
  if (typeof kept === "string") return kept;
  try {
    await kept.step();
    return kept;
  } catch (error) {
    kept.close();
    if (!(error instanceof ReckonError)) throw error;
    return error.got ?? error.message;
  }
}

/** A process that takes a step when it is told to. */
class Stepper {
  readonly promptTokens: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly #process: LineProcess;
  readonly #how: string;
  readonly #started: number;
  readonly #seconds: number | undefined;
  readonly #folder: string | undefined;
  /** Of a step. */
  readonly #tokens: number;
  #first: number | undefined;

  private constructor(
    process: LineProcess,
    { prompts, samples, newTokens }: GrpoStart,
    ready: Reply,
    details: { how: string; started: number; seconds?: number; folder?: string; versions?: Record<string, string> },
  ) {
    this.#process = process;
    this.promptTokens = ready["promptTokens"] as number;
    this.versions = details.versions ?? {};
    this.#how = details.how;
    this.#started = details.started;
    this.#seconds = details.seconds;
    this.#folder = details.folder;
    this.#tokens = prompts * samples * newTokens;
  }

  static async ours(start: GrpoStart): Promise<Stepper> {
    const started = performance.now();
    const main = process.argv[1]!;
    const child = new LineProcess(process.execPath, [...process.execArgv, main, "bench", "grpo-worker"]);
    const ready = await child.ask({ ...start });
    if (ready["error"] !== undefined) throw new Error(`internal: our own worker failed: ${ready["error"]}`);
    return new Stepper(child, start, ready, {
      how: `two shards, threads: ${start.threads}, micro-batches of 1536 tokens`,
      started,
    });
  }

  /** @returns in words why not, where it does not start */
  static async trl(start: GrpoStart, way: Way, steps: number, seconds: number): Promise<Stepper | string> {
    const started = performance.now();
    const python = await startPython("trl_peer.py");
    if (typeof python === "string") return python;
    const prompts = grpoProblems(start.prompts).map(({ prompt }) => `<|user|>${prompt}<|assistant|>`);
    const ready = await python.process.ask({ ...start, prompts, way: { ...way }, steps }, seconds);
    const { folder, versions } = python;
    const details = { how: describe(way), started, seconds, folder, versions };
    const stepper = new Stepper(python.process, start, ready, details);
    if (ready["error"] === undefined) return stepper;
    stepper.close();
    return String(ready["error"]);
  }

  /** @throws ReckonError BENCH_PEER */
  async step(): Promise<GrpoStep> {
    const reply = await this.#process.ask({ do: "step" }, this.#seconds);
    if (reply["error"] !== undefined)
      throw new ReckonError("BENCH_PEER", "a step of reinforcement learning failed", {
        got: String(reply["error"]),
        help: "bench/peers/requirements.txt names the versions that it was written for",
      });
    this.#first ??= (performance.now() - this.#started) / 1000;
    const step = reply as unknown as GrpoStep;
    if (step.tokens !== this.#tokens)
      throw new ReckonError("BENCH_PEER", "a step sampled another number of tokens than it was told to", {
        expected: String(this.#tokens),
        got: `${step.tokens} tokens in place of ${this.#tokens}`,
      });
    return step;
  }

  side(steps: readonly GrpoStep[]): GrpoSide {
    const of = (key: keyof GrpoStep): number => roundTo(median(steps.map((step) => step[key])), 1);
    return {
      wall: of("wall"),
      cpu: of("cpu"),
      generate: of("generate"),
      train: of("train"),
      tokensPerSecond: Math.round(of("tokens") / (of("wall") / 1000)),
      rssMiB: Math.round(Math.max(...steps.map((step) => step.rssMiB))),
      firstStepSeconds: roundTo(this.#first ?? 0, 1),
      how: this.#how,
    };
  }

  close(): void {
    this.#process.close();
    this.#process.kill();
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Seconds from starting Python to the end of TRL's first step of this benchmark's job; in words why there is none. */
export async function trlFirstStep(
  threads: number,
): Promise<{ seconds: number; versions: Readonly<Record<string, string>> } | string> {
  const model = join(packageRoot(), "models", "base");
  const start = { model, threads, prompts: 32, samples: 16, newTokens: 64, learningRate: LEARNING_RATE };
  const stepper = await Stepper.trl(start, { micro: 32 }, 1, 600);
  if (typeof stepper === "string") return stepper;
  try {
    const step = await stepper.step();
    return { seconds: stepper.side([step]).firstStepSeconds, versions: stepper.versions };
  } finally {
    stepper.close();
  }
}
