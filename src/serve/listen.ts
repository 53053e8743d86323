/** Puts the studio's app on a port of this machine. */
import { serve } from "@hono/node-server";
import { ReckonError } from "../util/errors.ts";
import { createStudioApp, type StudioOptions } from "./app.ts";

export interface StudioServer {
  /** For example `http://127.0.0.1:4180`. */
  readonly url: string;
  readonly port: number;
  /** Ends streams and connections, then the server. */
  close(): Promise<void>;
}

/**
 * Starts the studio on 127.0.0.1.
 * @param options as for `createStudioApp`; `port` 0 takes a free one. Throws `ReckonError` PORT_TAKEN.
 */
export function startStudio(options: StudioOptions & { readonly port: number }): Promise<StudioServer> {
  const { port, ...rest } = options;
  const ending = new AbortController();
  const signal = options.signal === undefined ? ending.signal : AbortSignal.any([ending.signal, options.signal]);
  const app = createStudioApp({ ...rest, signal });
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, (info) => {
      resolve({
        url: `http://127.0.0.1:${info.port}`,
        port: info.port,
        close: () =>
          new Promise((done) => {
            ending.abort();
            server.close(() => done());
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      });
    });
    server.on("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new ReckonError("PORT_TAKEN", `Port ${port} is in use.`, {
              help: "Close what runs there, or choose another port with --port.",
              cause: error,
            })
          : error,
      );
    });
  });
}
