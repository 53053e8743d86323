import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { sampleProblem } from "../task.ts";
import { knights, type Statement } from "./index.ts";
import { asText, normalForm } from "./names.ts";

/** The same problem with the people under other names. */
function renamed(statements: readonly Statement[], random: Random): Statement[] {
  const names = random.shuffle([...statements.keys()]);
  const out: Statement[] = [];
  for (const [person, { of, says }] of statements.entries()) {
    out[names[person]!] = { of: random.shuffle(of.map((one) => names[one]!)), says } as unknown as Statement;
  }
  return out;
}

test("other names give the same normal form, and all that have it are the problem under other names", () => {
  const random = Random.of(5, "renamed");
  for (let index = 0; index < 300; index++) {
    const { statements } = sampleProblem(knights, { seed: 5, index, level: index % 5, split: "train" }).facts;
    const form = normalForm(statements);
    for (let i = 0; i < 4; i++) assert.equal(normalForm(renamed(statements, random)), form, asText(statements));
  }
  // The least of all orders may be another text, but tells the same problems apart.
  const byForm = new Map<string, string>();
  for (let index = 0; index < 1000; index++) {
    const { statements } = sampleProblem(knights, { seed: 5, index, level: 1, split: "train" }).facts;
    const least = leastOfAll(statements);
    const form = normalForm(statements);
    assert.equal(byForm.get(form) ?? least, least, form);
    byForm.set(form, least);
  }
  assert.equal(new Set(byForm.values()).size, byForm.size);
});

/** The least text of all 24 orders of four people. */
function leastOfAll(statements: readonly Statement[]): string {
  const texts: string[] = [];
  for (let code = 0; code < 256; code++) {
    const names = [code & 3, (code >> 2) & 3, (code >> 4) & 3, code >> 6];
    if (new Set(names).size < 4) continue;
    const out: Statement[] = [];
    for (const [person, { of, says }] of statements.entries()) {
      out[names[person]!] = { of: of.map((one) => names[one]!), says } as unknown as Statement;
    }
    texts.push(asText(out));
  }
  return texts.sort()[0]!;
}

test("where all are alike every order is tried, and the others are told apart", () => {
  const circle = (says: readonly ("honest" | "lies")[]): Statement[] =>
    says.map((word, i) => ({ of: [(i + 1) % says.length], says: word }));
  const form = normalForm(circle(["lies", "lies", "lies", "lies", "lies", "lies", "lies"]));
  assert.equal(form, normalForm(renamed(circle(Array.from({ length: 7 }, () => "lies" as const)), Random.of(1))));
  assert.equal(
    normalForm(circle(["lies", "honest", "honest", "lies"])),
    normalForm(circle(["lies", "lies", "honest", "honest"])),
  );
  assert.notEqual(
    normalForm(circle(["lies", "honest", "lies", "honest"])),
    normalForm(circle(["lies", "lies", "honest", "honest"])),
  );
});

test("three people keep their names, and every level has enough problems that are held out", () => {
  const [a, b]: Statement[][] = [
    [
      { of: [1], says: "lies" },
      { of: [0, 2], says: "differ" },
      { of: [1], says: "honest" },
    ],
    [
      { of: [2], says: "lies" },
      { of: [2], says: "honest" },
      { of: [0, 1], says: "differ" },
    ],
  ];
  assert.equal(normalForm(a!), normalForm(b!));
  assert.notEqual(knights.canonical({ statements: a! }), knights.canonical({ statements: b! }));
  for (const [level, least] of [20, 45, 65].entries()) {
    const forms = new Set<string>();
    for (let index = 0; index < 80; index++) {
      forms.add(knights.canonical(sampleProblem(knights, { seed: 6, index, level, split: "heldout" }).facts));
    }
    assert.ok(forms.size >= least, `level ${level}: ${forms.size}`);
  }
});
