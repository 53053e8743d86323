import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { stageKey } from "./keys.ts";
import { type RecipeInput, resolveRecipe } from "./schema.ts";

const folder = mkdtempSync(join(tmpdir(), "reckon-keys-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const shipped = join(import.meta.dirname, "..", "..", "models", "base");
const problems = [{ family: "addition", level: 0, weight: 1 }];
const schedule = { kind: "constant", warmup: 0 } as const;
const optimizer = { name: "adamw" } as const;
const learning = { problems, steps: 3, learningRate: 1, schedule, optimizer };

const key = (stage: RecipeInput["stages"][number], more: Partial<RecipeInput> = {}): Promise<string> =>
  stageKey(resolveRecipe({ name: "r", description: "", stages: [stage], ...more }), (name) => name);

test("a key is of what paths lead to, not of the paths", async () => {
  const copy = join(folder, "copy");
  cpSync(shipped, copy, { recursive: true });
  const data = join(folder, "a.jsonl");
  writeFileSync(data, '{"prompt":"1+1?","thinking":"","answer":"2"}\n');
  const tune = (from: string, more: object = {}) => key({ kind: "supervise", from, data, ...learning, ...more });
  const first = await tune(shipped);
  assert.equal(await tune(copy), first);
  assert.equal(await key({ kind: "supervise", from: copy, data, ...learning }, { description: "other words" }), first);
  assert.notEqual(await tune(shipped, { steps: 4 }), first);
  assert.notEqual(await key({ kind: "supervise", from: copy, data, ...learning }, { seed: 1 }), first);
  appendFileSync(data, '{"prompt":"1+2?","thinking":"","answer":"3"}\n');
  const second = await tune(shipped);
  assert.notEqual(second, first);
  // The tokenizer decides over what a model says, as its weights do.
  appendFileSync(join(copy, "tokenizer.json"), "\n");
  assert.notEqual(await tune(copy), second);
});

test("of a judge counts how its scores are read, not how good it is", async () => {
  const judge = join(folder, "judge");
  cpSync(shipped, judge, { recursive: true });
  const rl = (reward?: object) => {
    if (reward) writeFileSync(join(judge, "reckon.json"), JSON.stringify({ reward }));
    return key({ kind: "reinforce", from: shipped, ...learning, rewardModel: { from: judge, weight: 1 } });
  };
  const plain = await rl();
  const reading = { kind: "ratings", judges: "response", aspects: { correctness: 4 }, reduce: "product", centre: 0 };
  const first = await rl({ ...reading, evaluation: { "eval/pair_accuracy": 0.9 } });
  assert.notEqual(first, plain);
  assert.equal(await rl({ ...reading, evaluation: { "eval/pair_accuracy": 0.8 } }), first);
  assert.notEqual(await rl({ ...reading, aspects: { correctness: 1 } }), first);
  assert.notEqual(await rl({ ...reading, centre: 0.5 }), first);
  writeFileSync(join(judge, "reckon.json"), "{");
  await assert.rejects(rl(), /reckon\.json could not be read/);
});

test("users' tasks and rewards count with their content; families of theirs have no texts to stand for them", async () => {
  const [task, reward] = [join(folder, "own.jsonl"), join(folder, "brief.mjs")];
  writeFileSync(task, '{"question":"a?","answer":"b"}\n');
  writeFileSync(reward, "export default () => 1;\n");
  const rl = () =>
    key({
      ...{ kind: "reinforce", from: shipped, ...learning, tasks: [{ file: task }], userRewards: [reward] },
      problems: [{ family: "own", level: 0, weight: 1 }],
    });
  const first = await rl();
  assert.equal(await rl(), first);
  appendFileSync(reward, "// faster\n");
  const second = await rl();
  assert.notEqual(second, first);
  appendFileSync(task, '{"question":"c?","answer":"d"}\n');
  assert.notEqual(await rl(), second);
  rmSync(task);
  await assert.rejects(rl(), /INPUT_UNREADABLE|could not be read/);
});

test("of a teacher counts what decides over its answers and which are kept, not how patiently it is asked", async () => {
  const teacher = { url: "http://127.0.0.1:1/v1", model: "wise" };
  const sample = (more: object = {}, stage: object = {}) =>
    key({ kind: "sample", problems, prompts: 3, ...stage, teacher: { ...teacher, ...more } });
  const first = await sample();
  assert.equal(await sample({ missing: 0.5, attempts: 9, concurrency: 1, apiKeyEnv: "KEY" }), first);
  const others = [sample({ maxThinking: 9 }), sample({ model: "other" }), sample({}, { language: "filter" })];
  for (const other of await Promise.all(others)) assert.notEqual(other, first);
});
