/**
 * How many runs can be laid over each other and searched at once.
 *
 * The server keeps the logs of as many in memory. A run of the scale `small` takes about 1 MB; one with 100,000 rollouts
 * 11 MB, one with 100,000 steps of 40 metrics 32 MB. So this many of the usual size take 64 MB, and this many giants still
 * fit in 3 GB.
 */
export const MOST_RUNS = 64;
