/** Lines of a text with their numbers, from 1; empty ones and a byte order mark are passed over. */
export function* numberedLines(text: string): Generator<{ readonly line: number; readonly source: string }> {
  let line = 0;
  for (const source of text.replace(/^\ufeff/, "").split("\n")) {
    line++;
    if (source.trim() !== "") yield { line, source };
  }
}

/** The object that a line of JSON holds, or what it is instead. */
export function readObject(source: string): Readonly<Record<string, unknown>> | string {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return "not JSON";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "not a JSON object";
  return value as Readonly<Record<string, unknown>>;
}
