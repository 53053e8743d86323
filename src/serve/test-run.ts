/**
 * Writes run directories in the trainer's format, for tests of whatever reads them: a growth that looks like a real one
 * (accuracy and length climb, entropy falls), deterministic in its seed.
 */
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "../util/random.ts";
import type { Rollout } from "./wire.ts";

export interface TestRunOptions {
  readonly steps: number;
  /** Steps planned; default `steps`. */
  readonly planned?: number;
  readonly status?: "running" | "paused" | "finished" | "failed" | "stopped";
  readonly message?: string;
  readonly evalEvery?: number;
  readonly rolloutsEvery?: number;
  readonly groups?: number;
  readonly groupSize?: number;
  readonly seed?: number;
  /** Stands in the recipe only. */
  readonly learningRate?: number;
  /** Stands in the recipe, and the words "wait" of every other group are marked as forced. */
  readonly waits?: boolean;
  readonly pid?: number;
  readonly startedAt?: Date;
}

/** One step's metrics. */
export function metricsRow(
  step: number,
  planned: number,
  random: Random,
  evaluate: boolean,
): Record<string, number> & { step: number } {
  const grown = 1 / (1 + Math.exp(-8 * (step / Math.max(1, planned) - 0.45)));
  const noise = (size: number): number => random.normal() * size;
  const accuracy = clamp(0.1 + 0.42 * grown + noise(0.035));
  const format = clamp(0.62 + 0.37 * Math.min(1, grown * 2.2) + noise(0.015));
  const length = 46 + 74 * grown + noise(3);
  const recheck = clamp(0.08 + 0.4 * grown + noise(0.03));
  const row: Record<string, number> & { step: number } = {
    step,
    reward: accuracy + 0.1 * format,
    reward_std: 0.4 + noise(0.02),
    "rewards/accuracy/mean": accuracy,
    "rewards/format/mean": format,
    frac_reward_zero_std: clamp(0.3 - 0.2 * grown + noise(0.05)),
    kl: Math.max(0, 0.002 + 0.05 * grown + noise(0.002)),
    entropy: 0.72 - 0.3 * grown + noise(0.015),
    "sampling/mean_surprisal": 0.6 - 0.3 * grown + noise(0.015),
    loss: noise(0.01),
    grad_norm: 0.8 + Math.abs(noise(0.2)),
    learning_rate: 0.0003,
    num_tokens: step * 9500,
    "completions/num_tokens": step * 8000,
    "completions/mean_length": length,
    "completions/min_length": Math.round(length * 0.3),
    "completions/max_length": Math.round(length * 2.6),
    "completions/clipped_ratio": clamp(0.02 + noise(0.01)),
    "completions/mean_length_right": length * 0.82 + noise(3),
    "completions/mean_length_wrong": length * 1.2 + noise(4),
    recheck_share: recheck,
    "clip_ratio/low_mean": clamp(0.001 + noise(0.001)),
    "clip_ratio/high_mean": clamp(0.001 + noise(0.001)),
    "clip_ratio/region_mean": clamp(0.002 + noise(0.001)),
    "sampling/sampling_logp_difference/mean": Math.abs(noise(1e-6)),
    "sampling/sampling_logp_difference/max": Math.abs(noise(5e-6)),
    "sampling/importance_sampling_ratio/min": 0.99999,
    "sampling/importance_sampling_ratio/mean": 1,
    "sampling/importance_sampling_ratio/max": 1.00001,
    "time/step": 1.4 + Math.abs(noise(0.1)),
    "time/generate": 0.8,
    "time/train": 0.6,
  };
  if (evaluate) {
    const held = clamp(0.09 + 0.4 * grown + noise(0.01));
    Object.assign(row, {
      "eval/accuracy": held,
      "eval/chance": 0.031,
      "eval/format": format,
      "eval/accuracy_given_format": held / Math.max(0.2, format),
      "eval/mean_length": length,
      "eval/recheck_share": recheck,
      "eval/countdown/accuracy": clamp(held * 0.8),
      "eval/addition/accuracy": clamp(held * 1.3),
      "eval/recall/accuracy": clamp(0.4 + noise(0.02)),
    });
    for (const [level, share] of [1.2, 0.8, 0.4].entries()) {
      row[`eval/countdown/${level}/accuracy`] = clamp(held * share);
      row[`eval/countdown/${level}/chance`] = 0.05 / (level + 1);
      row[`eval/countdown/${level}/problems`] = level === 2 ? 6 : 40;
    }
  }
  return row;
}

/** The completions of one sampled step. */
export function rolloutRows(
  step: number,
  planned: number,
  random: Random,
  groups: number,
  groupSize: number,
): Omit<Rollout, "id">[] {
  const grown = step / Math.max(1, planned);
  const rows: Omit<Rollout, "id">[] = [];
  for (let group = 0; group < groups; group++) {
    const numbers = [random.int(1, 20), random.int(1, 20), random.int(1, 9)];
    const target = numbers[0]! * numbers[2]! + numbers[1]!;
    const prompt = `Use each of ${numbers.join(", ")} once with + - * / to make ${target}.`;
    const drafts = Array.from({ length: groupSize }, (_, index) => {
      const right = random.chance(0.12 + 0.45 * grown);
      const recheck = random.chance(0.1 + 0.4 * grown);
      const formatted = right || random.chance(0.7 + 0.28 * grown);
      const first = `${numbers[0]} + ${numbers[1]} = ${numbers[0]! + numbers[1]!}; * ${numbers[2]} = ${(numbers[0]! + numbers[1]!) * numbers[2]!}`;
      const retry = recheck
        ? `\nthat is not ${target}. wait, try again.\n${numbers[0]} * ${numbers[2]} = ${numbers[0]! * numbers[2]!}; + ${numbers[1]} = ${target}. check: yes`
        : "";
      const thinking = `numbers ${numbers.join(" ")} target ${target}\n${first}${retry}`;
      const answer = formatted
        ? right
          ? `${numbers[0]} * ${numbers[2]} + ${numbers[1]}`
          : `(${numbers[0]} + ${numbers[1]}) * ${numbers[2]}`
        : null;
      const tokens = thinking.length >> 1;
      return { index, right, recheck, formatted, thinking, answer, tokens };
    });
    const rewards = drafts.map((draft) => (draft.right ? 1 : 0) + (draft.formatted ? 0.1 : 0));
    const mean = rewards.reduce((a, b) => a + b, 0) / rewards.length;
    const deviation = Math.sqrt(rewards.reduce((a, b) => a + (b - mean) ** 2, 0) / rewards.length);
    drafts.forEach((draft, i) => {
      const closed = draft.answer === null ? "" : `</think><answer>${draft.answer}</answer><|end|>`;
      rows.push({
        step,
        group,
        index: draft.index,
        family: "countdown",
        level: 0,
        language: "en",
        prompt,
        completion: `<think>${draft.thinking}${closed}`,
        thinking: draft.thinking,
        answer: draft.answer,
        finish: draft.formatted ? "stop" : "length",
        tokens: draft.tokens,
        score: draft.right ? 1 : 0,
        reason: draft.right
          ? "right"
          : draft.formatted
            ? `gives ${(numbers[0]! + numbers[1]!) * numbers[2]!}, not ${target}`
            : "no closing </think>",
        reward: rewards[i]!,
        rewards: { accuracy: draft.right ? 1 : 0, format: draft.formatted ? 1 : 0 },
        advantage: (rewards[i]! - mean) / (deviation + 1e-4),
        recheck: draft.recheck,
      });
    });
  }
  return rows;
}

function withForcedWait(row: Omit<Rollout, "id">): Omit<Rollout, "id"> {
  const from = row.completion.indexOf("wait");
  return row.group % 2 === 1 && from >= 0 ? { ...row, forced: [{ from, count: "wait".length }] } : row;
}

/** Writes `runsDir/name`; returns its path. */
export async function writeTestRun(runsDir: string, name: string, options: TestRunOptions): Promise<string> {
  const {
    steps,
    planned = steps,
    evalEvery = 10,
    rolloutsEvery = 10,
    groups = 4,
    groupSize = 8,
    seed = 0,
    learningRate = 0.0003,
    waits = false,
  } = options;
  const directory = join(runsDir, name);
  await mkdir(directory, { recursive: true });
  const recipe = {
    name: "r1-zero",
    seed,
    stages: [
      { kind: "reinforce", steps: planned, groupSize, learningRate, ...(waits ? { waits: { share: 0.5 } } : {}) },
    ],
  };
  await writeFile(join(directory, "recipe.json"), JSON.stringify(recipe, null, 2));
  let block: string[] = [];
  await writeFile(join(directory, "metrics.jsonl"), "");
  await writeFile(join(directory, "rollouts.jsonl"), "");
  await writeFile(join(directory, "evaluations.jsonl"), "");
  for (let step = 1; step <= steps; step++) {
    const evaluate = step === 1 || step % evalEvery === 0;
    if (evaluate) {
      // The same streams at each step: the same problems.
      const rows = Array.from({ length: 6 }, (_, group) => {
        const [row] = rolloutRows(step, planned, Random.of(seed, "held-out", group), 1, 1);
        return { ...row!, group, advantage: 0 };
      });
      await appendFile(join(directory, "evaluations.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    }
    block.push(JSON.stringify(metricsRow(step, planned, Random.of(seed, "metrics", step), evaluate)));
    if (step % rolloutsEvery === 0 || step === 1) {
      const drawn = rolloutRows(step, planned, Random.of(seed, "rollouts", step), groups, groupSize);
      const rows = waits ? drawn.map(withForcedWait) : drawn;
      await appendFile(join(directory, "rollouts.jsonl"), `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`);
    }
    if (block.length >= 5000 || step === steps) {
      await appendFile(join(directory, "metrics.jsonl"), `${block.join("\n")}\n`);
      block = [];
    }
  }
  const started = options.startedAt ?? new Date(Date.now() - steps * 1500);
  const events = [
    { time: started.toISOString(), level: "info", code: "RUN_STARTED", step: 0, message: "The run has started." },
    {
      time: new Date(started.getTime() + 60_000).toISOString(),
      level: "warning",
      code: "GROUPS_ALIKE",
      step: Math.min(steps, 12),
      message: "In 71 % of the groups all answers got the same reward; they teach nothing.",
      help: "Easier problems or larger groups usually help.",
    },
  ];
  await writeFile(join(directory, "events.jsonl"), `${events.map((event) => JSON.stringify(event)).join("\n")}\n`);
  await writeTestState(directory, {
    status: options.status ?? "finished",
    step: steps,
    steps: planned,
    startedAt: started.toISOString(),
    updatedAt: new Date().toISOString(),
    pid: options.pid ?? process.pid,
    ...(options.message === undefined ? {} : { message: options.message }),
  });
  return directory;
}

/** Replaces `state.json`. */
export async function writeTestState(directory: string, state: Record<string, unknown>): Promise<void> {
  await writeFile(join(directory, "state.json"), JSON.stringify(state));
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
