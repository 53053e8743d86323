/** What a command writes: whole, or not at all. */
import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ReckonError } from "../util/errors.ts";
import { writeFiles } from "./output.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-output-"));
after(() => rmSync(root, { recursive: true, force: true }));

test("files are written with the folders that they need, and nothing beside them", () => {
  const folder = join(root, "a", "b");
  const files = new Map<string, string | Uint8Array>([
    [join(folder, "text"), "für"],
    [join(folder, "bytes"), new Uint8Array([1, 2, 3])],
  ]);
  assert.equal(writeFiles(files, "name another"), 7);
  assert.deepEqual(readdirSync(folder).sort(), ["bytes", "text"]);
  assert.equal(readFileSync(join(folder, "text"), "utf8"), "für");
});

test("where one cannot be written none is, and what was there stays", () => {
  const folder = join(root, "kept");
  mkdirSync(join(folder, "second"), { recursive: true });
  writeFileSync(join(folder, "first"), "old");
  const write = () =>
    writeFiles(
      new Map([
        [join(folder, "first"), "new"],
        [join(folder, "made", "other"), "new"],
        [join(folder, "second"), "in the place of a folder"],
      ]),
      "name another folder",
    );
  assert.throws(write, (error) => {
    assert.ok(error instanceof ReckonError, String(error));
    assert.equal(error.code, "FILE_UNWRITABLE");
    assert.equal(error.summary, `${join(folder, "second")} cannot be written.`);
    assert.match(error.got!, /EISDIR/);
    assert.equal(error.help, "Name another folder.");
    return true;
  });
  assert.equal(readFileSync(join(folder, "first"), "utf8"), "old");
  assert.deepEqual(readdirSync(folder).sort(), ["first", "second"]);
});

test("a file where a folder is needed is told, and stays", () => {
  const file = join(root, "README.md");
  writeFileSync(file, "mine");
  for (const folder of [file, join(file, "deeper")])
    assert.throws(() => writeFiles(new Map([[join(folder, "config.json"), "{}"]]), "name another folder"), {
      code: "FILE_UNWRITABLE",
      message:
        /cannot be written: a file is in the way\.[\s\S]*folders alone[\s\S]*(EEXIST|ENOTDIR)[\s\S]*Name another/,
    });
  assert.equal(readFileSync(file, "utf8"), "mine");
});

test("what a link leads to is written, and a device stays one", { skip: process.platform === "win32" }, () => {
  const file = join(root, "real");
  const link = join(root, "link");
  writeFileSync(file, "old");
  symlinkSync(file, link);
  writeFiles(new Map([[link, "new"]]), "name another");
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(readFileSync(file, "utf8"), "new");
  writeFiles(new Map([["/dev/null", "nothing"]]), "name another");
  assert.ok(lstatSync("/dev/null").isCharacterDevice());
  assert.equal(existsSync(`/dev/null.${process.pid}.tmp`), false);
});
