/** Whether probabilities mean what they say: reliability in bins, and the expected calibration error (arXiv 1706.04599). */

/** A probability, and what came true: 0 or 1, or a share. */
export interface Forecast {
  readonly said: number;
  readonly was: number;
}

export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Means over the bin. */
  readonly said: number;
  readonly was: number;
}

export interface Reliability {
  /** Mean over all forecasts of the distance between what their bin said and what came true. */
  readonly error: number;
  /** Those that hold any, in order. */
  readonly bins: readonly ReliabilityBin[];
}

/**
 * @param bins of equal width from 0 to 1; default 10
 * @returns an error of 0 where there are no forecasts
 */
export function reliability(forecasts: readonly Forecast[], bins = 10): Reliability {
  const sums = Array.from({ length: bins }, () => ({ count: 0, said: 0, was: 0 }));
  for (const { said, was } of forecasts) {
    const bin = sums[Math.min(bins - 1, Math.max(0, Math.floor(said * bins)))]!;
    bin.count++;
    bin.said += said;
    bin.was += was;
  }
  let error = 0;
  const filled = sums.flatMap(({ count, said, was }, i): ReliabilityBin[] => {
    if (count === 0) return [];
    error += Math.abs(said - was) / forecasts.length;
    return [{ from: i / bins, to: (i + 1) / bins, count, said: said / count, was: was / count }];
  });
  return { error, bins: filled };
}
