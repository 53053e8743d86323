/** Settings of learning for stages of a few steps, for tests. */
export const SHORT = {
  learningRate: 1e-3,
  schedule: { kind: "constant", warmup: 0 },
  optimizer: { name: "adamw" },
} as const;
