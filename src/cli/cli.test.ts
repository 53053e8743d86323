/** The command line as a user meets it: real processes, exit codes, what is on which stream. */
import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { getTask, listTasks } from "../tasks/index.ts";

const main = join(import.meta.dirname, "main.ts");

function reckon(args: readonly string[], input = ""): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [main, ...args], {
    input,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
}

const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("reckon chat", () => {
  test("questions from a pipe are all answered, up to an empty line or to the end", () => {
    const ask = (input: string) => reckon(["chat", "base", "--max-tokens", "24"], input);
    const whole = ask("Max of 3, 9.\nMax of 5, 2.\n");
    assert.equal(whole.status, 0, whole.stderr);
    const answers = (text: string): number => [...text.matchAll(/tokens of thinking/g)].length;
    assert.equal(answers(whole.stderr + whole.stdout), 2);
    const ended = ask("Max of 3, 9.\n\nMax of 5, 2.\n");
    assert.deepEqual([ended.status, answers(ended.stderr + ended.stdout)], [0, 1]);
  });
});

describe("reckon", () => {
  test("--help shows every command and succeeds, --version prints the version", () => {
    const help = reckon(["--help"]);
    assert.equal(help.status, 0);
    for (const name of ["tasks", "doctor"]) assert.match(help.stdout, new RegExp(`^  ${name}\\b`, "m"));
    assert.match(reckon(["--version"]).stdout, /^\d+\.\d+\.\d+\n$/);
  });

  test("every command it names works: --help with an example, exit code 0", () => {
    const commands = [...reckon(["--help"]).stdout.matchAll(/^ {2}([a-z]+)\b/gm)]
      .map((match) => match[1]!)
      .filter((name) => name !== "help");
    assert.ok(commands.length >= 2);
    for (const name of commands) {
      const { status, stdout } = reckon([name, "--help"]);
      assert.equal(status, 0, name);
      assert.match(stdout, new RegExp(`Examples?:\\n {2}\\$ reckon ${name}`), name);
    }
  });

  test("wrong usage is exit code 2 with a hint on standard error and nothing on standard output", () => {
    for (const args of [
      [],
      ["nope"],
      ["tasks"],
      ["tasks", "nope"],
      ["tasks", "sample"],
      ["tasks", "sample", "addition", "--levle", "1"],
      ["tasks", "sample", "addition", "--level", "1.5"],
      ["tasks", "sample", "addition", "--level", "-1"],
      ["tasks", "sample", "addition", "--level", "99"],
      ["tasks", "sample", "addition", "--count", ""],
      ["tasks", "sample", "addition", "--split", "middle"],
      ["tasks", "sample", "nope"],
      ["tasks", "sample", "addition", "extra"],
      ["train", "nope"],
      ["train", "r1-zero", "--set", "learningRat=1"],
      ["train", "r1-zero", "--set", "steps"],
      ["train", "--resume", "some-run", "--set", "steps=5"],
      ["train", "--resume", "some-run", "--scale", "tiny"],
      ["train", "--resume", "some-run", "--skip-broken"],
      ["train", "r1-zero", "--resume", "some-run"],
    ]) {
      const { status, stdout, stderr } = reckon(args);
      assert.equal(status, 2, `${args.join(" ")}\n${stderr}`);
      assert.equal(stdout, "", args.join(" "));
      assert.doesNotMatch(stderr, /^ +at /m, args.join(" "));
      assert.notEqual(stderr, "");
    }
  });
});

describe("reckon tasks", () => {
  test("list --json is one document of all families", () => {
    const families = JSON.parse(reckon(["tasks", "list", "--json"]).stdout) as { name: string; levels: number }[];
    assert.deepEqual(
      families.map(({ name, levels }) => [name, levels]),
      listTasks().map(({ name, levels }) => [name, levels]),
    );
  });

  for (const { name, levels } of listTasks()) {
    test(`sample ${name}, verify its gold answers and wrong ones`, () => {
      const args = ["tasks", "sample", name, "--level", String(levels - 1), "--count", "3", "--seed", "5", "--json"];
      const sampled = reckon(args);
      assert.equal(sampled.status, 0, sampled.stderr);
      const problems = jsonLines(sampled.stdout);
      assert.equal(problems.length, 3);
      for (const problem of problems) {
        for (const key of ["id", "family", "level", "prompt", "facts", "chance"]) assert.ok(key in problem, key);
      }
      assert.equal(reckon(args).stdout, sampled.stdout, "the same seed draws the same problems");

      const answers = problems.flatMap(({ family, facts, prompt }) =>
        [getTask(name).gold(facts), "no answer at all", null].map((answer) =>
          JSON.stringify({ family, facts, prompt, answer }),
        ),
      );
      const verified = reckon(["tasks", "verify"], `${answers.join("\n")}\n`);
      assert.equal(verified.status, 0, verified.stderr);
      const verdicts = jsonLines(verified.stdout);
      assert.deepEqual(
        verdicts.map(({ score }) => score),
        problems.flatMap(() => [1, 0, 0]),
      );
      assert.ok(verdicts.every(({ reason }) => typeof reason === "string" && reason !== ""));
    });
  }

  test("sample --split never draws a problem of the other split", () => {
    const draw = (split: string) =>
      jsonLines(reckon(["tasks", "sample", "addition", "--count", "200", "--split", split, "--json"]).stdout).map(
        (problem) => getTask("addition").canonical(problem["facts"]),
      );
    const heldOut = new Set(draw("heldout"));
    assert.ok(draw("train").every((canonical) => !heldOut.has(canonical)));
  });

  test("verify names broken lines by number, keeps output beside input, and fails at the end", () => {
    const good = JSON.stringify({ family: "addition", facts: { a: 2, b: 2 }, prompt: "", answer: "4" });
    const lines = [
      good,
      "{",
      "[]",
      '{"family":"nope","facts":{},"answer":"1"}',
      '{"family":"addition","answer":"1"}',
      good,
    ];
    const { status, stdout, stderr } = reckon(["tasks", "verify"], lines.join("\r\n"));
    assert.equal(status, 1);
    assert.deepEqual(
      jsonLines(stdout).map(({ score }) => score),
      [1, 0, 0, 0, 0, 1],
    );
    for (const number of [2, 3, 4, 5]) assert.match(stderr, new RegExp(`line ${number} is broken: `));
    assert.doesNotMatch(stderr, /line [16] is broken|^ +at /m);
  });

  test("verify --file reads a file, and says so when it cannot", (context) => {
    const folder = mkdtempSync(join(tmpdir(), "reckon-cli-"));
    context.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "answers.jsonl");
    writeFileSync(path, JSON.stringify({ family: "addition", facts: { a: 2, b: 2 }, prompt: "", answer: "5" }));
    assert.equal(jsonLines(reckon(["tasks", "verify", "--file", path]).stdout)[0]?.["score"], 0);
    const missing = reckon(["tasks", "verify", "--file", join(folder, "nope")]);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /FILE_UNREADABLE/);
    assert.doesNotMatch(missing.stderr, /^ +at /m);
  });

  test("a reader that has seen enough is no failure", async () => {
    const child = spawn(process.execPath, [main, "tasks", "sample", "addition", "--count", "200000", "--json"]);
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.stdout.once("data", () => child.stdout.destroy());
    assert.equal(await ended, 0);
  });
});

test("reckon doctor finds this machine fit, and --json is one document", () => {
  const { status, stdout, stderr } = reckon(["doctor", "--json"]);
  const report = JSON.parse(stdout) as { ok: boolean; findings: { check: string; status: string; detail: string }[] };
  assert.equal(status, 0, stdout + stderr);
  assert.equal(report.ok, true);
  const engine = report.findings.find(({ check }) => check === "engine");
  assert.match(engine?.detail ?? "", /multiplies matrices exactly/);
});

test("reckon eval names the line of a problem whose facts are of another family", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "reckon-eval-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "problems.jsonl");
  const problem = { family: "countdown", level: 0, prompt: "Make 29 from 21, 5, 3." };
  const good = { ...problem, facts: { numbers: [21, 5, 3], target: 29 } };
  writeFileSync(file, `${JSON.stringify(good)}\n${JSON.stringify({ ...problem, facts: { a: 1, b: 2 } })}\n`);
  const { status, stderr } = reckon(["eval", "base", "--problems", file]);
  assert.equal(status, 1);
  assert.match(stderr, /PROBLEMS_INVALID.*line 2/);
  assert.doesNotMatch(stderr, /^ +at /m);
});
