import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileFamily, isHeldOut } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import { isTaskPath, leftOut, loadTask, loadTaskFile } from "./task-files.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-task-files-"));
after(() => rmSync(root, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
}

const rows = (count: number): string =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ question: `${i} + 1?`, answer: i + 1, level: i % 2 })).join(
    "\n",
  );
const rejects = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof ReckonError && error.code === code && pattern.test(error.message);

test("a file of rows is used as a module is, and draws what its family draws", async () => {
  const task = await loadTask(file("My Sums (2).jsonl", rows(200)));
  assert.deepEqual([task.name, task.levels, task.ladder], ["my-sums-2", 2, { level: [0, 1] }]);
  assert.match(task.hash, /^[0-9a-f]{64}$/);
  const problem = await task.problem({ seed: 1, index: 2, level: 1, split: "train" });
  assert.deepEqual(await task.problem({ seed: 1, index: 2, level: 1, split: "train" }), problem);
  const gold = await task.gold(problem.facts);
  const answers = [gold, `${gold} apples`, "0"].map((answer) => ({ facts: problem.facts, answer }));
  const verdicts = await task.verify([...answers, { facts: { a: 1 }, answer: "1" }]);
  assert.deepEqual(
    verdicts.map((verdict) => (typeof verdict === "string" ? verdict : verdict.score)),
    [1, 1, 0, "`gold` is no final answer"],
  );
  const surveyed = await task.survey({ seed: 0, level: 0, count: 200 });
  const family = fileFamily(rows(200), { name: "my-sums-2" });
  for (const { canonical, heldOut } of surveyed) {
    assert.equal(heldOut, isHeldOut(family, { question: canonical, gold: "0" }));
  }
  assert.ok(surveyed.some(({ heldOut }) => heldOut) && surveyed.some(({ heldOut }) => !heldOut));
});

test("a module that makes a family of a file reads it in its own way", async () => {
  file("odd.jsonl", '{"q":"2 + 2?","a":"\\\\boxed{4}"}\nbroken\n{"q":"2 + 3?","a":"5"}');
  const path = file(
    "odd.ts",
    `import { readFileSync } from "node:fs";
     import { fileFamily } from "reckon/tasks";
     const rows = readFileSync(new URL("odd.jsonl", import.meta.url), "utf8");
     const all = rows.split("\\n").flatMap((row) => ["train", "test"].map((split) => row.replace('{"q":"', '{"split":"' + split + '","q":"' + split + " ")));
     export default fileFamily(all.join("\\n"), { name: "odd", fields: { question: "q", answer: "a" }, broken: "skip" });`,
  );
  const task = await loadTask(path);
  try {
    const problem = await task.problem({ seed: 0, index: 0, level: 0, split: "heldout" });
    assert.match(problem.prompt, /^test 2 \+/);
    assert.equal(problem.language, "en");
    const gold = await task.gold(problem.facts);
    assert.ok(gold === "4" || gold === "5");
    assert.deepEqual(await task.verify([{ facts: problem.facts, answer: `\\boxed{${gold}}` }]), [
      { score: 1, reason: "right" },
    ]);
    const surveyed = await task.survey({ seed: 0, level: 0, count: 20 });
    assert.ok(surveyed.every(({ canonical, heldOut }) => canonical.startsWith(heldOut ? "test" : "train")));
  } finally {
    await task.close();
  }
});

test("all rows as problems, broken ones named or refused", async () => {
  const path = file("some.jsonl", `${rows(3)}\n{"question":"no answer"}\n`);
  await assert.rejects(loadTaskFile({ file: path }), rejects("TASK_FILE_ROWS", /line 4: .*missing/));
  const task = await loadTaskFile({ file: path, broken: "skip", name: "three" });
  assert.deepEqual(
    task.problems().map(({ id, level, facts }) => [id, level, (facts as { gold: string }).gold]),
    [
      ["three/1", 0, "1"],
      ["three/2", 1, "2"],
      ["three/3", 0, "3"],
    ],
  );
  assert.match(leftOut(task).join(), /1 rows of .*some\.jsonl were left out: line 4/);
});

test("files that cannot be used say what to do", async () => {
  await assert.rejects(loadTask(join(root, "nope.jsonl")), rejects("TASK_FILE_UNREADABLE", /Check the path/));
  await assert.rejects(
    loadTask(file("latin.jsonl", Uint8Array.of(0x7b, 0xe9, 0x7d))),
    rejects("TASK_FILE_UNREADABLE", /UTF-8/),
  );
  await assert.rejects(loadTask(file("addition.jsonl", rows(3))), rejects("TASK_INVALID", /built-in/));
  await assert.rejects(loadTask(file("empty.jsonl", "")), rejects("TASK_FILE_ROWS", /no rows/));
  assert.equal((await loadTask(file("9 é.jsonl", rows(3)))).name, "file-9");
  assert.deepEqual(["a.ts", "./a", "b.jsonl", "C:\\a.js", "addition", "my-task"].map(isTaskPath), [
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
});
