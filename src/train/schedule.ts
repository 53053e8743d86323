/** Learning-rate schedules: what fraction of the peak a step runs at. */

export type Schedule =
  /** Warm-up, plateau, then linear decay over the last `decay` share of steps (Hu et al. 2024, MiniCPM). */
  | { readonly kind: "wsd"; readonly warmup: number; readonly decay: number; readonly floor?: number | undefined }
  /** Warm-up, then half a cosine down to `floor` (Loshchilov & Hutter 2016). */
  | { readonly kind: "cosine"; readonly warmup: number; readonly floor?: number | undefined }
  /** Warm-up, then linear to `floor`. */
  | { readonly kind: "linear"; readonly warmup: number; readonly floor?: number | undefined }
  | { readonly kind: "constant"; readonly warmup: number };

/**
 * @param step 0-based
 * @param steps in all
 * @param schedule `warmup` counts steps; `decay` is a share of all steps; `floor` a share of the peak, default 0
 * @returns a factor in 0..1
 */
export function scheduleFactor(schedule: Schedule, step: number, steps: number): number {
  const warm = schedule.warmup > 0 ? Math.min(1, (step + 1) / schedule.warmup) : 1;
  const progress = Math.min(1, Math.max(0, (step - schedule.warmup) / Math.max(1, steps - schedule.warmup)));
  switch (schedule.kind) {
    case "constant":
      return warm;
    case "linear":
      return Math.min(warm, towards(schedule.floor ?? 0, 1 - progress));
    case "cosine":
      return Math.min(warm, towards(schedule.floor ?? 0, 0.5 * (1 + Math.cos(Math.PI * progress))));
    case "wsd": {
      const left = (steps - step) / Math.max(1, schedule.decay * steps);
      return Math.min(warm, towards(schedule.floor ?? 0, Math.min(1, left)));
    }
    default:
      schedule satisfies never;
      throw new Error("internal: unknown schedule");
  }
}

function towards(floor: number, share: number): number {
  return floor + (1 - floor) * share;
}
