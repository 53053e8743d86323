/**
 * What keeps other sites and machines away from a server on localhost.
 *
 * - The Host header must name this machine, or a page elsewhere could point its own name at 127.0.0.1 and read the answers
 *   (DNS rebinding).
 * - Requests that change something must be JSON and, where the browser says whence they come, from this origin; there are no
 *   CORS headers, so other origins cannot read or send JSON.
 * - The page may load from its own origin only (Content-Security-Policy), and may compile WebAssembly: a model can be
 *   grown in a tab.
 * - The page is isolated from other origins (COOP and COEP), without which a browser gives WebAssembly no threads.
 */
import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { HttpError } from "./http-errors.ts";

const LOCAL_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** Refuses requests whose Host header is not in `hosts` (names without port; default: names of this machine). */
export function hostGuard(hosts: readonly string[] = LOCAL_NAMES): MiddlewareHandler {
  return async (c, next) => {
    const header = c.req.header("host");
    const names = header === undefined ? [hostName(c.req.url)] : [hostName(`http://${header}`), hostName(c.req.url)];
    if (!names.every((name) => name !== null && hosts.includes(name))) {
      throw new HttpError(
        403,
        "HOST_REFUSED",
        "This server answers to localhost only.",
        "Open it as http://localhost with its port.",
      );
    }
    await next();
  };
}

/** Refuses requests that change something and come from another site. */
export const sameOriginWrites: MiddlewareHandler = async (c, next) => {
  const { method } = c.req;
  if (method !== "GET" && method !== "HEAD") {
    const site = c.req.header("sec-fetch-site");
    const origin = c.req.header("origin");
    const foreign =
      (site !== undefined && site !== "same-origin" && site !== "none") ||
      (origin !== undefined && !sameHost(origin, c.req.header("host") ?? new URL(c.req.url).host));
    if (foreign) throw new HttpError(403, "ORIGIN_REFUSED", "Requests from other sites are refused.");
    if (!/^application\/json\b/i.test(c.req.header("content-type") ?? "")) {
      throw new HttpError(415, "NOT_JSON", "The request must have content-type application/json.");
    }
  }
  await next();
};

/** Security headers of every answer. */
export function headers(): MiddlewareHandler {
  const self = ["'self'"];
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: self,
      scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
      styleSrc: self,
      imgSrc: ["'self'", "data:"],
      connectSrc: self,
      fontSrc: self,
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: self,
      frameAncestors: ["'none'"],
    },
    xFrameOptions: "DENY",
    referrerPolicy: "no-referrer",
    crossOriginResourcePolicy: "same-origin",
    crossOriginOpenerPolicy: "same-origin",
    crossOriginEmbedderPolicy: "require-corp",
    // A promise of HTTPS would lock the browser out of every other local server on this name.
    strictTransportSecurity: false,
    xXssProtection: false,
  });
}

function hostName(url: string): string | null {
  try {
    return new URL(url).hostname;
  } catch {
    return null;
  }
}

function sameHost(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
