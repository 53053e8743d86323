/**
 * Choosing a token from a distribution: greedy, or drawn after top-k (Fan et al. 2018) and top-p (Holtzman et al. 2020).
 *
 * Order as in Hugging Face and vLLM: temperature, then the k most likely, then of these (renormalised) the smallest set
 * of the most likely that holds p of the mass. Equal probabilities rank by token id.
 * The softmax is computed in the graph (decode-graph.ts), where the exponentials are vectorised; here is one scan.
 * Left out: min-p, typical sampling, penalties, which training does not use.
 */
import { ReckonError } from "../util/errors.ts";
import { type KeyPart, philox, Random } from "../util/random.ts";

export interface Sampling {
  /** 0 chooses the most likely token; else at least 0.001. */
  readonly temperature: number;
  /** Draw among so many of the most likely tokens only. */
  readonly topK?: number;
  /** Draw among the most likely tokens that together hold this much probability, in (0, 1]. */
  readonly topP?: number;
}

/** @throws ReckonError GENERATE_SAMPLING naming the option */
export function validateSampling({ temperature, topK, topP }: Sampling): void {
  const fail = (name: string, expected: string, got: number): never => {
    throw new ReckonError("GENERATE_SAMPLING", `${name} cannot be used for sampling`, { expected, got: String(got) });
  };
  if (!(temperature === 0 || (temperature >= 1e-3 && temperature <= 1e3)))
    fail("temperature", "0 (greedy) or a number from 0.001 to 1000", temperature);
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1)) fail("topK", "a whole number of 1 or more", topK);
  if (topP !== undefined && !(topP > 0 && topP <= 1)) fail("topP", "a number above 0 and up to 1", topP);
}

/** What the logits are multiplied by before the softmax. Greedy choice has no distribution: it reports that at 1. */
export function logitScale(temperature: number): number {
  return temperature === 0 ? 1 : 1 / temperature;
}

/** Uniform numbers for token k of item i: a pure function of (seed, key, item, k), cheap enough for every token. */
export class TokenRandom {
  readonly #key: readonly [number, number];

  constructor(seed: number, key: readonly KeyPart[]) {
    const stream = Random.of(seed, "generate", ...key);
    this.#key = [stream.uint32(), stream.uint32()];
  }

  /** Uniform in [0, 1). */
  uniform(item: number, k: number): number {
    return philox([k >>> 0, item >>> 0, Math.floor(item / 0x100000000) >>> 0, 0], this.#key)[0] / 0x100000000;
  }
}

/**
 * Chooses one token.
 * @param probabilities holds the distribution at from..from + width, its sum 1 within float32 rounding
 * @param uniform in [0, 1); unused when greedy
 * @returns the token id; −1 where the distribution is not one (NaN)
 */
export function chooseToken(
  probabilities: Float32Array,
  from: number,
  width: number,
  sampling: Sampling,
  uniform: number,
): number {
  if (sampling.temperature === 0) return argmax(probabilities, from, width);
  const topK = sampling.topK ?? width;
  const topP = sampling.topP ?? 1;
  if (topK < width || topP < 1) return drawTruncated(probabilities, from, width, topK, topP, uniform);
  let below = 0;
  for (let i = 0; i < width; i++) {
    below += probabilities[from + i]!;
    if (below > uniform) return i;
  }
  // The sum fell short of 1 by rounding: the rest belongs to the last token that can come.
  if (Number.isNaN(below)) return -1;
  for (let i = width - 1; i >= 0; i--) if (probabilities[from + i]! > 0) return i;
  return -1;
}

function argmax(values: Float32Array, from: number, width: number): number {
  let best = -1;
  let top = -Infinity;
  for (let i = 0; i < width; i++) {
    if (values[from + i]! > top) {
      top = values[from + i]!;
      best = i;
    }
  }
  return best;
}

function drawTruncated(
  probabilities: Float32Array,
  from: number,
  width: number,
  topK: number,
  topP: number,
  uniform: number,
): number {
  const kept = nucleus(probabilities, from, width, topK, topP);
  let total = 0;
  for (const token of kept) total += probabilities[from + token]!;
  let rest = uniform * total;
  for (const token of kept) {
    rest -= probabilities[from + token]!;
    if (rest < 0) return token;
  }
  return kept.at(-1) ?? -1;
}

/** The tokens that top-k and top-p leave, most likely first. */
function nucleus(probabilities: Float32Array, from: number, width: number, topK: number, topP: number): number[] {
  // Tokens below (1 − p)/V together hold less than 1 − p, so none of them is in the nucleus: nearly all are dropped here,
  // and only a few are left to sort. After top-k the mass is smaller, so that the bound does not hold.
  const floor = topK < width ? 0 : (1 - topP) / width;
  const candidates: number[] = [];
  for (let i = 0; i < width; i++) {
    const p = probabilities[from + i]!;
    if (p > 0 && p >= floor) candidates.push(i);
  }
  candidates.sort((a, b) => probabilities[from + b]! - probabilities[from + a]! || a - b);
  if (topK < candidates.length) candidates.length = topK;
  if (topP === 1) return candidates;
  let total = 0;
  if (topK < width) for (const token of candidates) total += probabilities[from + token]!;
  else total = 1;
  let mass = 0;
  for (const [i, token] of candidates.entries()) {
    mass += probabilities[from + token]!;
    if (mass >= topP * total) return candidates.slice(0, i + 1);
  }
  return candidates;
}
