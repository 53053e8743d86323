/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 *
 * Every stream is a pure function of its key path, e.g. `Random.of(seed, "rollout", step, item)`, so what is drawn does
 * not depend on the order in which streams are used, on workers, or on a resume.
 * Left out: jumping and 53-bit doubles (32 bits of resolution are enough for sampling at this size).
 */
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

function mulhi(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const mid1 = aHigh * bLow + (low >>> 16);
  const mid2 = aLow * bHigh + (mid1 & 0xffff);
  return (aHigh * bHigh + Math.floor(mid1 / 0x10000) + Math.floor(mid2 / 0x10000)) >>> 0;
}

/**
 * One Philox4x32-10 block.
 * @param counter four 32-bit words
 * @param key two 32-bit words
 * @returns four 32-bit words
 */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const h0 = mulhi(M0, c0);
    const l0 = Math.imul(M0, c0) >>> 0;
    const h1 = mulhi(M1, c2);
    const l1 = Math.imul(M1, c2) >>> 0;
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** FNV-1a over UTF-16 code units followed by a murmur finaliser: a stable 32-bit hash of a string. */
export function hashString(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A part of a key path: purposes are strings, steps and items are integers. */
export type KeyPart = string | number;

/** A stream of random numbers that is a pure function of its key path. */
export class Random {
  readonly #key: readonly [number, number];
  #block = 0;
  #buffer: readonly number[] = [];
  #position = 4;

  private constructor(key: readonly [number, number]) {
    this.#key = key;
  }

  /** The stream for a key path; the same path gives the same numbers everywhere. */
  static of(seed: number, ...path: readonly KeyPart[]): Random {
    return new Random(derive([seed >>> 0, Math.floor(seed / 0x100000000) >>> 0], path));
  }

  /** A child stream; independent of how much of this one has been used. */
  split(...path: readonly KeyPart[]): Random {
    return new Random(derive(this.#key, path));
  }

  /** 32 random bits as an unsigned integer. */
  uint32(): number {
    if (this.#position === 4) {
      this.#buffer = philox([this.#block >>> 0, Math.floor(this.#block / 0x100000000) >>> 0, 0, 0], this.#key);
      this.#block++;
      this.#position = 0;
    }
    return this.#buffer[this.#position++]!;
  }

  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number {
    return this.uint32() / 0x100000000;
  }

  /** Uniform integer in low..high, both included; exact (rejection sampling). */
  int(low: number, high: number): number {
    const span = high - low + 1;
    if (!Number.isInteger(span) || span <= 0 || span > 0x100000000)
      throw new RangeError(`Random.int: bad range ${low}..${high}`);
    const limit = Math.floor(0x100000000 / span) * span;
    let value = this.uint32();
    while (value >= limit) value = this.uint32();
    return low + (value % span);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A uniformly chosen element. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("Random.pick: empty list");
    return items[this.int(0, items.length - 1)]!;
  }

  /** An element chosen with probability proportional to its weight. */
  weighted<T>(items: readonly T[], weights: readonly number[]): T {
    let total = 0;
    for (const w of weights) total += w;
    let u = this.next() * total;
    for (let i = 0; i < items.length - 1; i++) {
      u -= weights[i]!;
      if (u < 0) return items[i]!;
    }
    return items[items.length - 1]!;
  }

  /** A new array in random order (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  }

  /** A standard normal number (Box-Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }
}

function derive(key: readonly [number, number], path: readonly KeyPart[]): readonly [number, number] {
  let current = key;
  for (const part of path) {
    const words: [number, number, number, number] =
      typeof part === "string"
        ? [hashString(part), part.length, 1, 0x5bd1e995]
        : [part >>> 0, Math.floor(part / 0x100000000) >>> 0, 2, 0x5bd1e995];
    const out = philox(words, current);
    current = [out[0], out[1]];
  }
  return current;
}
