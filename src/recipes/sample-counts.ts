/** What became of the answers of rejection sampling, counted by family. */

export interface SampleCounts {
  readonly sampled: number;
  /** In the strict format, with a right answer. All that follow are of these, each counted at the first reason. */
  readonly right: number;
  readonly repetitive: number;
  /** Not wholly in the language of the prompt. */
  readonly mixed: number;
  readonly long: number;
  /** Thoughts that meet a held-out problem on their way. */
  readonly "held-out": number;
  readonly duplicate: number;
  /** More of one prompt than are kept. */
  readonly surplus: number;
  /** More of a family than its share. */
  readonly unbalanced: number;
  readonly kept: number;
}

export type FamilyCounts = Readonly<Record<string, SampleCounts>>;

const NONE: SampleCounts = {
  ...{ sampled: 0, right: 0, repetitive: 0, mixed: 0, long: 0, "held-out": 0 },
  ...{ duplicate: 0, surplus: 0, unbalanced: 0, kept: 0 },
};

export class Tally {
  readonly #families = new Map<string, { -readonly [K in keyof SampleCounts]: number }>();

  add(family: string, what: keyof SampleCounts, count = 1): void {
    const counts = this.#families.get(family) ?? { ...NONE };
    counts[what] += count;
    this.#families.set(family, counts);
  }

  addAll(families: FamilyCounts): void {
    for (const [family, counts] of Object.entries(families)) {
      for (const [what, count] of Object.entries(counts)) this.add(family, what as keyof SampleCounts, count);
    }
  }

  /** By family, in the order of their names. */
  get families(): FamilyCounts {
    return Object.fromEntries([...this.#families].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  get total(): SampleCounts {
    const all = new Tally();
    for (const counts of this.#families.values()) all.addAll({ all: counts });
    return all.families["all"] ?? NONE;
  }
}
