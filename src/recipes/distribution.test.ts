/** Students of distributions: a base with its teacher's tokenizer, and fine-tuning that listens to the teacher. */
import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { RunDirectory } from "../runs/run-directory.ts";
import type { Metrics } from "../train/run-store.ts";
import { checkTeacher } from "../train/teach.ts";
import {
  loadModelFolder,
  type RecipeInput,
  resolveRecipe,
  runPipeline,
  runRecipe,
  stageKey,
  weightsHash,
} from "./index.ts";

const zero = join(import.meta.dirname, "..", "..", "models", "zero");
const root = mkdtempSync(join(tmpdir(), "reckon-distribution-"));
after(() => rmSync(root, { recursive: true, force: true }));

const learning = {
  steps: 2,
  learningRate: 1e-3,
  schedule: { kind: "constant", warmup: 0 },
  optimizer: { name: "adamw" },
  tokensPerStep: 512,
  checkpointEvery: 1,
  evaluateEvery: 0,
  evaluateProblems: 1,
} as const;
type StageInput = RecipeInput["stages"][number];
type Pretrain = StageInput & { readonly kind: "pretrain" };
type Supervise = StageInput & { readonly kind: "supervise" };
const fresh = (tokenizer: Pretrain["tokenizer"]): Pretrain => ({
  ...{ kind: "pretrain", ...learning, tokenizer },
  model: { hiddenSize: 16, layers: 1, heads: 2, kvHeads: 2, headDim: 8, intermediateSize: 16 },
});
const tuned = (from: string, distribution?: Partial<NonNullable<Supervise["distribution"]>>): Supervise => ({
  ...{ kind: "supervise", ...learning, from, problems: [{ family: "addition", level: 0, weight: 1 }] },
  ...(distribution ? { distribution: { teacher: zero, ...distribution } } : {}),
});
const recipeOf = (...stages: RecipeInput["stages"]) => resolveRecipe({ name: "r", description: "", stages });

/** @returns the folder of the last checkpoint, and the losses */
async function run(name: string, stage: StageInput, workers = 2) {
  const recipe = recipeOf(stage);
  const directory = RunDirectory.create(root, name, recipe);
  await runRecipe(recipe, directory, { workers });
  await directory.close();
  const rows = readFileSync(join(directory.path, "metrics.jsonl"), "utf8").trim().split("\n");
  const losses = rows.map((row) => (JSON.parse(row) as Metrics)["loss"]!);
  return { folder: join(directory.path, "checkpoints", "step-2"), losses };
}

const bytes = (...path: string[]): Buffer => readFileSync(join(...path));
let student = "";
before(async () => {
  student = (await run("student", fresh({ from: zero }))).folder;
});

test("a fresh model with a teacher's tokenizer has the same file, and is accepted as its student", async () => {
  assert.ok(bytes(student, "tokenizer.json").equals(bytes(zero, "tokenizer.json")));
  const [own, teacher] = [await loadModelFolder(student), await loadModelFolder(zero)];
  assert.equal(teacher.tokenizer.differenceFrom(own.tokenizer), undefined);
  checkTeacher({ kind: "distil", top: 64 }, teacher.config.vocabSize, own.config.vocabSize);
});

test("a student listens to its teacher, and says in its lineage to whom", async () => {
  const plain = await run("plain", tuned(student));
  const taught = await run("taught", tuned(student, { weight: 1, top: 8 }));
  assert.equal(plain.losses.length, 2);
  assert.notEqual(taught.losses[0], plain.losses[0]);
  // All weight on the texts is fine-tuning as without a teacher.
  const deaf = await run("deaf", tuned(student, { weight: 0 }));
  deaf.losses.forEach((loss, i) => {
    assert.ok(Math.abs(loss - plain.losses[i]!) < 1e-4, `${loss} and ${plain.losses[i]}`);
  });
  // One's own distribution teaches nothing.
  const self = await run("self", tuned(zero, { weight: 1, top: 512, temperature: 2 }));
  assert.ok(Math.abs(self.losses[0]!) < 1e-4, `${self.losses[0]}`);
  // Fewer threads change nothing, nor does a stop after the first step.
  const again = await run("again", tuned(student, { weight: 1, top: 8 }), 1);
  assert.deepEqual(again.losses, taught.losses);
  rmSync(again.folder, { recursive: true });
  const resumed = await RunDirectory.open(root, "again");
  await runRecipe(resolveRecipe(resumed.recipe as RecipeInput), resumed, { workers: 1 });
  await resumed.close();
  assert.ok(bytes(again.folder, "model.safetensors").equals(bytes(taught.folder, "model.safetensors")));
  const reckon = (folder: string) => JSON.parse(bytes(folder, "reckon.json").toString());
  assert.equal(reckon(taught.folder).teacherHash, await weightsHash(zero));
  assert.ok(!("teacherHash" in reckon(plain.folder)));
});

test("models of other tokens, too many likeliest tokens, and places without a tokenizer are refused", async () => {
  const other = (await run("other", fresh({ vocabSize: 320, documents: 100 }))).folder;
  await assert.rejects(run("stranger", tuned(other, {})), { code: "DISTIL_TOKENIZER" });
  await assert.rejects(run("greedy", tuned(student, { top: 769 })), { code: "TEACHER_VOCABULARY" });
  await assert.rejects(run("nowhere", fresh({ from: join(root, "nowhere") })), { code: "TOKENIZER_MISSING" });
});

test("a key is of the teacher's content, not of its path", async () => {
  const copy = join(root, "copy");
  cpSync(zero, copy, { recursive: true });
  for (const stage of [fresh, (place: { from: string }) => tuned(student, { teacher: place.from })]) {
    const keyOf = (from: string): Promise<string> => stageKey(recipeOf(stage({ from })), (name) => name);
    const first = await keyOf(zero);
    assert.equal(await keyOf(copy), first);
    assert.notEqual(await keyOf(student), first);
  }
  const key = (): Promise<string> => stageKey(recipeOf(fresh({ from: copy })), (name) => name);
  const whole = await key();
  appendFileSync(join(copy, "tokenizer.json"), "\n");
  assert.notEqual(await key(), whole);
  rmSync(join(copy, "tokenizer.json"));
  await assert.rejects(key(), { code: "INPUT_UNREADABLE" });
});

test("a stage takes the tokenizer of an earlier one, and runs anew when that one has changed", async () => {
  const told: string[] = [];
  const lives = async (documents: number): Promise<string[]> => {
    told.length = 0;
    const recipe = recipeOf(
      { ...fresh({ vocabSize: 320, documents }), name: "teacher" },
      { ...fresh({ from: "stage:teacher" }), name: "student" },
      { ...tuned("stage:student", { teacher: "stage:teacher" }), name: "taught" },
    );
    const onStage = ({ name }: { readonly name: string }, what: string): void => void told.push(`${name} ${what}`);
    const { status } = await runPipeline(recipe, { root, name: "several", workers: 1, onStage });
    assert.equal(status, "finished");
    return [...told];
  };
  const done = (what: string): string[] => ["teacher", "student", "taught"].map((name) => `${name} ${what}`);
  assert.deepEqual(
    (await lives(100)).filter((line) => line.endsWith("is done")),
    done("is done"),
  );
  const made = (stage: string): Buffer => bytes(root, "several", stage, "checkpoints", "step-2", "tokenizer.json");
  assert.ok(made("taught").equals(made("teacher")));
  assert.deepEqual(await lives(100), done("was done"));
  assert.deepEqual(
    (await lives(120)).filter((line) => line.endsWith("is done")),
    done("is done"),
  );
});
