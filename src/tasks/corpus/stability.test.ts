import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { document, renderDocument } from "./document.ts";

test("the default corpus is the same text in every version: change this hash only together with the shipped base", () => {
  const hash = createHash("sha256");
  for (let i = 0; i < 5000; i++) hash.update(renderDocument(document(Random.of(1, "corpus", i))));
  assert.equal(hash.digest("hex"), "8c803a1f9f671375a8bf2a0d1b546f551049da1d94181703bfcde042246710ed");
});
