/** Errors as JSON: `{ error: { code, message, help } }`, with one status for each kind. */
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { z } from "zod";
import { refusedSomewhere } from "../recipes/refused.ts";
import { ReckonError } from "../util/errors.ts";
import type { ApiError } from "./wire.ts";

/** An error that carries its HTTP status. */
export class HttpError extends Error {
  override readonly name = "HttpError" as const;
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly help: string | null;

  constructor(status: ContentfulStatusCode, code: string, message: string, help: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.help = help;
  }
}

/** What to do when a disk takes something again. */
const AGAIN = "try it again";

/** Body of an error answer. */
export function errorBody(thrown: unknown): ApiError["error"] {
  const error = refusedSomewhere(thrown, AGAIN);
  if (error instanceof HttpError) return { code: error.code, message: error.message, help: error.help };
  if (error instanceof ReckonError) {
    return { code: error.code, message: error.message.split("\n  help:")[0]!, help: error.help ?? null };
  }
  return { code: "INTERNAL", message: "The server met a fault of its own.", help: "Its terminal shows the details." };
}

/** The answer for whatever a handler threw. A fault of ours is written to standard error with its stack. */
export function errorResponse(thrown: unknown, c: Context): Response {
  const error = refusedSomewhere(thrown, AGAIN);
  if (error instanceof HTTPException)
    return c.json({ error: { code: "BAD_REQUEST", message: error.message, help: null } }, error.status);
  const body = { error: errorBody(error) } satisfies ApiError;
  if (error instanceof HttpError) return c.json(body, error.status);
  if (error instanceof ReckonError) return c.json(body, statusOf(error.code));
  console.error(error);
  return c.json(body, 500);
}

function statusOf(code: string): ContentfulStatusCode {
  if (code.endsWith("_UNKNOWN")) return 404;
  // Nothing is wrong with what was asked.
  if (code.endsWith("_DISK")) return 507;
  return code === "FILE_DENIED" ? 500 : 400;
}

/** Checks input of a request; a mismatch becomes HTTP 400 that names the field. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown, what: string): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.length === 0 ? what : issue.path.join(".");
  throw new HttpError(400, "BAD_REQUEST", `${field}: ${issue.message}`, null);
}
