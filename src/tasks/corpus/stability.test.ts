import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { document, renderDocument } from "./document.ts";

test("the default corpus is the same text in every version: changed only on purpose", () => {
  const hash = createHash("sha256");
  for (let i = 0; i < 5000; i++) hash.update(renderDocument(document(Random.of(1, "corpus", i))));
  assert.equal(hash.digest("hex"), "8d7e4982b09d49b3ea1639974f8cfcc1bbb626c46fdfbae4db056a18e90f5f11");
});
