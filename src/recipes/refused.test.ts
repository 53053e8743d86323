/** What becomes of an error of the system's where it is explained: a disk's refusal is told, anything else stays. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ReckonError } from "../util/errors.ts";
import { refused, refusedSomewhere, retold } from "./refused.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-refused-"));
after(() => rmSync(root, { recursive: true, force: true }));

function thrown(code: string, syscall: string, path?: string): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall, ...(path === undefined ? {} : { path }) });
}
const refusal = { path: root, what: "the data", kept: "all else is intact", next: "try again" };

function told(error: unknown): ReckonError {
  assert.ok(error instanceof ReckonError, String(error));
  return error;
}

test("each refusal says why, what is safe, and what to do about it", () => {
  const cases = [
    ["ENOSPC", /the disk is full/, "Free some space, then try again."],
    ["EDQUOT", /the quota is used up/, "Free some space, then try again."],
    ["EFBIG", /largest size allowed/, "Let files grow larger, then try again."],
    ["EIO", /hardware error/, "Mend the disk, then try again."],
    ["EROFS", /read-only/, "Make it writable, then try again."],
  ] as const;
  for (const [code, why, help] of cases) {
    const error = told(refused(thrown(code, "write"), refusal));
    assert.equal(error.code, "RUN_DISK");
    assert.match(error.summary, why);
    assert.match(error.got!, new RegExp(`^${code}, .* free; all else is intact$`));
    assert.equal(error.help, help);
    assert.match(told(refusedSomewhere(thrown(code, "write"), "try again")).summary, /^A file cannot be written: /);
  }
});

test("what is somebody else's is told by its name; below another folder it is no word of this one", () => {
  const mine = told(refused(thrown("EACCES", "open", join(root, "state.json")), refusal));
  assert.match(mine.summary, /permission is denied/);
  const other = thrown("EACCES", "open", "/somewhere/recipe.json");
  assert.equal(refused(other, refusal), other);
  const denied = told(refusedSomewhere(other, "try again"));
  assert.equal(denied.code, "FILE_DENIED");
  assert.match(denied.summary, /^\/somewhere\/recipe\.json /);
});

test("what is not for want of room stays as it is", () => {
  const others = [
    new Error("internal: a fault"),
    new ReckonError("RUN_BUSY", "x"),
    thrown("EIO", "read"),
    thrown("ECONNREFUSED", "connect"),
    thrown("ENOENT", "mkdir", join(root, "a", "b")),
  ];
  for (const error of others) {
    assert.equal(refused(error, refusal), error);
    assert.equal(refusedSomewhere(error, "try again"), error);
    assert.equal(retold(error, refusal), error);
  }
});

test("what a run has told is told again with what else is to be done, if it was for want of room", () => {
  const full = new ReckonError("RUN_DISK", "full", { help: "--resume it", cause: thrown("ENOSPC", "write") });
  assert.equal(told(retold(full, refusal)).help, "Free some space, then try again.");
  const gone = new ReckonError("RUN_DISK", "gone", { help: "--resume it", cause: thrown("ENOENT", "open", root) });
  assert.equal(retold(gone, refusal), gone);
});
