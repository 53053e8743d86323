/** Answers of the shipped base: whole, left early by their reader, broken off by the model's end. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { loadModelFolder } from "../recipes/index.ts";
import { ChatModel } from "./chat-model.ts";
import type { ChatChunk } from "./services.ts";

const folder = join(import.meta.dirname, "../../models/base");
const open = async (): Promise<ChatModel> => ChatModel.open(await loadModelFolder(folder));
const question = { prompt: "Add 47 + 38.", temperature: 1, maxTokens: 120 };

async function result(model: ChatModel, seed: number): Promise<[string, ChatChunk & { type: "done" }]> {
  const text = { thinking: "", answer: "" };
  for await (const chunk of model.reply({ ...question, seed })) {
    if (chunk.type === "done") return [`${text.thinking.trim()}|${text.answer.trim()}`, chunk];
    text[chunk.phase] += chunk.text;
  }
  throw new Error("it did not end with a result");
}

test("the result is what came piece by piece, and the same for a seed; every token is counted once", async () => {
  const model = await open();
  const answers = new Set<string>();
  for (let seed = 0; seed < 6; seed++) {
    const [pieces, done] = await result(model, seed);
    assert.equal(pieces, `${done.thinking}|${done.answer ?? ""}`);
    const written = model.checkpoint.tokenizer.encode(`${done.thinking}${done.answer ?? ""}`).length;
    assert.ok(done.tokens.thinking + done.tokens.answer >= written);
    assert.ok(done.thinking === "" || done.tokens.thinking > 2, "the tags of thinking belong to it");
    assert.equal(done.tokens.prompt, model.promptIds(question.prompt).length);
    answers.add(pieces);
  }
  assert.ok(answers.size > 1);
  const [again] = await result(model, 0);
  assert.ok(answers.has(again));
  await model.release();
});

test("a reader that leaves early ends the generation, and the next one is served", async () => {
  const model = await open();
  for (let seed = 0; seed < 3; seed++) {
    for await (const chunk of model.reply({ ...question, seed })) {
      if (chunk.type === "delta") break;
    }
  }
  const [, done] = await result(model, 9);
  assert.ok(done.tokens.thinking + done.tokens.answer > 0);
  await model.release();
});

test("a release breaks off the answers under way, and waits until they have ended", async () => {
  const model = await open();
  const answers = [1, 2, 3].map(async (seed) => {
    for await (const _ of model.reply({ ...question, seed }));
  });
  const ended = Promise.allSettled(answers);
  await new Promise((resolve) => setImmediate(resolve));
  await model.release();
  for (const answer of await ended) {
    assert.equal(answer.status, "rejected");
    assert.equal((answer as PromiseRejectedResult).reason.name, "AbortError");
  }
});
