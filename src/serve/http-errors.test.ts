/** What becomes of whatever a handler throws. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Hono } from "hono";
import { ReckonError } from "../util/errors.ts";
import { errorResponse } from "./http-errors.ts";
import type { ApiError } from "./wire.ts";

async function answerTo(handler: () => void): Promise<{ status: number; error: ApiError["error"] }> {
  const app = new Hono();
  app.onError(errorResponse);
  app.get("/", (c) => {
    handler();
    return c.text("");
  });
  const response = await app.request("/");
  return { status: response.status, error: ((await response.json()) as ApiError).error };
}

test("a full disk is no fault of the server's, and is told", { skip: !existsSync("/dev/full") }, async () => {
  const { status, error } = await answerTo(() => writeFileSync("/dev/full", "x"));
  assert.deepEqual([status, error.code, error.help], [507, "RUN_DISK", "Free some space, then try it again."]);
  assert.match(error.message, /cannot be written: the disk is full/);
});

test("what somebody has to know is told, with the status that fits", async () => {
  const of = (code: string) => answerTo(() => assert.fail(new ReckonError(code, "told", { help: "do it" })));
  assert.deepEqual(await of("MODEL_UNKNOWN"), {
    status: 404,
    error: { code: "MODEL_UNKNOWN", message: "told", help: "do it" },
  });
  assert.equal((await of("TASK_LEVEL")).status, 400);
});
