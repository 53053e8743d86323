/**
 * Looks at a run as it goes and says what is wrong, since when, and what usually helps. Each trouble is reported when it
 * begins, again at ten times its length, and when it is over; numbers decide, never the clock.
 */
import type { RunEvent } from "./run-store.ts";

export interface Observation {
  readonly step: number;
  readonly deadGroups: number;
  readonly meanLength: number;
  readonly clipped: number;
  readonly format: number;
  /** Undefined where no update measured it. */
  readonly entropy: number | undefined;
  readonly rewardFailures: readonly { readonly name: string; readonly message: string }[];
}

type Numbers = Omit<Observation, "rewardFailures">;

interface Rule {
  readonly code: string;
  /** Steps in a row before it counts. */
  readonly patience: number;
  broken(now: Numbers, start: Numbers): boolean;
  message(now: Numbers, start: Numbers): string;
  readonly help: string;
}

const RULES: readonly Rule[] = [
  {
    code: "DEAD_GROUPS",
    patience: 3,
    broken: (now) => now.deadGroups >= 0.999,
    message: () => "every group of answers earned one and the same reward: there is nothing to learn from",
    help: "make the problems easier or harder (groups teach most between 5 and 95 % solved), raise samplesPerPrompt, or start from a better base",
  },
  {
    code: "LENGTH_COLLAPSED",
    patience: 5,
    broken: (now, start) => now.meanLength < 0.3 * start.meanLength,
    message: (now, start) =>
      `answers shrank from ${start.meanLength.toFixed(0)} to ${now.meanLength.toFixed(0)} tokens`,
    help: "the model found that thinking does not pay: check that its elementary steps are right (search pays only then), lower the learning rate, or choose harder problems",
  },
  {
    code: "ANSWERS_CUT",
    patience: 5,
    broken: (now) => now.clipped > 0.3,
    message: (now) => `${(100 * now.clipped).toFixed(0)} % of the answers hit the length limit and count as wrong`,
    help: "raise maxNewTokens, or lower the difficulty for a while",
  },
  {
    code: "FORMAT_LOST",
    patience: 5,
    broken: (now, start) => now.format < 0.5 * start.format,
    message: (now, start) =>
      `strict format fell from ${(100 * start.format).toFixed(0)} to ${(100 * now.format).toFixed(0)} %`,
    help: "lower the learning rate or give the format reward more weight",
  },
  {
    code: "ENTROPY_COLLAPSED",
    patience: 5,
    broken: (now, start) => (now.entropy ?? Number.POSITIVE_INFINITY) < 0.02 * (start.entropy ?? 0),
    message: (now) => `the policy hardly varies any more (entropy ${now.entropy?.toFixed(4)} nats a token)`,
    help: "a KL term, a larger clipHigh or a lower learning rate keep it exploring",
  },
];

/** What a watch remembers: plain JSON, kept in checkpoints, so that a resumed run tells what an unbroken one would. */
export interface WatchState {
  /** By a rule's code: the step since when it is broken. */
  readonly since: Readonly<Record<string, number>>;
  /** By a reward's name: how often it has failed. */
  readonly failed: Readonly<Record<string, number>>;
  /** What the run was like when it began. */
  readonly start?: Numbers;
}

export class Watch {
  readonly #since: Map<string, number>;
  readonly #failed: Map<string, number>;
  #start: Numbers | undefined;

  /** @param state of an earlier watch, to go on from */
  constructor(state?: WatchState) {
    this.#since = new Map(Object.entries(state?.since ?? {}));
    this.#failed = new Map(Object.entries(state?.failed ?? {}));
    this.#start = state?.start;
  }

  get state(): WatchState {
    return {
      since: Object.fromEntries(this.#since),
      failed: Object.fromEntries(this.#failed),
      ...(this.#start ? { start: this.#start } : {}),
    };
  }

  /** The events that this step gives rise to. */
  observe(now: Observation): RunEvent[] {
    const { rewardFailures, ...numbers } = now;
    const start = { ...numbers, ...this.#start, entropy: this.#start?.entropy ?? now.entropy };
    this.#start = start;
    const events: RunEvent[] = [];
    for (const rule of RULES) {
      const since = this.#since.get(rule.code);
      if (!rule.broken(now, start)) {
        if (since !== undefined && now.step - since >= rule.patience) {
          events.push({
            level: "info",
            code: `${rule.code}_OVER`,
            step: now.step,
            message: `over since step ${now.step}`,
          });
        }
        this.#since.delete(rule.code);
        continue;
      }
      const began = since ?? now.step;
      this.#since.set(rule.code, began);
      const length = now.step - began + 1;
      if (length === rule.patience || length === 10 * rule.patience) {
        const message = `${rule.message(now, start)}, since step ${began}`;
        events.push({ level: "warning", code: rule.code, step: now.step, message, help: rule.help });
      }
    }
    for (const failure of rewardFailures) {
      const count = (this.#failed.get(failure.name) ?? 0) + 1;
      this.#failed.set(failure.name, count);
      if (count === 1 || count === 10 || count === 100 || count === 1000) {
        events.push({
          level: "warning",
          code: "REWARD_FAILED",
          step: now.step,
          message: `reward ${failure.name} failed${count === 1 ? "" : ` for the ${count}th time`}: ${failure.message}`,
          help: "the sample counts as 0 for this reward; the run goes on",
        });
      }
    }
    return events;
  }
}
