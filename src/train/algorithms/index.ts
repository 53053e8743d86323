/** The algorithms by the names that recipes call them. */
import type { AlgorithmSettings } from "./algorithm.ts";
import { bnpo } from "./bnpo.ts";
import { cispo } from "./cispo.ts";
import { dapo } from "./dapo.ts";
import { drGrpo } from "./dr-grpo.ts";
import { grpo } from "./grpo.ts";
import { gspo } from "./gspo.ts";
import { reinforcePlusPlus } from "./reinforce-plus-plus.ts";
import { rloo } from "./rloo.ts";

export type { AlgorithmSettings } from "./algorithm.ts";

export const ALGORITHMS = {
  grpo,
  dapo,
  dr_grpo: drGrpo,
  bnpo,
  gspo,
  cispo,
  rloo,
  "reinforce++": reinforcePlusPlus,
} as const satisfies Record<string, AlgorithmSettings>;

export type AlgorithmName = keyof typeof ALGORITHMS;

export const ALGORITHM_NAMES = Object.keys(ALGORITHMS) as AlgorithmName[];
