/** What is known to be in the way of a recipe is told before its first stage: nothing is begun, and nothing that is done is asked for again. */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { completion, sendJson, startEndpoint } from "../../test/endpoint.ts";
import { gradedTraces, traceLines } from "../tasks/index.ts";
import { ReckonError } from "../util/errors.ts";
import { type RecipeInput, readPipeline, resolveRecipe, runPipeline } from "./index.ts";
import { preflight } from "./preflight.ts";
import { SHORT } from "./testing.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-preflight-"));
after(() => rmSync(root, { recursive: true, force: true }));
const models = join(import.meta.dirname, "..", "..", "models");
const [base, zero] = [join(models, "base"), join(models, "zero")];
const file = (name: string, text: string): string => {
  writeFileSync(join(root, name), text);
  return join(root, name);
};

type StageInput = RecipeInput["stages"][number];
type Of<K extends StageInput["kind"]> = Partial<StageInput & { readonly kind: K }>;

const problems = [{ family: "addition", level: 0, weight: 1 }];
const rung = (family: string, level = 0) => ({ problems: [{ family, level, weight: 1 }] });
const reinforce = (more: Of<"reinforce"> = {}): StageInput => ({
  ...{ kind: "reinforce", ...SHORT, from: base, problems, steps: 1, promptsPerStep: 1, samplesPerPrompt: 2 },
  ...{ maxNewTokens: 8, evaluateEvery: 0, evaluateProblems: 1, ...more },
});
const supervise = (more: Of<"supervise"> = {}): StageInput => ({
  ...{ kind: "supervise", ...SHORT, from: base, problems, steps: 1, tokensPerStep: 64, evaluateEvery: 0 },
  ...{ evaluateProblems: 1, ...more },
});
const reward = (more: Of<"reward"> = {}): StageInput => ({
  ...{ kind: "reward", ...SHORT, from: base, problems, steps: 1, promptsPerStep: 1, evaluatePrompts: 2, ...more },
});
const graded = (more: Of<"graded"> = {}): StageInput => ({ kind: "graded", problems, prompts: 4, ...more });
const sample = (more: Of<"sample"> = {}): StageInput => ({ kind: "sample", problems, prompts: 2, ...more });
const pretrain = (more: Of<"pretrain"> = {}): StageInput => ({
  ...{ kind: "pretrain", ...SHORT, steps: 1, tokensPerStep: 64, evaluateEvery: 0, evaluateProblems: 1 },
  model: { hiddenSize: 16, layers: 1, heads: 2, kvHeads: 2, headDim: 8, intermediateSize: 16 },
  ...{ tokenizer: { vocabSize: 300, documents: 60 }, ...more },
});
const recipeOf = (...stages: readonly StageInput[]) =>
  resolveRecipe({ name: "r", description: "", stages: [...stages] });
const told = (code: string, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ReckonError && error.code === code, String(error));
  assert.match(error.message, words);
  return true;
};

const ENVIRONMENT = { SET_KEY: "abc" };
const api = { url: "http://127.0.0.1:1/v1", model: "wise" };
const traces = Array.from({ length: 30 }, (_, index) =>
  gradedTraces({ seed: 4, index, split: "train", problems }),
).flat();
const rated = file("rated.jsonl", traceLines(traces));
const own = file("own.jsonl", '{"question":"a?","answer":"b"}\n{"question":"c?","answer":"d"}\n');
const brief = file("brief.mjs", "export default () => 1;\n");
const module = file(
  "minimum.ts",
  `import { defineTask } from ${JSON.stringify(join(import.meta.dirname, "..", "tasks", "index.ts"))};
export default defineTask<{ a: number }>({
  name: "minimum",
  sample: (random) => ({ a: random.int(0, 99) }),
  prompt: ({ a }) => \`Say \${a}.\`,
  verify: ({ a }, answer) => ({ score: answer === String(a) ? 1 : 0, reason: "compared" }),
  gold: ({ a }) => String(a),
});
`,
);
const judge = join(root, "judge");
cpSync(base, judge, { recursive: true });
writeFileSync(
  join(judge, "config.json"),
  readFileSync(join(base, "config.json"), "utf8").replace(
    /"architectures": \[[^\]]*\]/,
    '"architectures": ["LlamaForSequenceClassification"], "id2label": { "0": "reward" }',
  ),
);
const headless = join(root, "headless");
cpSync(base, headless, { recursive: true });
rmSync(join(headless, "tokenizer.json"));
const empty = file("empty.jsonl", "");
const broken = file("broken.jsonl", `{"prompt":"x"}\n${traceLines(traces)}`);
const unrated = file("unrated.jsonl", '{"prompt":"1+1?","thinking":"","answer":"2"}\n');
const none = join(root, "none");

test("what stages could begin with is let through, families and files of one's own among it", async () => {
  const recipe = recipeOf(
    pretrain({ name: "fresh", phases: [{ from: 0, mix: { problems } }] }),
    sample({ name: "asked", teacher: { ...api, apiKeyEnv: "SET_KEY" } }),
    sample({ name: "own", from: base, tasks: [own, module], ...rung("minimum") }),
    graded({ name: "good" }),
    supervise({
      name: "tune",
      data: [
        { data: "stage:good", least: 4 },
        { data: rated, least: 4 },
      ],
    }),
    supervise({ name: "mended", data: broken, broken: "skip", ...rung("instruct-list") }),
    supervise({ name: "student", from: "stage:tune", distribution: { teacher: zero } }),
    supervise({ name: "itself", from: "stage:fresh", distribution: { teacher: "stage:fresh" } }),
    reward({ name: "judge", from: "stage:tune", data: rated, ...rung("mine") }),
    reward({ name: "helpful", data: "corpus:helpful" }),
    reinforce({ from: "stage:tune", rewardModel: [{ from: "stage:judge" }, { from: judge, name: "other" }] }),
    reinforce({ name: "last", tasks: [{ file: own }], userRewards: [brief], ...rung("own"), ppo: { critic: judge } }),
  );
  await preflight(recipe, { environment: ENVIRONMENT });
});

const FAULTS: readonly (readonly [what: string, stage: StageInput, code: string, words: RegExp])[] = [
  ["a family", reinforce(rung("additon")), "TASK_UNKNOWN", /stage reinforce: .*"additon".*expected/s],
  ["a level", reinforce(rung("addition", 40)), "TASK_LEVEL", /no level 40/],
  ["a family to evaluate on", supervise(rung("additon")), "TASK_UNKNOWN", /stage supervise/],
  ["a family whose module is not named", sample({ from: base, ...rung("minimum") }), "TASK_UNKNOWN", /"minimum"/],
  ["a level of a file", reinforce({ tasks: [own], ...rung("own", 3) }), "TASK_LEVEL", /own has no level 3/],
  ["a family to be judged", reward(rung("instruct-list")), "RECIPE_INVALID", /no chains .*instruct-list/],
  ["a family to be graded", graded(rung("additon")), "TASK_UNKNOWN", /additon/],
  [
    "a family of a corpus",
    pretrain({ phases: [{ from: 0, mix: rung("additon") }] }),
    "TASK_UNKNOWN",
    /stage pretrain: .*additon/,
  ],
  ["a knob of a corpus", pretrain({ phases: [{ from: 0, mix: { dirct: 1 } }] }), "RECIPE_INVALID", /knob dirct/],
  ["a task", reinforce({ tasks: [`${none}.ts`] }), "MODULE_MISSING", /none\.ts/],
  ["a file of questions", sample({ from: base, tasks: [`${none}.jsonl`] }), "TASK_FILE_UNREADABLE", /none\.jsonl/],
  ["a reward", reinforce({ userRewards: [`${none}.mjs`] }), "MODULE_MISSING", /none\.mjs/],
  ["a model", supervise({ from: none }), "MODEL_UNKNOWN", /none, without config\.json, tokenizer\.json, model\.s/],
  ["half a model", reinforce({ ppo: { critic: headless } }), "MODEL_UNKNOWN", /without tokenizer\.json/],
  ["a tokenizer", pretrain({ tokenizer: { from: none } }), "MODEL_UNKNOWN", /none/],
  ["a model as a judge", reinforce({ rewardModel: { from: zero } }), "REWARD_MODEL", /zero is no reward model/],
  ["a stage's model as a judge", reinforce({ rewardModel: { from: "stage:first" } }), "REWARD_MODEL", /stage:first/],
  ["a judge as a model", supervise({ from: judge }), "MODEL_WRITES_NOT", /judge/],
  ["a judge as a teacher", supervise({ distribution: { teacher: judge } }), "MODEL_WRITES_NOT", /judge/],
  ["other tokens", supervise({ from: "stage:first", distribution: { teacher: zero } }), "DISTIL_TOKENIZER", /tokens/],
  ["a file", reward({ data: `${none}.jsonl` }), "DATA_UNREADABLE", /stage reward: .*none\.jsonl/],
  ["a file among several", supervise({ data: [{ data: rated }, { data: none }] }), "DATA_UNREADABLE", /none/],
  ["broken rows", supervise({ data: broken }), "DATA_ROWS", /1 rows .*line 1: thinking is missing/s],
  ["broken rows of a judge's file", reward({ data: broken }), "DATA_ROWS", /line 1/],
  ["no rows", supervise({ data: empty }), "DATA_ROWS", /no traces/],
  ["no rows to test a judge on", reward({ data: unrated }), "DATA_EMPTY", /too little/],
  ["rows without ratings", supervise({ data: [{ data: unrated, least: 4 }] }), "DATA_UNRATED", /ratings/],
  ["a corpus", supervise({ data: [{ data: "corpus:nothing", rows: 2 }] }), "RECIPE_INVALID", /corpus:solutions/],
  ["a corpus without an end", supervise({ data: "corpus:solutions" }), "RECIPE_INVALID", /how many rows/],
  ["a judge's corpus", reward({ data: "corpus:nothing" }), "RECIPE_INVALID", /corpus:graded/],
  ["a key", sample({ teacher: { ...api, apiKeyEnv: "NO_KEY" } }), "TEACHER_KEY", /stage sample: .*NO_KEY is not set/],
  ["an address", sample({ teacher: { ...api, url: "nonsense" } }), "CLIENT_SETTING", /nonsense/],
];

for (const [what, stage, code, words] of FAULTS)
  test(`in the way of a later stage, ${what}: it is told before the first one, and nothing is begun`, async () => {
    const recipe = recipeOf(pretrain({ name: "first" }), stage);
    await assert.rejects(preflight(recipe, { environment: ENVIRONMENT }), told(code, words));
    await assert.rejects(runPipeline(recipe, { root, name: "refused", workers: 1 }), told(code, words));
    assert.equal(existsSync(join(root, "refused")), false);
  });

test("a recipe of one stage needs no stage's name in what it is told, and a key may still be set where that is said", async () => {
  await assert.rejects(preflight(recipeOf(reinforce(rung("additon")))), told("TASK_UNKNOWN", /^There is no task/));
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const recipe = recipeOf(sample({ teacher: { ...api, apiKeyEnv: "NO_KEY" } }), reinforce(rung("additon")));
  await assert.rejects(preflight(recipe, { environment: {}, warn }), { code: "TASK_UNKNOWN" });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /NO_KEY is not set\. Set it/);
});

test("what a stage has begun with that is done is not asked for again, wherever its folder is", async () => {
  const server = await startEndpoint(({ response }) => {
    sendJson(response, completion({ reasoning_content: "hm", content: "<answer>1</answer>" }));
  });
  after(() => server.close());
  const asking = sample({ name: "asked", teacher: { ...api, url: server.url, apiKeyEnv: "RECKON_TEST_KEY" } });
  const recipe = (prompts: number, family = "addition") =>
    recipeOf(graded({ prompts }), { ...asking }, reinforce({ name: "rl", ...rung(family) }));
  const run = async (...of: Parameters<typeof recipe>) =>
    (await runPipeline(recipe(...of), { root, name: "kept", workers: 1 })).status;
  const states = () => readPipeline(join(root, "kept"))!.stages.map(({ state, kept }) => (kept ? "kept" : state));
  process.env["RECKON_TEST_KEY"] = "abc";
  after(() => delete process.env["RECKON_TEST_KEY"]);
  assert.equal(await run(4), "finished");
  delete process.env["RECKON_TEST_KEY"];
  assert.equal(await run(4), "finished");
  assert.deepEqual(states(), ["kept", "kept", "kept"]);
  // A changed stage before it, which it does not begin with.
  assert.equal(await run(5), "finished");
  assert.deepEqual(states(), ["finished", "kept", "kept"]);
  const before = readFileSync(join(root, "kept", "pipeline.json"), "utf8");
  await assert.rejects(run(6, "additon"), told("TASK_UNKNOWN", /stage rl/));
  assert.equal(readFileSync(join(root, "kept", "pipeline.json"), "utf8"), before, "nothing was changed");

  // Laid aside, and wanted again: its answers are there.
  const other = recipeOf(graded({ prompts: 5 }), graded({ name: "asked" }), reinforce({ name: "rl" }));
  assert.equal((await runPipeline(other, { root, name: "kept", workers: 1 })).status, "finished");
  assert.equal(await run(5), "finished");
  assert.deepEqual(states(), ["kept", "kept", "kept"]);
  // One that was begun goes on by itself, and keeps what it has to say of that.
  const state = join(root, "kept", "asked", "state.json");
  writeFileSync(state, readFileSync(state, "utf8").replace('"finished"', '"paused"'));
  await assert.rejects(run(5), told("TEACHER_KEY", /^The environment variable/));
  assert.deepEqual(states(), ["kept", "failed", "waiting"]);
  // Other answers have to be asked for.
  const more = recipeOf(graded({ prompts: 5 }), { ...asking, prompts: 3 } as StageInput, reinforce({ name: "rl" }));
  await assert.rejects(runPipeline(more, { root, name: "kept", workers: 1 }), told("TEACHER_KEY", /stage asked/));
});
