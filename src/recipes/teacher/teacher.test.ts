/** Asking teachers: what is logged, kept, counted and gone on with, against servers that misbehave. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { completion, type Endpoint, type Exchange, sendJson, startEndpoint } from "../../../test/endpoint.ts";
import { noSmallDisk, onSmallDisk } from "../../../test/small-disk.ts";
import { getTask, type Problem, readTraces, sampleProblem } from "../../tasks/index.ts";
import { ruleJudge } from "../../train/judge.ts";
import { ReckonError } from "../../util/errors.ts";
import { type Asked, askTeacher, readTeacherRecord, type TeacherRecord } from "./ask.ts";
import { endpointTeacher } from "./endpoint.ts";
import { endpointSchema, keepSchema } from "./settings.ts";
import { readAnswer } from "./traces.ts";

const root = mkdtempSync(join(tmpdir(), "reckon-teacher-"));
after(() => rmSync(root, { recursive: true, force: true }));
let servers: Endpoint[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

const KEY = "sk-do-not-tell-anyone-123456";
const keep = keepSchema.parse({ perPrompt: 4 });
const problems: readonly Problem[] = Array.from({ length: 6 }, (_, index) =>
  sampleProblem(getTask("addition"), { seed: 5, index, level: 1, split: "train", language: "en" }),
);
const gold = ({ family, facts }: Problem): string => getTask(family).gold(facts);
const asked = (exchange: Exchange): Problem =>
  problems.find(({ prompt }) => (exchange.body.messages.at(-1).content as string).startsWith(prompt))!;
/** Right, with thinking. */
const well = (exchange: Exchange): void =>
  sendJson(
    exchange.response,
    completion({
      reasoning_content: `it is ${number(exchange)}`,
      content: `<answer>${gold(asked(exchange))}</answer>`,
    }),
  );
const number = (exchange: Exchange): number => exchange.body.seed;

interface Setup {
  readonly folder: string;
  readonly server: Endpoint;
  ask(more?: {
    signal?: AbortSignal;
    samples?: number;
    temperature?: number;
    price?: object;
    posed?: readonly Problem[];
  }): Promise<Asked>;
}

async function setup(answer: (exchange: Exchange) => unknown, settings: object = {}): Promise<Setup> {
  const server = await startEndpoint(answer);
  servers.push(server);
  const folder = mkdtempSync(join(root, "answers-"));
  return {
    folder,
    server,
    ask({ signal, samples = 2, temperature = 0.6, price, posed = problems } = {}) {
      const endpoint = endpointSchema.parse({
        ...{ url: server.url, model: "wise", apiKeyEnv: "TEACHER_API_KEY", attempts: 1, concurrency: 2 },
        ...(price ? { price } : {}),
        ...settings,
      });
      const sampling = { seed: 1, temperature, maxNewTokens: 100 };
      const teacher = endpointTeacher(endpoint, sampling, { TEACHER_API_KEY: KEY });
      return askTeacher(teacher, {
        folder,
        problems: posed,
        samples,
        judge: ruleJudge(),
        keep,
        stopped: () => signal?.aborted === true,
      });
    },
  };
}

async function fails(promise: Promise<unknown>, code: string): Promise<ReckonError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ReckonError, String(error));
    assert.equal(error.code, code, error.message);
    return error;
  }
  assert.fail(`no ${code}`);
}

const lines = (folder: string): string[] => readFileSync(join(folder, "answers.jsonl"), "utf8").trimEnd().split("\n");

describe("asking", () => {
  test("every answer is logged, right ones become traces with usage and reason to end, and nothing is asked twice", async () => {
    const { server, folder, ask } = await setup(well, { price: { prompt: 1, completion: 2 } });
    const first = await ask();
    assert.equal(server.exchanges.length, 12);
    assert.equal(new Set(server.exchanges.map(number)).size, 12, "a seed for each sample");
    assert.equal(lines(folder).length, 12);
    const { traces, faults } = readTraces(readFileSync(join(folder, "traces.jsonl"), "utf8"));
    assert.deepEqual([traces.length, faults], [12, []]);
    const { usage, finish } = traces[0] as unknown as { usage: object; finish: string };
    assert.deepEqual([usage, finish], [{ promptTokens: 10, completionTokens: 5 }, "stop"]);
    assert.equal(traces[0]!.id, `${problems[0]!.id}#0`);
    assert.match(traces[0]!.source!, /^wise at 127\.0\.0\.1:\d+$/);
    const { counts, ...record } = first.record;
    assert.deepEqual([counts.answers, counts.kept, record.requests, record.uncounted], [12, 12, 12, 0]);
    assert.deepEqual([record.promptTokens, record.completionTokens], [120, 60]);
    assert.deepEqual(record.cost, { amount: (120 * 1 + 60 * 2) / 1e6, currency: "USD" });
    assert.deepEqual(readTeacherRecord(folder), first.record);

    const files = ["answers.jsonl", "traces.jsonl", "teacher.json", "question.json"];
    const before = files.map((name) => readFileSync(join(folder, name), "utf8"));
    const again = await ask();
    assert.deepEqual([again.before, again.complete, server.exchanges.length], [12, true, 12]);
    assert.deepEqual(
      files.map((name) => readFileSync(join(folder, name), "utf8")),
      before,
    );
    for (const text of before) assert.ok(!text.includes(KEY), "the key is written down");
    const more = await ask({ samples: 3 });
    assert.deepEqual([more.before, more.record.counts.answers, server.exchanges.length], [12, 18, 18]);
    const other = await fails(ask({ temperature: 0.9 }), "ANSWERS_OTHER");
    assert.match(other.message, /temperature 0\.6[\s\S]*temperature 0\.9/);
    assert.equal(server.exchanges.length, 18);
  });

  test("an answer belongs to its prompt: what another one asks under its id is asked, and both are kept", async () => {
    const { server, folder, ask } = await setup(well);
    await ask({ samples: 1 });
    const [first, ...others] = problems;
    const changed = [{ ...first!, prompt: `${first!.prompt} Be quick.` }, ...others];
    const { record, before } = await ask({ samples: 1, posed: changed });
    assert.deepEqual([before, record.counts.answers, server.exchanges.length], [5, 6, 7]);
    assert.equal(lines(folder).length, 7);
    for (const posed of [problems, changed]) assert.equal((await ask({ samples: 1, posed })).before, 6);
    assert.equal(server.exchanges.length, 7);
    // Logs of before prompts were told apart: what was paid counts.
    const old = lines(folder)
      .slice(0, 6)
      .map((line) => JSON.stringify({ ...JSON.parse(line), prompt: undefined }));
    writeFileSync(join(folder, "answers.jsonl"), `${old.join("\n")}\n`);
    assert.equal((await ask({ samples: 1, posed: changed })).before, 6);
    assert.equal(server.exchanges.length, 7);
  });

  test("empty, truncated, held back, wrong and thoughtless answers are paid, logged and left out", async () => {
    const forms: ((exchange: Exchange) => object)[] = [
      () => completion({ content: "" }),
      () => completion({ content: "", reasoning_content: "let me see" }, {}, "length"),
      () => completion({ content: null }, {}, "content_filter"),
      () => completion({ reasoning_content: "well", content: "<answer>-1</answer>" }),
      (exchange) => completion({ content: `<answer>${gold(asked(exchange))}</answer>` }, { usage: undefined }),
      (exchange) => completion({ content: `<|end|> so\n<answer>${gold(asked(exchange))}</answer>` }),
    ];
    const { server, folder, ask } = await setup((exchange) => {
      const form = forms[problems.indexOf(asked(exchange))]!;
      sendJson(exchange.response, form(exchange));
    });
    const { record, complete } = await ask({ samples: 1 });
    const { answers, empty, truncated, filtered, wrong, thoughtless, unreadable, kept } = record.counts;
    assert.deepEqual(
      [answers, empty, truncated, filtered, wrong, thoughtless, unreadable, kept],
      [6, 1, 1, 1, 1, 1, 1, 0],
    );
    assert.deepEqual([record.uncounted, complete], [1, true]);
    assert.equal(readFileSync(join(folder, "traces.jsonl"), "utf8"), "");
    await ask({ samples: 1 });
    assert.equal(server.exchanges.length, 6);
  });

  test("what fails is named and asked again the next time; a right answer is not", async () => {
    let broken = true;
    const { server, ask } = await setup((exchange) => {
      if (broken && problems.indexOf(asked(exchange)) === 2) exchange.response.end("{ nonsense");
      else well(exchange);
    });
    const first = await ask({ samples: 1 });
    assert.deepEqual(
      first.unanswered.map(({ problem, code }) => [problem, code]),
      [[problems[2]!.id, "CLIENT_INVALID"]],
    );
    assert.equal(first.record.counts.answers, 5);
    broken = false;
    const second = await ask({ samples: 1 });
    assert.deepEqual([second.unanswered.length, second.record.counts.kept, server.exchanges.length], [0, 6, 7]);
  });

  test("a rate limit is waited out; an account that runs dry ends it with what came kept", async () => {
    let limited = 0;
    const slow = await setup(
      (exchange) => {
        if (exchange.number % 3 === 0 && limited++ < 3) {
          sendJson(exchange.response, {}, 429, { "retry-after-ms": "20" });
        } else well(exchange);
      },
      { attempts: 5 },
    );
    const { record, unanswered } = await slow.ask();
    assert.deepEqual([record.counts.kept, unanswered.length], [12, 0]);
    assert.equal(record.requests, slow.server.exchanges.length);

    const dry = await setup((exchange) => {
      if (exchange.number < 5) well(exchange);
      else sendJson(exchange.response, { error: { message: "no credit" } }, 402);
    });
    await fails(dry.ask(), "CLIENT_QUOTA");
    assert.ok(dry.server.exchanges.length <= 7, "the others are not asked in vain");
    assert.equal(readTraces(readFileSync(join(dry.folder, "traces.jsonl"), "utf8")).traces.length, 5);
  });

  test("a teacher that is not there, or always fails, is not asked to the end", async () => {
    const down = await setup(well);
    await down.server.close();
    const error = await fails(down.ask({ samples: 40 }), "CLIENT_UNREACHABLE");
    assert.match(error.message, /ECONNREFUSED/);
    const sick = await setup(({ response }) => sendJson(response, {}, 500));
    await fails(sick.ask({ samples: 40 }), "CLIENT_SERVER");
    assert.ok(sick.server.exchanges.length < 20);
  });

  test("broken off, answers under way are waited for and kept", async () => {
    const controller = new AbortController();
    const { server, folder, ask } = await setup(async (exchange) => {
      if (exchange.number === 2) controller.abort();
      await sleep(30);
      well(exchange);
    });
    const first = await ask({ signal: controller.signal });
    assert.equal(first.complete, false);
    assert.equal(lines(folder).length, server.exchanges.length);
    assert.ok(server.exchanges.length <= 4);
    const second = await ask();
    assert.deepEqual([second.complete, second.record.counts.kept, server.exchanges.length], [true, 12, 12]);
  });

  test("broken off while a limited server is waited for, nothing more is sent, and that is no failure", async () => {
    const controller = new AbortController();
    const { server, ask } = await setup(
      (exchange) => {
        sendJson(exchange.response, {}, 429, { "retry-after": "60" });
        setTimeout(() => controller.abort(), 50);
      },
      { attempts: 3 },
    );
    const asked = await ask({ signal: controller.signal });
    assert.deepEqual([asked.complete, asked.unanswered, asked.record.counts.answers], [false, [], 0]);
    assert.ok(server.exchanges.length <= 2, "one of each worker");
  });

  test("keys that are not set, or given where their name belongs", async () => {
    const settings = endpointSchema.parse({ url: "http://127.0.0.1:1/v1", model: "m", apiKeyEnv: "NO_SUCH_KEY" });
    const sampling = { seed: 0, temperature: 1, maxNewTokens: 1 };
    assert.throws(() => endpointTeacher(settings, sampling, {}), { code: "TEACHER_KEY" });
    for (const apiKeyEnv of [KEY, "gsk_abcdefgh12345678", "a b"]) {
      const { error } = endpointSchema.safeParse({ url: "http://127.0.0.1:1/v1", model: "m", apiKeyEnv });
      assert.ok(error && !error.message.includes(apiKeyEnv));
    }
    assert.match(
      endpointTeacher({ ...settings, url: "http://10.1.2.3/v1" }, sampling, { NO_SUCH_KEY: "abcd" }).warnings[0]!,
      /unencrypted/,
    );
  });
});

test("final answers and steps in what teachers say", () => {
  const read = (content: string, thinking = ""): unknown[] => Object.values(readAnswer({ content, thinking }));
  assert.deepEqual(read("First 1+1.\n<answer> 2 </answer>"), ["First 1+1.", "2"]);
  assert.deepEqual(read("In short: <answer>2</answer>", "1+1 is 2"), ["1+1 is 2", "2"]);
  assert.deepEqual(read("<answer>1</answer> no, <answer>2</answer>")[1], "2");
  assert.deepEqual(read("So\n$\\boxed{2}$"), ["So\n$\\boxed{2}$", "2"]);
  assert.deepEqual(read("2", "1+1"), ["1+1", "2"]);
  assert.deepEqual(read("I think it is\nperhaps 2"), ["I think it is\nperhaps 2", null]);
  assert.deepEqual(read("<answer></answer>", "x")[1], null);
  assert.deepEqual(read("", "x")[1], null);
});

describe("the log on a bad disk", () => {
  test("a torn last line is cut off and asked again; a line that is no answer is named", async () => {
    const { server, folder, ask } = await setup(well);
    await ask({ samples: 1 });
    const whole = readFileSync(join(folder, "answers.jsonl"), "utf8");
    writeFileSync(join(folder, "answers.jsonl"), whole.slice(0, -20));
    const { record } = await ask({ samples: 1 });
    assert.deepEqual([record.counts.answers, server.exchanges.length], [6, 7]);
    writeFileSync(join(folder, "answers.jsonl"), `{"problem":1}\n${whole}`);
    const error = await fails(ask({ samples: 1 }), "ANSWERS_DAMAGED");
    assert.match(error.message, /Line 1 /);
  });

  test("a log that the disk refuses ends the asking at once", {
    skip: !existsSync("/dev/full") && "no /dev/full",
  }, async () => {
    const { server, folder, ask } = await setup((exchange) => {
      if (exchange.number === 2) {
        const log = join(folder, "answers.jsonl");
        renameSync(log, `${log}.kept`);
        symlinkSync("/dev/full", log);
      }
      well(exchange);
    });
    const error = await fails(ask({ samples: 4 }), "RUN_DISK");
    assert.match(error.message, /disk is full[\s\S]*ENOSPC[\s\S]*answers are not on disk[\s\S]*same command again/);
    assert.ok(server.exchanges.length <= 6, `${server.exchanges.length} were asked`);
  });

  test("a disk that is really full: the reserve takes what was under way, and all goes on when there is room", {
    skip: noSmallDisk(),
  }, () => {
    const { stdout, stderr } = onSmallDisk("12m", "full-disk-child.ts");
    assert.equal(stdout, "all well\n", stderr);
  });
});

test("a record that cannot be read says how to make it anew", () => {
  const folder = mkdtempSync(join(root, "record-"));
  assert.equal(readTeacherRecord(folder), undefined);
  writeFileSync(join(folder, "teacher.json"), "{");
  assert.throws((): TeacherRecord | undefined => readTeacherRecord(folder), { code: "TEACHER_RECORD" });
});
