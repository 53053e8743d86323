/**
 * The studio's server: the page, the runs as they grow, problems to draw and models to talk to.
 *
 * A plain Hono app: `app.request()` tests it without a socket. It listens on this machine only (`listen.ts`).
 */
import { existsSync } from "node:fs";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { streamSSE } from "hono/streaming";
import { z } from "zod";
import { ReckonError } from "../util/errors.ts";
import { baseFiles } from "./base-files.ts";
import { chatRoutes } from "./chat-routes.ts";
import { errorBody, errorResponse, HttpError, parseInput } from "./http-errors.ts";
import type { LabelFile } from "./label-file.ts";
import { labelRoutes } from "./label-routes.ts";
import { PipelineReader } from "./pipeline-reader.ts";
import { pipelineRoutes } from "./pipeline-routes.ts";
import { resolvedRecipe } from "./recipe-defaults.ts";
import { rolloutRoutes } from "./rollout-routes.ts";
import { RunReader } from "./run-reader.ts";
import { streamRun } from "./run-stream.ts";
import { headers, hostGuard, sameOriginWrites } from "./security.ts";
import type { StudioServices } from "./services.ts";
import type { RunDetail } from "./wire.ts";

export interface StudioOptions {
  /** Folder that holds the run directories; need not exist yet. */
  readonly runsDir: string;
  /** Folder of the built page (`dist/web`). */
  readonly webDir: string;
  readonly services: StudioServices;
  /** Folder of the model that a tab grows from (`models/base`); default none. */
  readonly baseDir?: string;
  /** Traces that are rated in the studio (`LabelFile.open`); default none. */
  readonly label?: LabelFile;
  /** Host names that the server answers to; default: localhost, 127.0.0.1 and [::1]. */
  readonly hosts?: readonly string[];
  /** Milliseconds between looks at a run's files; default 400. */
  readonly pollMs?: number;
  /** Ends all streams when it aborts. */
  readonly signal?: AbortSignal;
}

const BIGGEST_BODY = 256 * 1024;

const keys = z
  .string()
  .max(4000)
  .transform((text) => text.split(",").filter((key) => key !== ""))
  .optional();

const metricsQuery = z.object({
  after: z.coerce.number().default(-1),
  keys,
  format: z.enum(["rows", "columns", "packed"]).default("rows"),
});
const streamQuery = z.object({ after: z.coerce.number().default(-1), keys });

/** Builds the app. */
export function createStudioApp(options: StudioOptions): Hono {
  const { services } = options;
  const reader = new RunReader(options.runsDir);
  const ended = options.signal ?? new AbortController().signal;
  const app = new Hono();

  app.onError(errorResponse);
  app.use(headers());
  app.use(hostGuard(options.hosts));
  app.use("/api/*", sameOriginWrites);
  app.use(
    "/api/*",
    bodyLimit({
      maxSize: BIGGEST_BODY,
      onError: (c) => errorResponse(new HttpError(413, "TOO_LARGE", "The request is too large."), c),
    }),
  );
  app.use("/api/*", async (c, next) => {
    await next();
    if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  });

  app.get("/api/runs", async (c) => c.json(await reader.list()));

  app.get("/api/runs/:name", async (c) => {
    const name = c.req.param("name");
    const run = await reader.get(name);
    const recipe = await reader.recipe(name);
    const detail: RunDetail = {
      ...run,
      recipe,
      ...resolvedRecipe(recipe),
      ...(await reader.contents(name)),
      control: services.control(name),
    };
    return c.json(detail);
  });

  app.get("/api/runs/:name/metrics", async (c) => {
    const query = parseInput(metricsQuery, c.req.query(), "query");
    const { metrics } = await reader.logs(c.req.param("name"));
    await metrics.poll();
    const from = metrics.indexAfter(query.after);
    switch (query.format) {
      case "rows":
        return c.json(metrics.rows(from, query.keys));
      case "columns":
        return c.json(metrics.columns(from, query.keys));
      case "packed":
        return c.body(metrics.packed(from, query.keys), 200, { "content-type": "application/octet-stream" });
      default:
        query.format satisfies never;
        throw new Error("unreachable");
    }
  });

  app.get("/api/runs/:name/events", async (c) => {
    const { events } = await reader.logs(c.req.param("name"));
    await events.poll();
    return c.json(events.items);
  });

  app.get("/api/runs/:name/stream", async (c) => {
    const query = parseInput(streamQuery, c.req.query(), "query");
    const logs = await reader.logs(c.req.param("name"));
    return streamSSE(
      c,
      (stream) => {
        const left = new AbortController();
        stream.onAbort(() => left.abort());
        return streamRun(stream, logs, {
          after: query.after,
          keys: query.keys,
          pollMs: options.pollMs ?? 400,
          quietMs: 10_000,
          signal: AbortSignal.any([left.signal, ended]),
        });
      },
      async (error, stream) => {
        console.error(error);
        await stream.writeSSE({ event: "error", data: JSON.stringify(errorBody(error)) });
      },
    );
  });

  const pipelines = new PipelineReader(options.runsDir, reader);
  controlRoutes(app, "/api/runs", services, (name) => reader.get(name));
  controlRoutes(app, "/api/pipelines", services, (name) => pipelines.get(name));

  app.route("/api", rolloutRoutes(reader));
  app.route("/api", pipelineRoutes(pipelines, services));
  app.route("/api", labelRoutes(options.label));
  app.route("/api", chatRoutes(services, ended));
  app.all("/api/*", () => {
    throw new HttpError(404, "NOT_FOUND", "There is nothing at this address.");
  });

  app.route("/base", baseFiles(options.baseDir));
  servePage(app, options.webDir);
  return app;
}

/**
 * `POST AT/NAME/pause` and `…/resume`.
 * @param find throws where there is no such run
 */
function controlRoutes(
  app: Hono,
  at: string,
  services: StudioServices,
  find: (name: string) => Promise<unknown>,
): void {
  for (const action of ["pause", "resume"] as const) {
    app.post(`${at}/:name/${action}`, async (c) => {
      const name = c.req.param("name") ?? "";
      await find(name);
      if (!services.control(name)[action]) {
        throw new HttpError(
          409,
          "RUN_BUSY",
          `This run cannot be ${action}d now.`,
          "Look at its state: it may have ended, or another process may own it.",
        );
      }
      try {
        await services[action](name);
      } catch (error) {
        if (!(error instanceof ReckonError)) throw error;
        const body = errorBody(error);
        throw new HttpError(409, body.code, body.message, body.help);
      }
      return c.json({ ok: true, control: services.control(name) });
    });
  }
}

function servePage(app: Hono, webDir: string): void {
  let files: MiddlewareHandler | null = null;
  app.use("/*", async (c, next) => {
    // The folder may be built after the start.
    if (files === null && !existsSync(webDir)) return next();
    files ??= serveStatic({ root: webDir });
    const response = await files(c, next);
    if (response instanceof Response) {
      // Built files carry a hash of their content in their names; the page itself does not.
      response.headers.set(
        "cache-control",
        c.req.path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
      );
    }
    return response;
  });
  app.notFound((c) => {
    if (c.req.path !== "/") return c.text("There is nothing at this address.", 404);
    return c.text("The studio's page is not built yet. Build it with: npx vite build src/web", 503);
  });
}
