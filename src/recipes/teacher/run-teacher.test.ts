import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { completion, sendJson, startEndpoint } from "../../../test/endpoint.ts";
import { RunDirectory } from "../../runs/run-directory.ts";
import { languageShare, readTraces, type Trace } from "../../tasks/index.ts";
import type { RunEvent } from "../../train/run-store.ts";
import type { ReckonError } from "../../util/errors.ts";
import { dataFiles } from "../data-files.ts";
import { type RecipeInput, resolveRecipe, type SampleStage } from "../schema.ts";
import { teachersOf } from "./ask.ts";
import { runTeacher, type TeacherStage } from "./run-teacher.ts";
import { askedOf, teacherSchema } from "./settings.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-teacher-stage-"));
after(() => rmSync(root, { recursive: true, force: true }));
const CHOICE = { maxRepetition: 0.2, language: "keep" } as const;

test("a teacher as a stage: paused and gone on with, run again with other settings, nothing is asked twice", async () => {
  const server = await startEndpoint(({ number, body, response }) => {
    const [a, b] = (body.messages.at(-1).content as string).match(/\d+/g)!.map(Number);
    if (number === 5) RunDirectory.request(root, "first", "pause");
    if (number === 1) return void response.end("{ nonsense");
    const message = { reasoning_content: `${a}+${b}`, content: `<answer>${a! + b!}</answer>` };
    // A run looks for a pause five times a second: it must not be done before.
    setTimeout(() => sendJson(response, completion(message)), 25);
  });
  after(() => server.close());
  const teacher = teacherSchema.parse({ url: server.url, model: "wise", concurrency: 1, attempts: 1 });
  const stage: TeacherStage = {
    teacher,
    problems: [{ family: "addition", level: 1, weight: 1 }],
    tasks: [],
    ...{ prompts: 20, samplesPerPrompt: 2, perPrompt: 2, ...CHOICE, temperature: 0.6, maxNewTokens: 50 },
  };
  const events: RunEvent[] = [];
  const settings = { observer: { event: (event: RunEvent) => events.push(event) } };
  const first = RunDirectory.create(root, "first", {}, settings);
  const run = async (directory: RunDirectory, of: TeacherStage) => {
    const asked = await runTeacher(7, of, directory.path, directory, {});
    await directory.close();
    return asked;
  };
  const paused = await run(first, stage);
  assert.equal(paused.complete, false);
  assert.equal(first.state.status, "paused");
  assert.ok(server.exchanges.length < 40);
  const again = await RunDirectory.open(root, "first", settings);
  const done = await run(again, stage);
  assert.deepEqual([done.complete, done.unanswered.length, again.state.status], [true, 0, "finished"]);
  assert.equal(done.before, paused.record.counts.answers);
  // Every answer once, and the one that was no JSON twice.
  assert.equal(server.exchanges.length, 41);
  const file = join(first.path, "traces.jsonl");
  const traces = readFileSync(file, "utf8");
  assert.ok(readTraces(traces).traces.length >= 20, "the same thinking to the same problem is kept once");
  const teachers = async (...files: string[]) => teachersOf(await dataFiles(files));
  assert.deepEqual(await teachers(file, file), [done.record]);
  // What lies in the folder is not the teacher's for that; what the teacher wrote is, whatever it is called.
  const [own, copy, moved] = ["own.jsonl", "copy.jsonl"]
    .map((name) => join(first.path, name))
    .concat(join(root, "moved"));
  writeFileSync(own!, traces.slice(0, traces.indexOf("\n") + 1));
  for (const place of [copy!, moved!]) copyFileSync(file, place);
  assert.deepEqual(await teachers(own!), []);
  assert.deepEqual(await teachers(own!, copy!), [done.record]);
  assert.deepEqual(await teachers(moved!), [], "nothing stands beside it");

  const patient = { ...teacher, concurrency: 3, attempts: 9, price: { prompt: 1, completion: 1, currency: "EUR" } };
  assert.deepEqual(askedOf(patient), askedOf(teacher));
  const other = await run(RunDirectory.create(root, "second", {}, settings), {
    ...stage,
    teacher: patient,
    prompts: 10,
  });
  assert.deepEqual([server.exchanges.length, other.before], [41, 20]);
  assert.equal(other.record.cost!.currency, "EUR");
});

test("rungs with few problems are told", async () => {
  const server = await startEndpoint(({ response }) => sendJson(response, completion({ content: "no" })));
  after(() => server.close());
  const events: RunEvent[] = [];
  const run = RunDirectory.create(root, "few", {}, { observer: { event: (event) => events.push(event) } });
  const stage: TeacherStage = {
    teacher: teacherSchema.parse({ url: server.url, model: "wise" }),
    problems: [{ family: "recall", level: 0, weight: 1 }],
    tasks: [],
    ...{ prompts: 3000, samplesPerPrompt: 1, perPrompt: 1, ...CHOICE, temperature: 0.6, maxNewTokens: 50 },
  };
  const { record } = await runTeacher(1, stage, run.path, run, {});
  await run.close();
  assert.ok(record.problems < 3000 && record.problems === server.exchanges.length);
  assert.ok(events.some(({ code }) => code === "TEACHER_FEW_PROBLEMS"));
});

test("a stage with questions that stayed open is not done: run again, it asks these alone", async () => {
  let limited = true;
  const server = await startEndpoint(({ number, response }) => {
    if (limited && number % 3 === 2) sendJson(response, {}, 429);
    else sendJson(response, completion({ reasoning_content: "hm", content: "<answer>1</answer>" }));
  });
  after(() => server.close());
  const teacher = teacherSchema.parse({ url: server.url, model: "wise", concurrency: 1, attempts: 1 });
  const stage: TeacherStage = {
    teacher,
    problems: [{ family: "addition", level: 2, weight: 1 }],
    tasks: [],
    ...{ prompts: 30, samplesPerPrompt: 1, perPrompt: 1, ...CHOICE, temperature: 0.6, maxNewTokens: 50 },
  };
  const events: RunEvent[] = [];
  const run = RunDirectory.create(root, "limited", {}, { observer: { event: (event) => events.push(event) } });
  const traces = join(run.path, "traces.jsonl");
  await assert.rejects(runTeacher(3, stage, run.path, run, {}), (error: ReckonError) => {
    assert.equal(error.code, "TEACHER_MISSING");
    assert.match(error.message, /left 10 of 30 questions open[\s\S]*to all but 0[\s\S]*20 answers are kept/);
    return true;
  });
  assert.ok(!existsSync(traces), "nothing that a later stage could take for the data");
  const tolerant = { ...stage, teacher: { ...teacher, missing: 0.2 } };
  const { unanswered } = await runTeacher(3, tolerant, run.path, run, {});
  // Of the ten that were asked again a third failed again.
  assert.deepEqual([unanswered.length, server.exchanges.length], [3, 40]);
  assert.ok(existsSync(traces) && events.some(({ code }) => code === "TEACHER_UNANSWERED"));
  limited = false;
  const done = await runTeacher(3, stage, run.path, run, {});
  await run.close();
  assert.deepEqual([done.unanswered.length, done.record.counts.answers, server.exchanges.length], [0, 30, 43]);
});

test("questions that never get an answer can be left out, as the error says", async () => {
  const seen: string[] = [];
  const server = await startEndpoint(({ body, response }) => {
    const content = body.messages.at(-1).content as string;
    if (!seen.includes(content)) seen.push(content);
    if (seen.indexOf(content) % 10 === 9) sendJson(response, {}, 429);
    else sendJson(response, completion({ reasoning_content: "hm", content: "<answer>1</answer>" }));
  });
  const teacher = teacherSchema.parse({ url: server.url, model: "wise", concurrency: 1, attempts: 1 });
  const stage: TeacherStage = {
    teacher,
    problems: [{ family: "addition", level: 2, weight: 1 }],
    tasks: [],
    ...{ prompts: 150, samplesPerPrompt: 1, perPrompt: 1, ...CHOICE, temperature: 0.6, maxNewTokens: 50 },
  };
  const run = RunDirectory.create(root, "hopeless", {});
  const missing = (error: ReckonError) => error.code === "TEACHER_MISSING";
  await assert.rejects(runTeacher(3, stage, run.path, run, {}), missing);
  // None of the fifteen is answered now, many in a row: still it is told how many are open, not that the teacher is gone.
  await assert.rejects(runTeacher(3, stage, run.path, run, {}), missing);
  const { unanswered, record } = await runTeacher(
    3,
    { ...stage, teacher: { ...teacher, missing: 0.1 } },
    run.path,
    run,
    {},
  );
  assert.deepEqual([unanswered.length, record.counts.answers, server.exchanges.length], [15, 135, 180]);
  // A teacher that is not there is told as such.
  await server.close();
  const none = { ...stage, prompts: 151, teacher: { ...teacher, missing: 0.2 } };
  await assert.rejects(runTeacher(3, none, run.path, run, {}), { code: "CLIENT_UNREACHABLE" });
  await run.close();
});

test("a teacher's answers are chosen among by the settings of the stage", async () => {
  const server = await startEndpoint(({ body, response }) => {
    const [a, b] = (body.messages.at(-1).content as string).match(/\d+/g)!.map(Number);
    const [sum, difference] = [`${a}+${b}=${a! + b!}`, `${a}-${b}=${a! - b!}`];
    const first = (body.messages.at(-1).content as string).includes("-") ? difference : sum;
    const answer = first.split("=")[1]!;
    const thinking = { 0: `${first}\n${first}\n${first}`, 1: `${first}\nso also ${answer}`, 2: `${first}, ${answer}` };
    const message = {
      reasoning_content: thinking[(body.seed % 3) as 0 | 1 | 2],
      content: `<answer>${answer}</answer>`,
    };
    sendJson(response, completion(message));
  });
  after(() => server.close());
  const stage: TeacherStage = {
    teacher: teacherSchema.parse({ url: server.url, model: "wise" }),
    problems: [
      { family: "addition", level: 1, weight: 4 },
      { family: "subtraction", level: 1, weight: 1 },
    ],
    tasks: [],
    ...{ prompts: 20, samplesPerPrompt: 3, perPrompt: 3, temperature: 0.6, maxNewTokens: 50 },
    ...{ maxRepetition: 1, language: "keep" },
  };
  let runs = 0;
  const asked = async (choice: Partial<TeacherStage>) => {
    const run = RunDirectory.create(root, `choice-${runs++}`, {});
    const { record, before } = await runTeacher(5, { ...stage, ...choice }, run.path, run, {});
    await run.close();
    const { traces } = readTraces(readFileSync(join(run.path, "traces.jsonl"), "utf8"));
    return { counts: record.counts, before, traces };
  };
  const all = await asked({});
  const { kept, duplicate, wrong } = all.counts;
  assert.deepEqual([wrong, kept + duplicate, all.traces.length], [0, 60, kept]);
  const circles = ({ thinking }: Trace): boolean => thinking.split("\n").length === 3;
  const mixed = ({ thinking }: Trace): boolean => /\bso also\b/.test(thinking);
  assert.ok(all.traces.some(circles) && all.traces.some(mixed));

  const short = await asked({ maxRepetition: 0.2 });
  assert.deepEqual(
    short.traces,
    all.traces.filter((trace) => !circles(trace)),
  );
  assert.ok(short.counts.repetitive > 0);
  const pure = await asked({ language: "filter" });
  assert.deepEqual(
    pure.traces,
    all.traces.filter((trace) => !mixed(trace)),
  );
  assert.ok(pure.counts.mixed > 0);
  const turned = await asked({ language: "rewrite" });
  assert.ok(turned.traces.every((trace) => !mixed(trace) && languageShare(trace.thinking, trace.language!) === 1));
  const few = await asked({ rows: 4, perPrompt: 1 });
  const families = few.traces.map(({ family }) => family);
  assert.deepEqual(
    ["addition", "subtraction"].map((name) => families.filter((one) => one === name).length),
    [2, 2],
  );
  assert.ok(few.counts.unbalanced > 0 && few.counts.surplus > 0);
  assert.deepEqual([few.before, server.exchanges.length], [60, 60], "no other choice asks again");
});

test("what of a stage cannot hold for an API is refused, and prose is kept in its language", () => {
  const resolved = (more: Partial<RecipeInput["stages"][number] & { kind: "sample" }>) => {
    const problems = [{ family: "addition", level: 1, weight: 1 }];
    const stages: RecipeInput["stages"] = [{ kind: "sample", problems, prompts: 1, ...more }];
    return resolveRecipe({ name: "r", description: "", stages }).stages[0] as SampleStage;
  };
  const teacher = { url: "http://127.0.0.1:1/v1", model: "wise" };
  assert.equal(resolved({ teacher }).language, "keep");
  assert.equal(resolved({ teacher, language: "filter" }).language, "filter");
  assert.equal(resolved({ from: "models/zero" }).language, "filter");
  assert.equal(resolved({ from: "models/zero", maxThinkingTokens: 50 }).maxThinkingTokens, 50);
  assert.throws(() => resolved({ teacher, maxThinkingTokens: 50 }), /maxThinkingTokens[\s\S]*teacher\.maxThinking/);
});
