/** `reckon sample` as a user meets it: real processes, killed and started again, against a server on this machine. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  beginStream,
  chunk,
  type Endpoint,
  type Exchange,
  event,
  sendJson,
  startEndpoint,
} from "../../test/endpoint.ts";
import { loadTaskFile } from "../runs/index.ts";
import { getTask, isHeldOut, type Problem, readTraces, type Split, sampleProblem } from "../tasks/index.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-sample-"));
let servers: Endpoint[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});
after(() => rmSync(root, { recursive: true, force: true }));
const KEY = "sk-never-to-be-seen-123456";

async function serve(answer: (exchange: Exchange) => unknown): Promise<Endpoint> {
  const server = await startEndpoint(answer);
  servers.push(server);
  return server;
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly status: number | null; readonly out: string; readonly err: string }>;
}

function sample(...args: string[]): Run {
  const child = spawn(
    process.execPath,
    ["--conditions=reckon-source", join(import.meta.dirname, "main.ts"), "sample", ...args],
    { env: { ...process.env, NO_COLOR: "1", TEST_TEACHER_KEY: KEY }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  return { child, ended: once(child, "close").then(([status]) => ({ status: status as number | null, out, err })) };
}

/** Adds what stands in a prompt `Add 12 + 34.` or `12 + 34 = ?`, whatever its words. */
function adds({ body, response }: Exchange): void {
  const [a, b] = (body.messages.at(-1).content as string).match(/\d+/g)!.map(Number);
  beginStream(response);
  response.write(event(chunk({ reasoning_content: `${a}+${b}=` })));
  response.write(event(chunk({ reasoning_content: `${a! + b!}` })));
  response.end(event(chunk({ content: `<answer>${a! + b!}</answer>` }, "stop")) + event("[DONE]"));
}

test("killed with SIGKILL and run again, no answer that was logged is asked for again", async () => {
  const server = await serve(async (exchange) => {
    await sleep(25);
    adds(exchange);
  });
  const out = join(root, "killed");
  const args = [
    ...["--teacher", server.url, "--model", "wise", "--key-env", "TEST_TEACHER_KEY", "--out", out],
    ...["--rung", "addition:1", "--count", "30", "--samples", "2", "--concurrency", "3", "--json"],
  ];
  const log = join(out, "answers.jsonl");
  const logged = (): string[] => (existsSync(log) ? readFileSync(log, "utf8").split("\n").slice(0, -1) : []); // What is whole.
  const first = sample(...args);
  while (logged().length < 15) {
    assert.equal(first.child.exitCode, null, "it ended before it was killed");
    await sleep(5);
  }
  first.child.kill("SIGKILL");
  await first.ended;
  const kept = logged().length;
  const before = server.exchanges.length;
  assert.ok(kept < 60 && before - kept <= 3, `${before} asked, ${kept} kept`);
  const second = await sample(...args).ended;
  assert.equal(second.status, 0, second.err);
  const result = JSON.parse(second.out) as { before: number; complete: boolean; counts: { kept: number } };
  assert.deepEqual([result.before, result.complete, result.counts.kept], [kept, true, 30]);
  assert.equal(server.exchanges.length, before + 60 - kept);
  const answers = logged().map((line) => JSON.parse(line) as { problem: string; sample: number });
  assert.equal(new Set(answers.map(({ problem, sample: n }) => `${problem} ${n}`)).size, 60);
  assert.equal(readTraces(readFileSync(join(out, "traces.jsonl"), "utf8")).traces.length, 30);
  assert.ok(server.exchanges.every(({ headers }) => headers.authorization === `Bearer ${KEY}`));
  const told = `${second.out}${second.err}${readdirSync(out)
    .map((name) => readFileSync(join(out, name), "utf8"))
    .join("")}`;
  assert.ok(!told.includes(KEY), "the key is written or said somewhere");
});

test("Ctrl-C waits for what is under way and says how to go on", { skip: process.platform === "win32" }, async () => {
  const server = await serve(async (exchange) => {
    await sleep(300);
    adds(exchange);
  });
  const out = join(root, "stopped");
  const run = sample("--teacher", server.url, "--model", "m", "--out", out, "--rung", "addition:1", "--count", "50");
  while (server.exchanges.length < 6) await sleep(5);
  run.child.kill("SIGINT");
  const { status, out: said, err } = await run.ended;
  assert.equal(status, 0, err);
  assert.match(said, /nothing is lost/);
  assert.equal(readFileSync(join(out, "answers.jsonl"), "utf8").trimEnd().split("\n").length, server.exchanges.length);
});

test("a model of ours as the teacher: the same answers again, held-out problems of a file left out", async () => {
  const task = getTask("addition");
  const file = join(root, "problems.jsonl");
  const problems = ["train", "heldout"].flatMap((split) =>
    Array.from({ length: 3 }, (_, index) =>
      sampleProblem(task, { seed: 3, index, level: 0, split: split as "train", language: "en" }),
    ),
  );
  writeFileSync(file, problems.map((problem) => `${JSON.stringify(problem)}\n`).join(""));
  const args = [
    "--teacher",
    "zero",
    "--problems",
    file,
    "--samples",
    "3",
    "--keep",
    "3",
    "--max-tokens",
    "64",
    "--json",
  ];
  const texts: string[] = [];
  for (const name of ["own-1", "own-2"]) {
    const out = join(root, name);
    const { status, out: said, err } = await sample(...args, "--out", out, "--workers", "1").ended;
    assert.equal(status, 0, err);
    assert.match(err, /3 held-out problems/);
    const { counts, flops, promptTokens } = JSON.parse(said) as Record<string, number> & {
      counts: Record<string, number>;
    };
    assert.equal(counts["answers"], 9);
    assert.ok(counts["kept"]! > 0 && flops! > 1e6 && promptTokens! > 9, said);
    texts.push(readFileSync(join(out, "traces.jsonl"), "utf8"));
  }
  assert.equal(texts[0], texts[1]);
  const { traces, faults } = readTraces(texts[0]!);
  assert.deepEqual(faults, []);
  for (const { facts, answer } of traces) {
    assert.equal(isHeldOut(task, facts), false);
    assert.equal(task.verify(facts, answer).score, 1);
  }
});

test("of a file as many problems are asked as was said, held-out ones and doubles uncounted; more are asked by a higher count", async () => {
  const task = getTask("addition");
  const file = join(root, "counted.jsonl");
  const drawn = (split: Split, index: number): Problem =>
    sampleProblem(task, { seed: 4, index, level: 1, split, language: "en" });
  const train = [0, 1, 2, 3, 4].map((index) => drawn("train", index));
  const problems = [drawn("heldout", 0), train[0]!, train[0]!, ...train.slice(1)];
  assert.equal(new Set(train.map(({ prompt }) => prompt)).size, 5);
  writeFileSync(file, problems.map((problem) => `${JSON.stringify(problem)}\n`).join(""));
  const server = await serve(adds);
  const args = ["--teacher", server.url, "--model", "m", "--problems", file, "--out", join(root, "counted"), "--json"];
  // What is there already is of no cost, and a count below it takes nothing away from the log.
  for (const [count, before, asked] of [
    [["--count", "2"], 0, 2],
    [["--count", "4"], 2, 4],
    [["--count", "1"], 1, 4],
    [[], 4, 5],
    [["--count", "9"], 5, 5],
  ] as const) {
    const { status, out: said, err } = await sample(...args, ...count).ended;
    assert.equal(status, 0, err);
    assert.equal((JSON.parse(said) as { before: number }).before, before, count.join(" "));
    assert.equal(server.exchanges.length, asked, count.join(" "));
    assert.equal(/no more than 5 different problems/.test(err), count[1] === "9", err);
  }
  const prompts = server.exchanges.map(({ body }) => body.messages.at(-1).content as string);
  for (const { prompt } of train) assert.equal(prompts.filter((text) => text.includes(prompt)).length, 1, prompt);
  for (const beside of [
    ["--rung", "addition:1"],
    ["--scale", "tiny"],
  ]) {
    const { status, err } = await sample(...args, ...beside).ended;
    assert.equal(status, 2, err);
    assert.match(err, new RegExp(`${beside[0]} draws problems.*not both`, "s"));
  }
  assert.equal(server.exchanges.length, 5);
});

test("of rows of one's own, and of problems of a module of one's own, the held-out ones are not asked", async () => {
  const rows = join(root, "sums.jsonl");
  const asked = Array.from({ length: 40 }, (_, i) => ({ question: `What is ${i} plus 1?`, answer: String(i + 1) }));
  writeFileSync(rows, asked.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const all = (await loadTaskFile({ file: rows })).problems();
  const kept = all.filter(({ split }) => split === "train").map(({ prompt }) => prompt);
  assert.ok(kept.length > 0 && kept.length < all.length, `${kept.length} of ${all.length}`);
  const few = join(root, "few.jsonl");
  const module = join(root, "double.ts");
  writeFileSync(
    module,
    `import { defineTask } from "reckon/tasks";
export default defineTask<{ n: number }>({
  name: "double",
  ladder: { n: [9] },
  sample: (random) => ({ n: random.int(1, 99) }),
  prompt: ({ n }) => \`\${n} + \${n}?\`,
  gold: ({ n }) => String(2 * n),
  verify: ({ n }, answer) => ({ score: answer === String(2 * n) ? 1 : 0, reason: "double" }),
  chance: () => 0.01,
  canonical: ({ n }) => String(n),
});
`,
  );
  const problems = ["train", "heldout"].map((split, i) => ({
    ...{ id: `double/0/${split}/0/0`, family: "double", prompt: `${i + 3} + ${i + 3}?`, facts: { n: i + 3 } },
  }));
  writeFileSync(few, problems.map((problem) => `${JSON.stringify(problem)}\n`).join(""));
  for (const [file, tasks, left] of [
    [rows, [], all.length - kept.length],
    [few, ["--task", module], 1],
  ] as const) {
    const server = await serve(adds);
    const out = join(root, `asked-${left}`);
    const args = ["--teacher", server.url, "--model", "m", "--problems", file, "--out", out, ...tasks];
    const { status, err } = await sample(...args).ended;
    assert.equal(status, 0, err);
    assert.match(err, new RegExp(`${left} held-out problems`));
    assert.doesNotMatch(err, /--split heldout/);
    assert.equal(server.exchanges.length, file === rows ? kept.length : 1);
  }
});

test("broken rows of a file are named and refused, or left out, and its fields may have other names", async () => {
  const file = join(root, "Other Sums.jsonl");
  const asked = Array.from({ length: 12 }, (_, i) => ({ text: `What is ${i} plus 1?`, label: String(i + 1) }));
  const lines = [...asked.map((row) => JSON.stringify(row)), '{"text": "no answer"}'];
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  const fields = ["--fields", "question=text,answer=label"];
  for (const [i, source] of [
    ["--problems", file],
    ["--task", file, "--rung", "sums:0", "--count", "5"],
  ].entries()) {
    const server = await serve(adds);
    const out = ["--out", join(root, `rows-${i}`)];
    const args = ["--teacher", server.url, "--model", "m", ...source, "--as", "sums", ...fields, ...out];
    const refused = await sample(...args).ended;
    assert.equal(refused.status, 1);
    assert.match(refused.err, /line 13/);
    assert.equal(server.exchanges.length, 0);
    const { status, err } = await sample(...args, "--skip-broken").ended;
    assert.equal(status, 0, err);
    assert.match(err, /line 13/);
    assert.ok(server.exchanges.length >= 5);
    const [trace] = readFileSync(join(root, `rows-${i}`, "traces.jsonl"), "utf8").split("\n");
    assert.equal((JSON.parse(trace!) as { family: string }).family, "sums");
  }
});

test("mistakes are told without a stack: no key, no model, no server, options that do not fit", async () => {
  const server = await serve(({ response }) => sendJson(response, { error: { message: `bad key ${KEY}` } }, 401));
  const out = ["--out", join(root, "mistakes"), "--count", "3"];
  const cases: [args: string[], status: number, words: RegExp][] = [
    [["--teacher", server.url, ...out], 2, /which of its models.*--model NAME/s],
    [["--teacher", server.url, "--model", "m", "--key-env", KEY, ...out], 2, /--key-env.*never the key itself/s],
    [
      ["--teacher", server.url, "--model", "m", "--key-env", "NO_SUCH_VARIABLE", ...out],
      1,
      /NO_SUCH_VARIABLE is not set/,
    ],
    [["--teacher", server.url, "--model", "m", "--key-env", "TEST_TEACHER_KEY", ...out], 1, /CLIENT_AUTH/],
    [["--teacher", "http://127.0.0.1:1/v1", "--model", "m", "--attempts", "1", ...out], 1, /CLIENT_UNREACHABLE/],
    [["--teacher", "nonsense-model", ...out], 1, /MODEL_UNKNOWN/],
    [["--teacher", "zero", "--model", "m", ...out], 2, /are of an API/],
    [["--teacher", server.url, "--model", "m", "--rung", "addition", ...out], 2, /addition/],
    [["--teacher", server.url, "--model", "m", "--price", "1", ...out], 2, /two numbers/],
    [["--teacher", server.url, "--model", "m", "--extra", "[", ...out], 2, /JSON object/],
    [["--teacher", server.url, "--model", "m"], 2, /--out/],
    [["--teacher", server.url, "--model", "m", "--skip-broken", ...out], 2, /--problems <file>/],
  ];
  for (const [args, status, words] of cases) {
    const { status: got, out: said, err } = await sample(...args).ended;
    assert.equal(got, status, `${args.join(" ")}\n${err}`);
    assert.match(err, words);
    assert.equal(said, "");
    assert.doesNotMatch(err, /\n {4}at |fault of Reckon/);
    assert.ok(!err.includes(KEY), "the key is said");
  }
});
