/** What the studio gets from the command line: which models there are, and answers from more of them than are kept open. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { RECIPES, type Recipe, resolveRecipe } from "../recipes/index.ts";
import { RunDirectory } from "../runs/run-directory.ts";
import type { ChatChunk } from "../serve/index.ts";
import { ReckonError } from "../util/errors.ts";
import { shippedModels } from "./models.ts";
import { packageRoot } from "./package.ts";
import { LocalServices } from "./studio-services.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-services-"));
after(() => rmSync(root, { recursive: true, force: true }));
const base = join(packageRoot(), "models", "base");

/** A run that was paused at a step, with the base as its checkpoint. */
async function pausedRun(
  name: string,
  recipe: "r1-zero" | "sft",
  step: number,
  stages: Recipe["stages"] = resolveRecipe(RECIPES[recipe]!.tiny).stages,
): Promise<void> {
  const run = RunDirectory.create(root, name, { ...resolveRecipe(RECIPES[recipe]!.tiny), stages });
  run.progress(step + 3, 100); // Later than the checkpoint: one is not written at every step.
  const checkpoint = join(run.path, "checkpoints", `step-${step}`);
  mkdirSync(checkpoint);
  cpSync(base, checkpoint, { recursive: true });
  await run.close("paused");
}

test("models: the base, runs with a checkpoint, the newest first, told by the checkpoint's step", async () => {
  await pausedRun("one", "r1-zero", 20);
  await pausedRun("two", "sft", 40);
  const judge = resolveRecipe(RECIPES["o1"]!.tiny).stages.filter(({ kind }) => kind === "reward");
  await pausedRun("judge", "sft", 60, judge); // It writes nothing that one could read.
  await RunDirectory.create(root, "none-yet", resolveRecipe(RECIPES["r1-zero"]!.tiny)).close("paused");
  const services = new LocalServices(root);
  const models = await services.models();
  const [first] = models;
  assert.deepEqual([first?.id, first?.role], ["base", "base"]);
  assert.match(first?.description ?? "", /before reinforcement learning/);
  assert.deepEqual(
    models.filter(({ id }) => id.startsWith("runs/")).map(({ id, role, description }) => [id, role, description]),
    [
      ["runs/two", "other", "Your run at step 40."],
      ["runs/one", "trained", "Your run at step 20."],
    ],
  );
  const shipped = models.filter(({ id }) => !id.startsWith("runs/")).map(({ id }) => id);
  assert.deepEqual(shipped.slice(0, 2), ["base", "zero"], "in the order in which one is made of the other");
  assert.deepEqual(
    shipped.sort(),
    shippedModels().map((folder) => basename(folder)),
    "all that ship are offered",
  );
  await services.close();
});

test("a run that nobody writes can be resumed, not paused, and an unknown one neither", async () => {
  const services = new LocalServices(root);
  assert.deepEqual(services.control("one"), { pause: false, resume: true });
  assert.deepEqual(services.control("nope"), { pause: false, resume: false });
  await assert.rejects(services.pause("one"), (error) => (error as ReckonError).code === "RUN_NOT_RUNNING");
  await assert.rejects(services.resume("nope"), (error) => (error as ReckonError).code === "RUN_NOT_PAUSED");
  const run = await RunDirectory.open(root, "one");
  assert.deepEqual(services.control("one"), { pause: true, resume: false });
  await services.pause("one"); // Another process writes it: it is asked through its directory.
  await new Promise((resolve) => setTimeout(resolve, 250)); // It looks five times a second at most.
  assert.equal(run.stopRequested(), true);
  await run.close("finished");
  assert.deepEqual(services.control("one"), { pause: false, resume: false });
});

test("more models answer at once than are kept open, and once more afterwards", async () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  for (const name of names) await pausedRun(name, "r1-zero", 20);
  const services = new LocalServices(root);
  const ask = async (model: string): Promise<ChatChunk | undefined> => {
    const request = { model, prompt: "Max of 3, 9.", temperature: 0, maxTokens: 40, seed: 0 };
    let last: ChatChunk | undefined;
    for await (const chunk of services.chat(request, new AbortController().signal)) last = chunk;
    return last;
  };
  const ids = ["base", ...names.map((name) => `runs/${name}`)];
  const told = await Promise.all([...ids, ...ids].map(ask));
  const again = await ask(ids[0]!);
  const words = (chunk: ChatChunk | undefined): string =>
    chunk?.type === "done" ? `${chunk.thinking}|${chunk.answer}` : "no result";
  assert.equal(new Set([...told, again].map(words)).size, 1, "one model, one answer");
  assert.notEqual(words(again), "no result");
  await assert.rejects(ask("runs/nope"), (error) => error instanceof ReckonError && error.code === "MODEL_UNKNOWN");
  await services.close();
});
