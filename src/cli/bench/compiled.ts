/**
 * PyTorch through its compiler as one more contestant, in a process of its own: what does not compile, or not in time,
 * is said in words and stops nothing.
 */
import { ReckonError } from "../../util/errors.ts";
import type { Configuration } from "./configurations.ts";
import { TorchPeer } from "./peer.ts";
import type { CompiledSide, Side } from "./result.ts";
import { type Contestant, roundTo } from "./rounds.ts";
import { describe } from "./words.ts";

export interface Compiled {
  readonly how: string;
  readonly compileSeconds: number;
  readonly tries: readonly Readonly<Record<string, unknown>>[];
  readonly agreement: Readonly<Record<string, number>>;
  contestant(command: string): Contestant;
  close(): void;
}

interface Setting {
  readonly configuration: Configuration;
  readonly parameters: Float32Array;
  readonly threads: number;
  /** For finding the fastest way. */
  readonly seconds: number;
}

/** Why there is nothing compiled where nobody wanted it. */
export const LEFT_OUT = "left out by --compile 0";

const NAME = "compiled";

/** Seconds that one way, and compiling the fastest again, may take at most. */
const SLOWEST = 600;

/** @returns the compiled peer, checked against us, or in words why there is none */
export async function startCompiled(
  { configuration, parameters, threads, seconds }: Setting,
  work: "step" | "decode",
  choices: unknown,
  parts: {
    readonly prepare: (peer: TorchPeer) => Promise<void>;
    readonly agree: (peer: TorchPeer) => Promise<Record<string, number>>;
  },
): Promise<Compiled | string> {
  if (seconds === 0) return LEFT_OUT;
  const peer = await TorchPeer.start(configuration, parameters, threads, "torch_compiled.py");
  if (typeof peer === "string") return peer;
  try {
    await parts.prepare(peer);
    // The last way may begin just before time is up, and what is kept is compiled once more.
    const found = await peer.call(`compile-${work}`, { seconds, choices }, seconds + SLOWEST);
    const agreement = await parts.agree(peer);
    const kept = found["kept"] as { compileSeconds: number; ms: number };
    const { compileSeconds, ms: _, ...way } = kept;
    return {
      how: describe({ ...(found["choices"] as object), ...way }),
      compileSeconds,
      tries: found["tries"] as Compiled["tries"],
      agreement,
      contestant: (command) => ({ name: NAME, run: () => peer.time(command) }),
      close: () => peer.close(),
    };
  } catch (error) {
    peer.close();
    if (error instanceof ReckonError) return error.code === "BENCH_PEER" ? (error.got ?? error.summary) : error.message;
    throw error;
  }
}

/** The part of a result that says what compiling brought. */
export function compiledPart(
  compiled: Compiled | string,
  ours: Side,
  side: (name: string, how: string) => Side,
): { compiled: CompiledSide | null; compiledMissing?: string } {
  if (typeof compiled === "string") return { compiled: null, compiledMissing: compiled };
  const { how, compileSeconds, tries, agreement } = compiled;
  const theirs = side(NAME, how);
  return { compiled: { ...theirs, ratio: roundTo(theirs.wall / ours.wall, 3), compileSeconds, tries, agreement } };
}
