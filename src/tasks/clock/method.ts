/**
 * Times on paper: one duration after the other, minutes first. A minute line ends with the hours that are still to be
 * reckoned and the minutes found (`45+50=95 95-60=35 07+02+1>35`), an hour line with the new time and the durations that
 * are left (`07+02+1=10>10:35-01:20`).
 */
import type { Posed } from "../corpus/plain.ts";
import type { Method } from "../trace/calculate.ts";
import { readLines } from "../trace/lines.ts";
import type { Pen } from "../trace/pen.ts";
import { type ClockFacts, DAY, end, signed, time, two } from "./index.ts";

/** What is left of a value round a clock face of this size; slips may have led it anywhere. */
const within = (value: number, size: number): number => ((value % size) + size) % size;

export const clockMethod: Method<ClockFacts> = {
  work({ start, durations }, pen) {
    let now = start;
    for (const [i, duration] of durations.entries()) {
      const left = durations.slice(i + 1).map(signed);
      now = step(now, duration, left.join(""), pen);
    }
    return time(now);
  },
  /** By another route: all the hours, all the minutes, and only then the carries. */
  check({ start, durations }, answer, pen) {
    const parts: string[] = [];
    const total = (of: (minutes: number) => number): number => {
      let sum = of(start);
      for (const duration of durations) {
        const [sign, part] = [duration < 0 ? "-" : "+", of(Math.abs(duration))];
        const next = pen.slipped(duration < 0 ? sum - part : sum + part);
        parts.push(`${signedTwo(sum)}${sign}${two(part)}=${signedTwo(next)}`);
        sum = next;
      }
      return sum;
    };
    const hours = total((minutes) => Math.floor(minutes / 60));
    const minutes = total((value) => value % 60);
    const result = time(within(hours * 60 + minutes, DAY));
    parts.push(`${signedTwo(hours)}:${signedTwo(minutes)}=${result}`);
    return { text: `${parts.join(" ")} ${result}=${answer}`, holds: result === answer };
  },
  /** The carry forgotten, or minutes off by ten. */
  miss: (facts, random) => time(within(end(facts) + random.pick([-60, -10, 10, 60]), DAY)),
};

/** One duration: its minute line and its hour line; returns the new time. */
function step(now: number, duration: number, left: string, pen: Pen): number {
  const sign = duration < 0 ? "-" : "+";
  const [hours, minutes] = [Math.floor(now / 60), now % 60];
  const [h, m] = [Math.floor(Math.abs(duration) / 60), Math.abs(duration) % 60];
  let carry = "";
  let line: string;
  let found: number;
  if (duration < 0) {
    const borrows = minutes < m;
    carry = borrows ? "-1" : "";
    found = within(pen.slipped(borrows ? minutes + 60 - m : minutes - m), 60);
    line = `${two(minutes)}${borrows ? "+60" : ""}-${two(m)}=${two(found)}`;
  } else {
    const sum = pen.slipped(minutes + m);
    line = `${two(minutes)}+${two(m)}=${two(sum)}`;
    found = within(sum, 60);
    if (sum >= 60) {
      carry = "+1";
      line += ` ${two(sum)}-60=${two(found)}`;
    }
  }
  const column = `${two(hours)}${sign}${two(h)}${carry}`;
  pen.line(`${line} ${column}>${two(found)}`);
  const exact = (duration < 0 ? hours - h : hours + h) + Number(carry);
  // Before midnight the day lends its 24 hours; beyond midnight they are taken off.
  const borrowed = exact < 0 ? 24 : 0;
  const value = pen.slipped(borrowed + exact);
  const hour = within(value, 24);
  const equation = `${borrowed > 0 ? "24+" : ""}${column}=${two(value)}`;
  const over = value >= 24 ? ` ${two(value)}-24=${two(hour)}` : "";
  pen.line(`${equation}${over}>${two(hour)}:${two(found)}${left}`);
  return hour * 60 + found;
}

/** `45+50=95 95-60=35 07+02+1>35` or `20+60-45=35 07-02-1>35`: minutes, sign, minutes, hours, hours. */
const MINUTES = /^(\d\d)(?:\+60(?=-))?([+-])(\d\d)=\d+(?: \d+-60=\d+)? (\d\d)[+-](\d\d)(?:[+-]1)?>\d\d$/;
/** `07+02+1=10>10:35-01:20` */
const HOURS = />(\d\d):(\d\d)((?:[+-]\d\d:\d\d)*)$/;

/**
 * What is left after an hour line is a question of its own, and the time that it finds answers those that any of the
 * durations before it ask: the first ones from the start, and the others from a time between.
 */
export function metOnReckoning(thinking: string): Posed[] {
  const found: ClockFacts[] = [];
  /** The questions that the next hour line answers, if the pass goes on. */
  let asked: ClockFacts[] = [];
  for (const { body, waits } of readLines(thinking)) {
    const step = MINUTES.exec(body);
    if (step !== null) {
      const [, minutes, sign, m, hours, h] = step;
      const duration = (Number(h) * 60 + Number(m)) * (sign === "-" ? -1 : 1);
      const before = waits ? [] : asked.map(({ start, durations }) => ({ start, durations: [...durations, duration] }));
      asked = [...before, { start: Number(hours) * 60 + Number(minutes), durations: [duration] }];
      found.push(...asked);
      continue;
    }
    const [, hours, minutes, rest] = HOURS.exec(body) ?? [];
    const durations = Array.from((rest ?? "").matchAll(/([+-])(\d\d):(\d\d)/g), ([, sign, h, m]) => {
      const duration = Number(h) * 60 + Number(m);
      return sign === "-" ? -duration : duration;
    });
    if (durations.length === 0) asked = [];
    else found.push({ start: Number(hours) * 60 + Number(minutes), durations });
  }
  return found.map((facts) => ({ family: "clock", facts }));
}

/** Two digits after the sign of what is below zero. */
function signedTwo(value: number): string {
  return value < 0 ? `-${two(-value)}` : two(value);
}
