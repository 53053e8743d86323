/** For src/recipes/teacher/teacher.test.ts: asks a teacher on a small file system (argv[2]) that becomes full on the way. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { askTeacher } from "../src/recipes/teacher/ask.ts";
import { endpointTeacher } from "../src/recipes/teacher/endpoint.ts";
import { endpointSchema, keepSchema } from "../src/recipes/teacher/settings.ts";
import { getTask, sampleProblem } from "../src/tasks/index.ts";
import { ruleJudge } from "../src/train/judge.ts";
import { ReckonError } from "../src/util/errors.ts";
import { completion, sendJson, startEndpoint } from "./endpoint.ts";

const disk = process.argv[2]!;
assert.ok(statfsSync(disk).blocks * statfsSync(disk).bsize < 20e6, "no small file system");
writeFileSync(join(disk, "filler"), new Uint8Array(5 << 20));

const task = getTask("addition");
const problems = Array.from({ length: 7 }, (_, index) =>
  sampleProblem(task, { seed: 5, index, level: 1, split: "train", language: "en" }),
);
const gold = new Map(problems.map(({ prompt, facts }) => [prompt, task.gold(facts)]));
const server = await startEndpoint(({ body, response }) => {
  const prompt = body.messages[0].content.split("\n")[0] as string;
  const thinking = `${body.seed} ${"ab cd ".repeat(25_000)}`;
  sendJson(response, completion({ reasoning_content: thinking, content: `<answer>${gold.get(prompt)}</answer>` }));
});
const endpoint = endpointSchema.parse({ url: server.url, model: "wise", attempts: 1 });
const teacher = endpointTeacher(endpoint, { seed: 1, temperature: 1, maxNewTokens: 100 }, {});
const folder = join(disk, "answers");
const ask = () => askTeacher(teacher, { folder, problems, samples: 4, judge: ruleJudge(), keep: keepSchema.parse({}) });

await assert.rejects(ask(), (error) => {
  assert.ok(error instanceof ReckonError, String(error));
  assert.equal(error.code, "RUN_DISK", error.stack);
  assert.match(error.message, /disk is full[\s\S]*ENOSPC[\s\S]*every answer that came is safe/);
  return true;
});
const paid = server.exchanges.length;
assert.ok(paid > 8 && paid < 28, `${paid} were asked`);
assert.equal(readFileSync(join(folder, "answers.jsonl"), "utf8").trimEnd().split("\n").length, paid);
// Still no room: told before anything is asked.
await assert.rejects(ask(), (error) => error instanceof ReckonError && error.code === "RUN_DISK");
assert.equal(server.exchanges.length, paid);
rmSync(join(disk, "filler"));
const { record, before } = await ask();
assert.deepEqual([before, record.counts.answers, record.counts.kept], [paid, 28, 7]);
assert.equal(server.exchanges.length, 28);
await server.close();
console.log("all well");
