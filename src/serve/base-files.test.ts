/** The files of the base, and only they. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Hono } from "hono";
import { baseFiles } from "./base-files.ts";
import { errorResponse } from "./http-errors.ts";

const folder = join(import.meta.dirname, "../../models/base");

function served(from: string | undefined): Hono {
  const app = new Hono();
  app.onError(errorResponse);
  return app.route("/base", baseFiles(from));
}

test("the base model's files are given by their names, and nothing else", async () => {
  const app = served(folder);
  const config = await app.request("/base/config.json");
  assert.equal(config.headers.get("content-type"), "application/json");
  assert.equal(((await config.json()) as { hidden_size: number }).hidden_size, 160);
  const weights = await (await app.request("/base/model.safetensors")).arrayBuffer();
  assert.deepEqual(Buffer.from(weights), await readFile(join(folder, "model.safetensors")));
  for (const path of ["/base/README.md", "/base/..%2fzero%2fconfig.json", "/base/", "/base/nope.json"])
    assert.equal((await app.request(path)).status, 404, path);
});

test("a server without a base has none, wherever its folder is", async () => {
  assert.equal((await served(undefined).request("/base/config.json")).status, 404);
  assert.equal((await served(join(folder, "no-such-folder")).request("/base/config.json")).status, 404);
});
