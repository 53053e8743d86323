/** The shipped base as files, for a page that grows it by itself: `GET /base/NAME`, the plain names of a model's folder only. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Hono } from "hono";
import { HttpError } from "./http-errors.ts";

const NAMES: ReadonlySet<string> = new Set([
  "config.json",
  "generation_config.json",
  "model.safetensors",
  "reckon.json",
  "tokenizer.json",
  "tokenizer_config.json",
]);

/** @param folder of the model; undefined where there is none to give */
export function baseFiles(folder: string | undefined): Hono {
  const app = new Hono();
  app.get("/:name", async (c) => {
    const name = c.req.param("name");
    const missing = new HttpError(404, "NOT_FOUND", "The base model has no such file here.");
    if (folder === undefined || !NAMES.has(name)) throw missing;
    const bytes = await readFile(join(folder, name)).catch(() => {
      throw missing;
    });
    const type = name.endsWith(".json") ? "application/json" : "application/octet-stream";
    return c.body(bytes, 200, { "content-type": type, "cache-control": "no-cache" });
  });
  return app;
}
