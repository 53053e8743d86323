/**
 * Times of day: hours and minutes added and taken off, round midnight. Everything has two digits, so that hours and
 * minutes are always written in the same way.
 *
 * To the split a sum is one problem in whatever order: 07:45+02:50 is 02:50+07:45, and durations may change places. Taking
 * off 23:00 and adding 01:00 are different problems though they end at the same time.
 *
 * Chance: one of the 1,440 times of a day.
 */
import { verifyText } from "../spell.ts";
import { defineTask, knob } from "../task.ts";

/** Minutes since midnight, and durations in minutes, negative where they are taken off. */
export interface ClockFacts {
  readonly start: number;
  readonly durations: readonly number[];
}

export const DAY = 1440;

/** How many durations, the longest one in hours, and whether they may be taken off. */
const ladder = {
  durations: [1, 1, 2, 3, 4],
  hours: [9, 23, 23, 23, 23],
  off: ["no", "yes", "yes", "yes", "yes"],
} as const;

export const clock = defineTask<ClockFacts>({
  name: "clock",
  ladder,
  sample(random, level) {
    const durations = Array.from({ length: knob(ladder, "durations", level) }, () => {
      const minutes = random.int(0, knob(ladder, "hours", level)) * 60 + random.int(1, 59);
      return ladder.off[level] === "yes" && random.chance(0.5) ? -minutes : minutes;
    });
    return { start: random.int(0, DAY - 1), durations };
  },
  prompt: (facts, language) => (language === "en" ? `Time ${show(facts)}.` : `Uhrzeit ${show(facts)}.`),
  verify: (facts, answer) => verifyText(answer, time(end(facts))),
  gold: (facts) => time(end(facts)),
  chance: () => 1 / DAY,
  canonical({ start, durations }) {
    const inOrder = (values: readonly number[]): string => [...values].sort((x, y) => x - y).join(" ");
    return `${inOrder([start, ...durations.filter((value) => value >= 0)])} ${inOrder(durations.filter((value) => value < 0))}`;
  },
});

/** The time that is asked for, in minutes since midnight. */
export function end({ start, durations }: ClockFacts): number {
  const sum = durations.reduce((minutes, duration) => minutes + duration, start) % DAY;
  return (sum + DAY) % DAY;
}

/** Two digits. */
export function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** Minutes as `07:45`. */
export function time(minutes: number): string {
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** A duration with its sign: `+02:50`. */
export function signed(duration: number): string {
  return `${duration < 0 ? "-" : "+"}${time(Math.abs(duration))}`;
}

/** The question: `07:45+02:50-01:20`. */
export function show({ start, durations }: ClockFacts): string {
  return time(start) + durations.map(signed).join("");
}
