/** How long trainings took, where it is known: what was trained elsewhere and has no record of it meets no floor. */
import { atMost, type Floor, figure } from "./markdown.ts";
import type { Measurement } from "./record.ts";

/** Minutes of pretraining and reinforcement that a seed may take. */
const MINUTES = 90;

type Trained = Pick<Measurement, "training">;

/** NaN where the training is not on record. */
export function minutesOf({ training }: Trained): number {
  return (training?.seconds ?? Number.NaN) / 60;
}

/** NaN where the training is not on record. */
export function operationsOf({ training }: Trained): number {
  return training?.flops ?? Number.NaN;
}

/** @param minutes of base and reinforcement together, by seed */
export function minutesFloor(minutes: readonly number[]): Floor {
  return atMost("minutes of base and reinforcement, each seed", MINUTES, minutes, {
    say: (x) => figure(x, 0),
    gap: (x) => `${figure(x, 1)} minutes`,
  });
}
