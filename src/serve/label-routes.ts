/** Rating traces: `GET /api/label`, `GET /api/label/INDEX`, `POST /api/label/INDEX`. */
import { basename } from "node:path";
import { Hono } from "hono";
import { z } from "zod";
import { aspectsOf, RATING_ASPECTS } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import { HttpError, parseInput } from "./http-errors.ts";
import type { LabelFile } from "./label-file.ts";
import type { LabelInfo, LabelItem } from "./wire.ts";

const ratingsSchema = z.strictObject({
  ratings: z.partialRecord(z.enum(RATING_ASPECTS), z.number().min(1).max(5)),
});

/** Why a rating was not kept, with the status that says so. */
const UNSAVED: Readonly<Record<string, 409 | 507>> = { LABEL_CHANGED: 409, LABEL_DISK: 507 };

/** @param file undefined where none is rated: then there is nothing but the word of it */
export function labelRoutes(file: LabelFile | undefined): Hono {
  const app = new Hono();
  const info = (): LabelInfo =>
    file === undefined
      ? { file: null, traces: 0, rated: 0, first: null, broken: 0 }
      : {
          file: basename(file.path),
          traces: file.traces.length,
          rated: file.rated,
          first: file.unratedAfter(-1),
          broken: file.faults.length,
        };

  app.get("/label", (c) => c.json(info()));

  app.get("/label/:index", (c) => c.json(item(file, indexOf(file, c.req.param("index")))));

  app.post("/label/:index", async (c) => {
    const index = indexOf(file, c.req.param("index"));
    const { ratings } = parseInput(ratingsSchema, await c.req.json().catch(() => null), "body");
    try {
      await file!.rate(index, ratings);
    } catch (error) {
      const status = error instanceof ReckonError ? UNSAVED[error.code] : undefined;
      if (!(error instanceof ReckonError) || status === undefined) throw error;
      throw new HttpError(status, error.code, error.summary, error.help ?? null);
    }
    return c.json({ info: info(), item: item(file, index) });
  });
  return app;
}

function indexOf(file: LabelFile | undefined, text: string): number {
  const index = Number(text);
  if (file !== undefined && /^\d{1,9}$/.test(text) && index < file.traces.length) return index;
  throw new HttpError(404, "NOT_FOUND", "There is no such trace.");
}

function item(file: LabelFile | undefined, index: number): LabelItem {
  const { id, prompt, thinking, answer, ratings = {}, score, source } = file!.traces[index]!;
  return {
    index,
    id,
    prompt,
    thinking,
    answer,
    aspects: aspectsOf(thinking),
    ratings,
    score: score ?? null,
    source: source ?? null,
    next: file!.unratedAfter(index),
  };
}
