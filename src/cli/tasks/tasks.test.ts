/** `reckon tasks` on built-in families, a user's module and a file of rows: real processes. */
import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { listTasks, readTraces } from "../../tasks/index.ts";
import type { TaskCard } from "./card.ts";

const main = join(import.meta.dirname, "..", "main.ts");
const root = mkdtempSync(join(tmpdir(), "reckon-cli-tasks-"));
after(() => rmSync(root, { recursive: true, force: true }));

function reckon(args: readonly string[], input = ""): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [main, ...args], {
    input,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
}

function file(name: string, content: string): string {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
}

const json = (args: readonly string[]): unknown => {
  const { status, stdout, stderr } = reckon([...args, "--json"]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
};
const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const market = file(
  "market.jsonl",
  readFileSync(join(import.meta.dirname, "../../tasks/file/fixtures/market.jsonl"), "utf8"),
);
const kind = file(
  "kind.ts",
  `import { defineTask } from "reckon/tasks";
   export default defineTask<{ n: number }>({
     name: "kind",
     sample: (random) => ({ n: random.int(0, 999) }),
     prompt: ({ n }) => \`Say \${n}.\`,
     verify({ n }, answer) {
       if (answer === "") throw new Error("nothing to say");
       return { score: answer.includes(String(n)) ? 1 : 0, reason: "looked for it" };
     },
     gold: ({ n }) => String(n),
     chance: () => 0.001,
   });`,
);

describe("reckon tasks list", () => {
  test("shows every family once, under its kind, with one chance a level", () => {
    const families = json(["tasks", "list"]) as { name: string; levels: number; kind: string; chance: number[] }[];
    assert.deepEqual(
      families.map(({ name }) => name),
      listTasks().map(({ name }) => name),
    );
    for (const { name, levels, kind, chance } of families) {
      assert.ok(
        kind !== "" && kind !== "other" && chance.length === levels && chance.every((x) => x >= 0 && x <= 1),
        name,
      );
    }
    const { stdout } = reckon(["tasks", "list"]);
    assert.match(stdout, /^ARITHMETIC\n[\s\S]*^GAMES\n/m);
    for (const { name } of families) assert.equal(stdout.match(new RegExp(`^  ${name} `, "gm"))?.length, 1, name);
  });
});

describe("reckon tasks card", () => {
  test("of a built-in family: every level with an example that is worked, and no hostile answer that scores", () => {
    const card = json(["tasks", "card", "countdown"]) as TaskCard;
    const task = listTasks().find(({ name }) => name === "countdown")!;
    assert.equal(card.levels.length, task.levels);
    for (const { level, example, chance, held_out, different, drawn } of card.levels) {
      assert.ok(example !== null && example.solution !== null && example.prompt.startsWith("Make "), `level ${level}`);
      assert.ok(chance > 0 && chance < 0.3);
      assert.ok(held_out > 0.06 && held_out < 0.2 && different > 0.8 * drawn);
    }
    assert.ok(card.hostile.length > 50);
    for (const { name, score, reason } of card.hostile) assert.ok(score === 0 && reason !== "", name);

    const { stdout } = reckon(["tasks", "card", "countdown"]);
    assert.match(stdout, /^# countdown\n/);
    for (const heading of ["Levels", "Examples", "Hostile answers"])
      assert.match(stdout, new RegExp(`^## ${heading}$`, "m"));
    const table = stdout
      .slice(stdout.indexOf("## Hostile"))
      .split("\n")
      .filter((line) => line.startsWith("|"));
    assert.equal(table.length, card.hostile.length + 2);
    for (const line of table) assert.equal(line.match(/(?<!\\)\|/g)?.length, 5, line);
    assert.equal(reckon(["tasks", "card", "countdown"]).stdout, stdout, "the same every time");
  });

  test("of a user's module: it names the holes and the failures of its verifier", () => {
    const card = json(["tasks", "card", kind]) as TaskCard;
    assert.deepEqual([card.name, card.kind, card.path], ["kind", "module", kind]);
    assert.match(card.hash!, /^[0-9a-f]{64}$/);
    const scores = new Map(card.hostile.map(({ name, score }) => [name, score]));
    assert.deepEqual(
      ["empty", "wrong", "gold twice", "JSON"].map((name) => scores.get(name)),
      [null, 0, 1, 1],
    );
    const { stdout } = reckon(["tasks", "card", kind]);
    assert.match(
      stdout,
      /the others, empty; .*gold twice; .*have to be forms of the right answer, or the verifier has a hole/,
    );
  });

  test("of a file of rows: its levels, a row with its worked answer, and chance 0", () => {
    const card = json(["tasks", "card", market]) as TaskCard;
    assert.deepEqual(card.ladder, { level: [1, 2] });
    for (const { chance, example } of card.levels) {
      assert.equal(chance, 0);
      assert.match(example!.solution!, new RegExp(`#### ${example!.gold}$`));
    }
    const through = card.hostile.filter(({ score }) => score !== 0).map(({ name }) => name);
    assert.deepEqual(through, ["boxed", "full stop", "plus sign", "decimal", "exponent"]);
  });

  test("of a file whose fields have names of their own: they are told, or the file is refused", () => {
    const rows = Array.from({ length: 40 }, (_, i) => JSON.stringify({ text: `What is ${i} + 1?`, label: i + 1 }));
    const path = file("own.jsonl", rows.join("\n"));
    const card = json(["tasks", "card", path, "--fields", "question=text,answer=label"]) as TaskCard;
    assert.match(card.levels[0]!.example!.prompt, /^What is \d+ \+ 1\?$/);
    const renamed = json(["tasks", "card", path, "--fields", "question=text,answer=label", "--as", "mine"]) as TaskCard;
    assert.deepEqual([card.name, renamed.name], ["own", "mine"]);
    assert.match(reckon(["tasks", "card", path]).stderr, /question or problem or prompt is missing/);
    const wrong = reckon(["tasks", "card", path, "--fields", "title=text"]);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /question=NAME, answer=NAME/);
  });
});

describe("reckon tasks sample and verify with a path", () => {
  for (const [path, family, levels] of [
    [market, "market", 2],
    [kind, "kind", 1],
  ] as const) {
    test(`problems of ${family} are drawn and their answers judged`, () => {
      const args = [
        "tasks",
        "sample",
        path,
        "--level",
        String(levels - 1),
        "--split",
        "train",
        "--count",
        "3",
        "--json",
      ];
      const { status, stdout, stderr } = reckon(args);
      assert.equal(status, 0, stderr);
      const problems = jsonLines(stdout);
      assert.equal(problems.length, 3);
      for (const problem of problems) {
        for (const key of ["id", "family", "level", "prompt", "facts", "chance"]) assert.ok(key in problem, key);
        assert.equal(problem["family"], family);
      }
      const golds = problems.map(({ facts }) =>
        String((facts as Record<string, unknown>)[family === "kind" ? "n" : "gold"]),
      );
      const lines = problems.flatMap((problem, i) =>
        [golds[i], "wrong"].map((answer) => JSON.stringify({ ...problem, answer })),
      );
      for (const how of [[path], ["--task", path]]) {
        const verified = reckon(["tasks", "verify", ...how], lines.join("\n"));
        assert.equal(verified.status, 0, verified.stderr);
        assert.deepEqual(
          jsonLines(verified.stdout).map(({ score }) => score),
          [1, 0, 1, 0, 1, 0],
        );
      }
      const without = reckon(["tasks", "verify"], lines[0]);
      assert.equal(without.status, 1);
      assert.match(without.stderr, /line 1 is broken: There is no task named/);
    });
  }

  test("a verifier that fails, and facts of another family, are broken lines", () => {
    const line = (facts: object, answer: string, family: string) => JSON.stringify({ family, facts, answer });
    const lines = [line({ n: 1 }, "", "kind"), line({ n: 1 }, "2", "market"), line({ n: 1 }, "1", "kind")];
    const { status, stdout, stderr } = reckon(["tasks", "verify", kind, market], lines.join("\n"));
    assert.equal(status, 1);
    assert.deepEqual(
      jsonLines(stdout).map(({ score }) => score),
      [0, 0, 1],
    );
    assert.match(stderr, /line 1 is broken: .*nothing to say[\s\S]*line 2 is broken: .*gold/);
    assert.doesNotMatch(stderr, /^ +at /m);
  });

  test("broken rows refuse a file unless they are to be skipped", () => {
    const some = file("some.jsonl", '{"question":"1+1?","answer":"2","split":"test"}\n{"question":"x"}\n');
    const refused = reckon(["tasks", "sample", some]);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /TASK_FILE_ROWS[\s\S]*line 2: /);
    assert.doesNotMatch(refused.stderr, /^ +at /m);
    const skipped = reckon(["tasks", "sample", some, "--skip-broken"]);
    assert.equal(skipped.status, 0, skipped.stderr);
    assert.match(skipped.stdout, /^1\+1\?\n {2}answer: 2/);
    assert.match(skipped.stderr, /warning: .*line 2/);
    assert.equal(reckon(["tasks", "card", some, "--skip-broken"]).status, 0, "a card needs one problem only");
  });

  test("paths that lead nowhere say so", () => {
    for (const [path, code] of [
      ["nope.jsonl", "TASK_FILE_UNREADABLE"],
      ["./nope.ts", "MODULE_MISSING"],
    ] as const) {
      const { status, stderr } = reckon(["tasks", "card", path]);
      assert.equal(status, 1);
      assert.match(stderr, new RegExp(code));
    }
    assert.equal(reckon(["tasks", "card", "nope"]).status, 2);
  });
});

describe("reckon eval --problems", () => {
  test("on rows of a file, all of them; on sampled problems of a task of one's own", () => {
    const rows = json(["eval", "base", "--problems", market, "--max-tokens", "8"]) as {
      n: number;
      by_family_level: { family: string; level: number; n: number }[];
    };
    assert.equal(rows.n, 14);
    assert.deepEqual(
      rows.by_family_level.map(({ family, level, n }) => [family, level, n]),
      [
        ["market", 0, 6],
        ["market", 1, 8],
      ],
    );

    const all = reckon(["eval", "base", "--problems", market, "--max-tokens", "8"]);
    assert.match(all.stderr, /of the 14 rows are such as training on this file draws from/);
    const held = json(["eval", "base", "--problems", market, "--max-tokens", "8", "--split", "heldout"]) as {
      n: number;
    };
    const unneeded = reckon(["eval", "base", "--problems", market, "--task", kind]);
    assert.deepEqual([unneeded.status, unneeded.stderr.includes("--task is for problems")], [2, true], unneeded.stderr);
    const named = file("named.jsonl", '{"question":"1+1?","answer":2,"split":"train"}');
    const none = reckon(["eval", "base", "--problems", named, "--split", "heldout"]);
    assert.ok(held.n > 0 && held.n < 14, String(held.n));
    const seen = reckon(["eval", "base", "--problems", named, "--max-tokens", "8"]);
    assert.match(seen.stderr, /1 of the 1 rows are such as training/);
    for (const args of [["--split", "train"], ["--as", "x"], ["--skip-broken"]]) {
      const { status, stderr } = reckon(["eval", "base", ...args]);
      assert.deepEqual([status, stderr.includes(`${args[0]} says something of a file`)], [2, true], stderr);
    }
    assert.match(none.stderr, /PROBLEMS_INVALID[\s\S]*--split all/);

    const sampled = file("sampled.jsonl", reckon(["tasks", "sample", kind, "--count", "5", "--json"]).stdout);
    const own = json(["eval", "base", "--problems", sampled, "--task", kind, "--max-tokens", "8"]) as {
      n: number;
      chance: number;
    };
    assert.equal(own.n, 5);
    assert.ok(Math.abs(own.chance - 0.001) < 1e-9);
    for (const args of [["--split", "train"], ["--as", "x"], ["--skip-broken"], ["--fields", "question=q"]]) {
      const refused = reckon(["eval", "base", "--problems", sampled, "--task", kind, ...args]);
      assert.deepEqual([refused.status, refused.stderr.includes(`${args[0]} is for files`)], [2, true], refused.stderr);
    }
    const drawn = reckon(["tasks", "sample", market, "--as", "fair", "--count", "5", "--json"]);
    const renamed = file("renamed.jsonl", drawn.stdout);
    const fair = ["eval", "base", "--problems", renamed, "--task", market, "--as", "fair", "--max-tokens", "8"];
    assert.equal((json(fair) as { n: number }).n, 5);
    const twice = reckon([...fair, "--task", named]);
    assert.deepEqual([twice.status, twice.stderr.includes("--as names the family of one file")], [2, true]);

    const without = reckon(["eval", "base", "--problems", sampled]);
    assert.equal(without.status, 1);
    assert.match(without.stderr, /PROBLEMS_INVALID[\s\S]*--task/);
  });
});

describe("reckon tasks graded", () => {
  test("writes traces with ratings, the same for the same seed, of one family or a mixture", () => {
    const args = ["tasks", "graded", "addition", "--level", "1", "--count", "3", "--chains", "3", "--seed", "5"];
    const { status, stdout, stderr } = reckon(args);
    assert.equal(status, 0, stderr);
    const { traces, faults } = readTraces(stdout);
    assert.deepEqual(faults, []);
    assert.ok(
      traces.length > 3 &&
        traces.every(({ ratings, family, level }) => ratings && family === "addition" && level === 1),
    );
    assert.equal(reckon(args).stdout, stdout);
    const mixture = readTraces(
      reckon(["tasks", "graded", "--mix", "small", "--count", "12", "--split", "heldout"]).stdout,
    );
    assert.ok(new Set(mixture.traces.map(({ family }) => family)).size > 3);
  });

  test("leaves the ratings to people where that is asked for", () => {
    const args = ["tasks", "graded", "addition", "--count", "2", "--seed", "5"];
    const [rated, unrated] = [args, [...args, "--unrated"]].map((words) => readTraces(reckon(words).stdout).traces);
    assert.ok(rated!.length > 2 && unrated!.every(({ ratings }) => ratings === undefined));
    assert.deepEqual(
      unrated,
      rated!.map(({ ratings: _, ...rest }) => rest),
    );
    assert.equal(reckon([...args, "--unrated", "--preferences", "helpful"]).status, 2);
  });

  test("writes preferences where they are asked for", () => {
    const args = ["tasks", "graded", "--preferences", "helpful", "--count", "5", "--seed", "2"];
    const { status, stdout, stderr } = reckon(args);
    assert.equal(status, 0, stderr);
    const { traces, faults } = readTraces(stdout);
    assert.deepEqual(faults, []);
    assert.equal(new Set(traces.map(({ prompt }) => prompt)).size, 5);
    assert.ok([0, 1].every((wanted) => traces.filter(({ score }) => score === wanted).length >= 5));
    assert.equal(reckon(["tasks", "graded", "--preferences", "charming"]).status, 2);
  });

  test("an unknown family is told as such", () => {
    const { status, stderr } = reckon(["tasks", "graded", "nonsense"]);
    assert.notEqual(status, 0);
    assert.match(stderr, /nonsense/);
    assert.doesNotMatch(stderr, /\n\s+at /);
  });
});
