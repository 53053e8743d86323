/**
 * Errors that speak to the user.
 *
 * A `ReckonError` is a mistake or a situation that the user can act on: it has a stable `code` (scripts may match it),
 * says what was expected, what came, and what to do. Anything else that is thrown is a fault of ours and shows its stack.
 */
export interface ErrorDetails {
  /** What was needed, in words. */
  readonly expected?: string;
  /** What came instead, in words. */
  readonly got?: string;
  /** What to do about it: one sentence, imperative. */
  readonly help?: string;
  readonly cause?: unknown;
}

export class ReckonError extends Error {
  override readonly name = "ReckonError" as const;
  readonly code: string;
  /** What happened, without the details that `message` holds too. */
  readonly summary: string;
  readonly expected: string | undefined;
  readonly got: string | undefined;
  readonly help: string | undefined;

  /**
   * @param code stable identifier, `AREA_WHAT` in capitals, e.g. `CHECKPOINT_TRUNCATED`
   * @param summary what happened, one line
   */
  constructor(code: string, summary: string, details: ErrorDetails = {}) {
    const lines = [summary];
    if (details.expected !== undefined) lines.push(`  expected: ${details.expected}`);
    if (details.got !== undefined) lines.push(`  got:      ${details.got}`);
    if (details.help !== undefined) lines.push(`  help:     ${details.help}`);
    super(lines.join("\n"), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.summary = summary;
    this.expected = details.expected;
    this.got = details.got;
    this.help = details.help;
  }
}

/** Throws an internal error (a fault of ours, not of the user's) unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal: ${message}`);
}
