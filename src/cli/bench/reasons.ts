/** Why floors are missed: bench/reasons.json and bench/evidence-reasons.json, written by hand, one or two sentences by the floor's name. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ReckonError } from "../../util/errors.ts";
import { packageRoot } from "../package.ts";

export type Reasons = Readonly<Record<string, string>>;

export function reasonsFile(): string {
  return join(packageRoot(), "bench", "reasons.json");
}

/**
 * @returns nothing where there is no such file
 * @throws ReckonError BENCH_REASONS where it is not an object of sentences
 */
export function readReasons(file: string = reasonsFile()): Reasons {
  if (!existsSync(file)) return {};
  const wrong = (got: string): ReckonError =>
    new ReckonError("BENCH_REASONS", `${file} cannot be read as reasons`, {
      expected: 'an object such as {"step-a-1 ratio": "one or two sentences"}',
      got,
      help: "correct it by hand",
    });
  const text = readFileSync(file, "utf8");
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw wrong((error as Error).message);
  }
  if (typeof read !== "object" || read === null || Array.isArray(read)) throw wrong(text.slice(0, 80));
  for (const [name, reason] of Object.entries(read))
    if (typeof reason !== "string" || reason.trim() === "") throw wrong(`${name}: ${JSON.stringify(reason)}`);
  return read as Reasons;
}

/** @throws ReckonError BENCH_REASONS where a reason stands beside no floor: it would never be read */
export function checkReasons(reasons: Reasons, floors: readonly string[]): void {
  const unknown = Object.keys(reasons).filter((name) => !floors.includes(name));
  if (unknown.length === 0) return;
  throw new ReckonError("BENCH_REASONS", "a reason is given for a floor that there is not", {
    expected: floors.join(", "),
    got: unknown.join(", "),
    help: "correct its name in the file of reasons",
  });
}
