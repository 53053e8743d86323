/**
 * What can go wrong with an endpoint, as errors with stable codes: whether trying again can help, when the server wants
 * it, and whether every other request would fail in the same way.
 *
 * Nothing that a server says reaches a person unseen through: keys in it are struck out, control characters (which a
 * terminal would obey) are blanks, and it is cut short.
 */
import { type ErrorDetails, ReckonError } from "../util/errors.ts";

export type ClientCode =
  /** The address or another setting cannot be used. */
  | "CLIENT_SETTING"
  /** No connection: refused, no such host, broken TLS, network down. */
  | "CLIENT_UNREACHABLE"
  /** Nothing came for too long. */
  | "CLIENT_TIMEOUT"
  /** The connection ended before the answer did. */
  | "CLIENT_CUT"
  /** What came is no chat completion. */
  | "CLIENT_INVALID"
  /** More came than is allowed. */
  | "CLIENT_TOO_LARGE"
  /** The server points elsewhere; keys do not follow. */
  | "CLIENT_REDIRECT"
  /** 401 and 403. */
  | "CLIENT_AUTH"
  /** 402, or a rate limit whose reason is an empty account. */
  | "CLIENT_QUOTA"
  /** Any other refusal of the request: 400, 404, 422, … */
  | "CLIENT_REFUSED"
  /** 429 to the end. */
  | "CLIENT_RATE"
  | "CLIENT_STOPPED"
  /** 408, 409 and 5xx to the end, or an error inside of a stream. */
  | "CLIENT_SERVER";

export interface ClientDetails extends ErrorDetails {
  /** HTTP status, where there was one. */
  readonly status?: number | undefined;
  /** Whether the same request may succeed later. Default false. */
  readonly retry?: boolean;
  /** Milliseconds that the server asks to wait for. */
  readonly afterMs?: number | undefined;
  /** Whether other requests would fail as well: a wrong key, an empty account, a wait that is too long. Default false. */
  readonly lasting?: boolean;
}

export class ClientError extends ReckonError {
  readonly status: number | undefined;
  readonly retry: boolean;
  readonly afterMs: number | undefined;
  lasting: boolean;
  /** Requests that were sent until it was given up. */
  attempts = 0;

  constructor(code: ClientCode, summary: string, details: ClientDetails = {}) {
    super(code, summary, details);
    this.status = details.status;
    this.retry = details.retry ?? false;
    this.afterMs = details.afterMs;
    this.lasting = details.lasting ?? false;
  }
}

const SHOWN = 300;
/** What looks like a key of the usual providers, or follows the word that goes before one. */
const KEYS = /\b(?:sk|pk|gsk|hf|xai|key)[-_][A-Za-z0-9_-]{8,}|(?<=\bBearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi;

/** A server's words as they may be shown. @param secrets struck out wherever they stand */
export function shown(text: string, secrets: readonly string[]): string {
  let out = text;
  for (const secret of secrets) if (secret !== "") out = out.replaceAll(secret, "[key]");
  out = out
    .replace(KEYS, "[key]")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+/g, " ")
    .trim();
  return out.length > SHOWN ? `${out.slice(0, SHOWN)}…` : out;
}

/** Where it happened and whose words may not be shown. */
export interface Scene {
  /** The address as it may be shown. */
  readonly place: string;
  readonly secrets: readonly string[];
}

interface ErrorBody {
  readonly message: string;
  readonly code: string;
}

/** The server's own words in an error's body: OpenAI's form, others that are about, or the text itself. */
export function errorBody(text: string): ErrorBody {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { message: text, code: "" };
  }
  if (typeof value !== "object" || value === null) return { message: text, code: "" };
  const { error = value, detail } = value as { error?: unknown; detail?: unknown };
  if (typeof error === "string") return { message: error, code: "" };
  const { message, code, type } = (error ?? {}) as { message?: unknown; code?: unknown; type?: unknown };
  const said = message ?? detail;
  return {
    message: typeof said === "string" ? said : said === undefined ? text : JSON.stringify(said),
    code: [code, type].filter((part) => typeof part === "string" || typeof part === "number").join(" "),
  };
}

/** The error of a response that is none of 2xx. @param text its body */
export function statusError(status: number, headers: Headers, text: string, { place, secrets }: Scene): ClientError {
  const { message, code } = errorBody(text);
  const words = shown(message, secrets);
  const request = headers.get("x-request-id");
  const got = `${status}${words === "" ? "" : `: ${words}`}${request ? ` (request ${shown(request, secrets)})` : ""}`;
  const afterMs = retryAfterMs(headers, Date.now());
  const asked = afterMs === undefined ? "" : `; it asks to wait for ${Math.ceil(afterMs / 1000)} s`;
  const details = { got: `${got}${asked}`, status, afterMs };
  const told = headers.get("x-should-retry");
  const again = (fallback: boolean): boolean => (told === "true" ? true : told === "false" ? false : fallback);
  const broke = status === 402 || (status === 429 && /insufficient_quota|billing|budget_exceeded/i.test(code));
  if (broke) {
    const help = "Add credit to the account, then run the same command again: what has been answered is kept.";
    return new ClientError("CLIENT_QUOTA", `${place} wants to be paid.`, { ...details, help, lasting: true });
  }
  if (status === 401 || status === 403) {
    const help =
      "Set the environment variable that holds the key, and name it; look whether the key may use this model.";
    return new ClientError("CLIENT_AUTH", `${place} does not accept the key.`, { ...details, help, lasting: true });
  }
  if (status === 429) {
    const help = "Run it again later, or with fewer requests at once.";
    return new ClientError("CLIENT_RATE", `${place} limits the rate of requests.`, {
      ...details,
      help,
      retry: again(true),
    });
  }
  if (status === 408 || status === 409 || status >= 500) {
    const help = "Run it again later: what has been answered is kept.";
    return new ClientError("CLIENT_SERVER", `${place} failed.`, { ...details, help, retry: again(true) });
  }
  const help =
    status === 404
      ? "Check the address (most end in /v1) and the name of the model."
      : "Compare the settings with what the endpoint's documentation allows.";
  return new ClientError("CLIENT_REFUSED", `${place} refuses the request.`, {
    ...details,
    help,
    retry: again(false),
    lasting: status === 404 || status === 405,
  });
}

/**
 * How long a response asks to wait: `retry-after-ms`, or `Retry-After` in seconds or as a date (RFC 9110, §10.2.3).
 * @param now milliseconds since 1970
 */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const ms = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  const text = headers.get("retry-after")?.trim();
  if (text === undefined || text === "") return undefined;
  const seconds = Number(text);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** What is known of a connection that failed. Node's fetch keeps the reason in the error's cause. */
export function networkError(error: unknown, { place, secrets }: Scene): ClientError {
  const { cause } = error as { cause?: unknown };
  const reason = (cause ?? error) as { code?: unknown; message?: unknown };
  const code = typeof reason.code === "string" ? reason.code : "";
  const message = typeof reason.message === "string" ? reason.message : String(reason);
  const details = { got: shown([code, message].filter(Boolean).join(": "), secrets), retry: true, cause: error };
  if (/TIMEOUT|ETIMEDOUT/.test(code)) {
    return new ClientError("CLIENT_TIMEOUT", `${place} does not answer in time.`, {
      ...details,
      help: "Check that the server is up; ask for fewer answers at once, or stream them.",
    });
  }
  return new ClientError("CLIENT_UNREACHABLE", `${place} cannot be reached.`, {
    ...details,
    help: "Check the address, that the server is up, and the network.",
  });
}
