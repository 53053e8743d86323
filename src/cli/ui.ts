/**
 * What a command says, and where: data on standard output, everything else beside it.
 *
 * Under --json standard output carries one JSON document (or JSON lines) and nothing else. Progress is drawn on standard
 * error, on a terminal only, so that logs and pipes stay clean.
 */
import { once } from "node:events";
import { styleText } from "node:util";

/** The part of a stream that is used; process.stdout and process.stderr are such. */
export interface Sink {
  write(text: string): boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
  once(event: string, listener: (...args: unknown[]) => void): unknown;
}

export interface Ui {
  readonly json: boolean;
  /** A line for a person: standard output, or standard error under --json. */
  say(text?: string): void;
  /** A line of warning on standard error. */
  warn(text: string): void;
  /** The command's one document under --json; nothing otherwise. */
  document(value: unknown): void;
  /** One line of data on standard output, JSON or not; waits while the reader is slow. */
  line(text: string): Promise<void>;
  /** A progress line. `total` is unknown for 0. */
  progress(label: string, total?: number): Progress;
}

export interface Progress {
  /** @param done how many of `total`; @param note shown at the end of the line */
  update(done: number, note?: string): void;
  /** Takes the line away, leaving `summary` in its place if given. */
  end(summary?: string): void;
}

export interface UiOptions {
  readonly json?: boolean;
  readonly out?: Sink;
  readonly err?: Sink;
  /** Milliseconds; default Date.now. */
  readonly now?: () => number;
}

export function createUi(options: UiOptions = {}): Ui {
  const { json = false, out = process.stdout, err = process.stderr, now = Date.now } = options;
  const person = json ? err : out;
  return {
    json,
    say: (text = "") => void person.write(`${text}\n`),
    warn: (text) => void err.write(`${paint("yellow", "warning:")} ${text}\n`),
    document(value) {
      if (json) out.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    async line(text) {
      if (!out.write(`${text}\n`)) await once(out as NodeJS.WriteStream, "drain");
    },
    progress: (label, total = 0) => (err.isTTY ? drawnProgress(label, total, err, now) : silentProgress(person)),
  };
}

function silentProgress(person: Sink): Progress {
  return {
    update() {},
    end(summary) {
      if (summary !== undefined) person.write(`${summary}\n`);
    },
  };
}

const REDRAW_MS = 100;

function drawnProgress(label: string, total: number, err: Sink, now: () => number): Progress {
  const started = now();
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    update(done, note = "") {
      const time = now();
      if (time - drawn < REDRAW_MS && done < total) return;
      drawn = time;
      const line = progressLine(label, done, total, (time - started) / 1000, note);
      err.write(`\r\x1b[2K${line.slice(0, (err.columns ?? 80) - 1)}`);
    },
    end(summary) {
      err.write(`\r\x1b[2K${summary === undefined ? "" : `${summary}\n`}`);
    },
  };
}

/**
 * One line of progress: how much is done, how fast, how long it will still take.
 * @param seconds since the start
 */
export function progressLine(label: string, done: number, total: number, seconds: number, note = ""): string {
  const rate = seconds > 0 ? done / seconds : 0;
  const parts = [label];
  if (total > 0) {
    const share = Math.min(1, done / total);
    const filled = Math.round(share * 20);
    parts.push(`${"█".repeat(filled)}${"░".repeat(20 - filled)}`, `${Math.floor(share * 100)} %`);
    parts.push(`${formatCount(done)}/${formatCount(total)}`);
  } else {
    parts.push(formatCount(done));
  }
  if (rate > 0) parts.push(`${formatRate(rate)}/s`);
  if (rate > 0 && total > done) parts.push(`${formatDuration((total - done) / rate)} left`);
  if (note !== "") parts.push(note);
  return parts.join("  ");
}

/** 1234567 → "1,234,567". */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Three significant digits below a thousand. */
export function formatRate(value: number): string {
  return value >= 1000 ? formatCount(value) : String(Number(value.toPrecision(3)));
}

/** Seconds as "0:09", "12:34" or "1:02:03". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Bytes as "3.4 GB" (powers of ten). */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit++;
  }
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${units[unit]}`;
}

/** Columns of left-aligned text, two blanks apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Colour on a terminal that wants it (NO_COLOR and FORCE_COLOR are heeded), plain text elsewhere. */
export function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stderr });
}
