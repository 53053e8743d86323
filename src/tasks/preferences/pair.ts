/** Two responses to one prompt that say the same. */
import type { Reply } from "../instructions/index.ts";

export interface PreferencePair {
  readonly preferred: Reply;
  readonly other: Reply;
  /** What is amiss with the other one. */
  readonly defect: string;
}
