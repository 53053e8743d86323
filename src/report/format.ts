/** Numbers and times as people read them. */

/** A share in 0..1 as a percentage; one decimal below ten per cent. */
export function percent(value: number): string {
  const points = value * 100;
  if (points > 0 && points < 0.05) return "under 0.1%";
  return `${Math.abs(points) < 9.95 && points !== 0 ? points.toFixed(1) : points.toFixed(0)}%`;
}

/** A number with about three significant digits. */
export function number(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6) return minus(`${(value / 1e6).toFixed(size >= 1e8 ? 0 : 1)}M`);
  if (size < 1e-4) return value.toExponential(1).replace("-", "−").replace("+", "");
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  const digits = Math.max(0, 2 - Math.floor(Math.log10(size)));
  return minus(value.toFixed(Math.min(6, digits)));
}

/** Numbers as short as an axis needs them: no more decimals than tell its marks apart. */
export function axisNumbers(marks: readonly number[]): string[] {
  const gap = Math.abs((marks[1] ?? 1) - (marks[0] ?? 0)) || 1;
  const most = Math.max(...marks.map(Math.abs));
  const decimals = (unit: number): number => Math.min(8, Math.max(0, Math.ceil(1 - Math.log10(gap / unit) - 1e-9)));
  return marks.map((value) => {
    const size = Math.abs(value);
    const sign = value < 0 ? "−" : "";
    if (size === 0) return "0";
    if (most >= 1e6) return `${sign}${trim((size / 1e6).toFixed(decimals(1e6)))}M`;
    if (most >= 1e4) return `${sign}${trim((size / 1e3).toFixed(decimals(1e3)))}k`;
    if (most < 1e-3) return sign + size.toExponential(size.toPrecision(2).endsWith("0") ? 0 : 1).replace("-", "−");
    return sign + trim(size.toFixed(decimals(1)));
  });
}

function trim(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** With its sign always shown, two decimals: an advantage. */
export function signed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return text === "0.00" ? "0.00" : value > 0 ? `+${text}` : `−${text}`;
}

/** Whole numbers with thousands separated. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** Seconds as the two largest units. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "–";
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 10) return `${m} min ${String(s % 60).padStart(2, "0")} s`;
  if (m < 60) return `${Math.round(s / 60)} min`;
  const h = Math.floor(m / 60);
  if (h < 48) return `${h} h ${String(m % 60).padStart(2, "0")} min`;
  return `${Math.floor(h / 24)} d ${h % 24} h`;
}

/** Time of day, with the date where it is not today's. */
export function clock(iso: string, now: Date = new Date()): string {
  const date = new Date(iso);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return date.toDateString() === now.toDateString()
    ? time
    : `${date.toLocaleDateString([], { month: "short", day: "numeric" })}, ${time}`;
}

/** Text of the trainer's as a sentence: a capital first, a full stop last. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  // The name of a file stays as it is.
  const capital = /^\S+\.\w/.test(trimmed) ? trimmed : trimmed[0]!.toUpperCase() + trimmed.slice(1);
  return /[.!?…:)]$/.test(capital) ? capital : `${capital}.`;
}

/** `1 try`, `3 tries`. */
export function plural(n: number, one: string, many: string): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

function minus(text: string): string {
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
}
