/** Smoothing of curves, the same in the studio and in reports. */

/**
 * Exponential moving average with a half-life in steps, corrected for its start (Adam's bias correction), so that it neither
 * begins at zero nor depends on how often a metric is logged.
 * @param halfLife steps after which a value's weight has halved; 0 copies the values
 */
export function smooth(steps: readonly number[], values: readonly number[], halfLife: number): number[] {
  const out = new Array<number>(values.length).fill(Number.NaN);
  let sum = 0;
  let weight = 0;
  let previous = Number.NaN;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    if (halfLife <= 0) {
      out[i] = value;
      continue;
    }
    const keep = Number.isNaN(previous) ? 0 : 0.5 ** ((steps[i]! - previous) / halfLife);
    sum = sum * keep + value;
    weight = weight * keep + 1;
    out[i] = sum / weight;
    previous = steps[i]!;
  }
  return out;
}
