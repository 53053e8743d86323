/** What a benchmark gives: the document of bench/results. */
import type { ConfigurationName } from "./configurations.ts";
import type { MatmulRate } from "./matmul.ts";
import type { Timing } from "./peer.ts";
import type { Machine } from "./rounds.ts";

export interface BenchOptions {
  readonly config: ConfigurationName;
  readonly threads: 1 | 2;
  readonly rounds: number;
  /** Seconds for finding the fastest way of PyTorch's compiler; 0 leaves it out. */
  readonly compile: number;
  readonly onRound?: (done: number) => void;
}

/** Medians of the same work in another way. */
export interface OtherWay extends Timing {
  /** What was chosen for it; not of ours and not in older results. */
  readonly how?: string;
}

/** Medians in milliseconds, and what they come to. */
export interface Side extends Timing {
  readonly tokensPerSecond: number;
  /**
   * Useful operations a second, 10⁹: 6 for each weight in a product and token of training, 2 of decoding, and attention.
   * Of training attention counts over all S × S pairs, the masked half included (as is usual: PaLM, appendix B), since
   * both sides compute it; of decoding over the pairs that are there.
   */
  readonly gflops: number;
  /** How the work was done. */
  readonly how: string;
  /** The same done otherwise, for comparison; of the peer on two cores see pair.ts, not in older results. */
  readonly other?: Readonly<Record<string, OtherWay>>;
}

/** PyTorch through its compiler, in the same turns. */
export interface CompiledSide extends Side {
  /** Of what was kept; not in its times. */
  readonly compileSeconds: number;
  /** Every way that was tried, with its milliseconds or why it failed. */
  readonly tries: readonly Readonly<Record<string, unknown>>[];
  /** Its wall time over ours. */
  readonly ratio: number;
  readonly agreement: Readonly<Record<string, number>>;
}

/** Gradients and the optimiser's step together. */
export interface WholeStep {
  readonly ours: Timing;
  readonly peer: Timing | null;
  /** Peer's wall time over ours: above 1 we are faster. */
  readonly ratio: number | null;
}

export interface BenchResult extends Machine {
  /** e.g. step-a-2: the file's name. */
  readonly name: string;
  readonly bench: "step" | "decode";
  readonly config: ConfigurationName;
  readonly threads: number;
  /** Load average of the last minute before and after: how quiet the machine was. */
  readonly load: readonly [number, number];
  readonly ours: Side;
  /** Null with the reason in `peerMissing`. */
  readonly peer: Side | null;
  readonly peerMissing?: string;
  /** Peer's wall time over ours: above 1 we are faster. */
  readonly ratio: number | null;
  /** Null with the reason in `compiledMissing`. */
  readonly compiled: CompiledSide | null;
  readonly compiledMissing?: string;
  /** The best plain matrix product of this machine in the same turns. */
  readonly matmulRate: MatmulRate;
  /** Our operations a second over that. */
  readonly fraction: number;
  /** The optimiser's step (norm, clipping, AdamW), which is not in `ours`, `peer` and `ratio`: those are gradients alone. */
  readonly optimizer?: { readonly ours: Timing; readonly peer: Timing | null; readonly ratio: number | null };
  /** Of a training step: gradients and the optimiser's step, by which it is judged; not in older results (whole.ts). */
  readonly whole?: WholeStep;
  /** How far our numbers and the peer's are apart; checked before anything was timed. */
  readonly agreement: Readonly<Record<string, number>> | null;
  /** By contestant. On two cores `peer` is one process of two threads, whichever way the result's own `peer` is. */
  readonly rounds: readonly Readonly<Record<string, Timing>>[];
}
