import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Random } from "../../util/random.ts";
import { getTask } from "../registry.ts";
import { WORDS } from "../trace/words.ts";
import { analyse, isRecheck } from "./analyse.ts";
import { document } from "./document.ts";
import { goldTrace } from "./gold.ts";
import { type CorpusMix, DEFAULT_MIX, demoMix, sampleFromMix } from "./mix.ts";
import { addSkills, NO_SKILLS, searchSkills } from "./skills.ts";
import { onlyKind } from "./testing.ts";

const puzzle = { family: "countdown", facts: { numbers: [21, 5, 3], target: 29 } };
const sum = { family: "addition", facts: { a: 47, b: 38 } };

test("a search: tries, second looks, and whether the first try was wrong in truth", () => {
  const right = "21+5=26 3>29 yes\n26+3=29";
  assert.deepEqual(analyse(puzzle, right), { retries: 0, rechecks: 0, firstTryWrong: false, wentOn: false });
  const cases: [string, number, number, boolean][] = [
    [`21-5=16 3>29 no\nwait ${right}`, 1, 0, true],
    [`21-5=16 3>29 nein\n${right}\nwarte prüfe 21+5=26 26+3=29 29=29 ja`, 1, 1, true],
    [`21-5=16 3>29 yes\n16*3=48\nwait 48=29 no\n${right}`, 1, 1, true],
    [`21+5=26 3>29 no\nwait 5+3=8 21>29 yes\n8+21=29`, 1, 0, false],
    [`21+5=27 3>29 no\nwait ${right}`, 1, 0, true],
    [`21+5=26 4>29 no\nwait ${right}`, 1, 0, true],
    [`21-5=16 16+3=19>29 no\nwait 21+5=26 26+3=29>29 yes`, 1, 0, true],
    [`${right}\ncheck 21+5=26 26+3=29 29=29 yes`, 0, 1, false],
    ["", 0, 0, false],
    ["21-5=16 3>29 no\nguess 21-5-3", 0, 0, true],
    // A last step that does not go on from the first one.
    ["5+3=8 21+8=29>29 yes", 0, 0, false],
    ["5+3=8 3+26=29>29 yes", 0, 0, true],
  ];
  for (const [thinking, retries, rechecks, firstTryWrong] of cases) {
    const wentOn = retries + rechecks > 0;
    assert.deepEqual(analyse(puzzle, thinking), { retries, rechecks, firstTryWrong, wentOn }, thinking);
    assert.equal(isRecheck(thinking), wentOn, thinking);
  }
});

test("a search with four numbers: a first try is no better than the branch that it stands in", () => {
  const four = { family: "countdown", facts: { numbers: [12, 5, 3, 7], target: 38 } };
  const cases: [string, boolean][] = [
    ["12+5=17 3,7>38\n3*7=21 17+21=38>38 yes", false],
    ["12+5=17 3,7>38\n7+17=24 24+3=27>38 no", true],
    ["12+5=17 3,8>38\n3*7=21 17+21=38>38 yes", true],
    ["12*5=17 3,7>38\n3*7=21 17+21=38>38 yes", true],
    ["12+5=17 3,7>38\n4*7=28 17+28=38>38 yes", true],
    ["3*7=21 17+21=38>38 yes", true],
  ];
  for (const [thinking, wrong] of cases) assert.equal(analyse(four, thinking).firstTryWrong, wrong, thinking);
});

test("attempts with more numbers than the problem has are read at once", () => {
  // To look for what these seven reach takes about a second a line.
  const line = "1+1=2 3,4,5,6,7,8>999999 yes";
  const thinking = Array.from({ length: 2000 }, () => line).join("\n");
  const facts = { numbers: [21, 5, 3], target: 999_999 };
  assert.equal(analyse({ family: "countdown", facts }, thinking).firstTryWrong, true);
  const skills = searchSkills(facts, thinking);
  assert.deepEqual([skills.attempts, skills.falseYes, skills.verdictRight], [2000, 2000, 0]);
});

test("a calculation: the first conclusion counts as the first try", () => {
  const pass = "7+8=15 4+3+1>5\n4+3+1=8>85\nso 85";
  assert.deepEqual(analyse(sum, pass), { retries: 0, rechecks: 0, firstTryWrong: false, wentOn: false });
  const fixed = `7+8=14 4+3+1>4\n4+3+1=8>84\nso 84\nwait check 40+30=70 70+7+8=85 85=84 no\nwait ${pass}`;
  assert.deepEqual(analyse(sum, fixed), { retries: 1, rechecks: 1, firstTryWrong: true, wentOn: true });
  assert.equal(isRecheck(pass), false);
  assert.equal(isRecheck(fixed), true);
  const unknown = analyse({ family: "mine", facts: {} }, "a\nwait b\nso c");
  assert.deepEqual(unknown, { retries: 1, rechecks: 0, firstTryWrong: false, wentOn: true });
});

test("an assumption taken back is no retry of knights, a conclusion taken back is one", () => {
  const facts = {
    statements: [
      { of: [1], says: "lies" },
      { of: [0, 2], says: "differ" },
      { of: [1], says: "honest" },
    ],
  };
  const knights = { family: "knights", facts };
  const { thinking } = goldTrace(knights, "en");
  assert.match(thinking, /no\nwait A=L\n/);
  assert.deepEqual(analyse(knights, thinking), { retries: 0, rechecks: 0, firstTryWrong: false, wentOn: false });
  const late = `A=K\nwait A=L\nso L-L-K\nwait check A=L B=K no\nwait ${thinking}`;
  assert.deepEqual(analyse(knights, late), { retries: 1, rechecks: 1, firstTryWrong: true, wentOn: true });
  const again = `A=K\nso L-L-K\nwait A=L\nA=L B=K`;
  assert.deepEqual(analyse(knights, again), { retries: 1, rechecks: 0, firstTryWrong: true, wentOn: true });
});

test("skills are counted on a search with every kind of fault", () => {
  const thinking = [
    "21-5=16 3>29 no", // right
    "wait 21-5=16 3>29 no", // repeat
    "wait 21+5=27 3>29 no", // equation wrong; the verdict is right for what is written
    "wait 21+4=25 4>29 yes", // numbers illegal, so a false yes
    "wait 5*3=15 21>29 yes", // false yes
    "wait 5+3=8 21>29 no", // false no
    "21+5=26 3>29 yes",
    "26+3=29",
    "what is this",
  ].join("\n");
  assert.deepEqual(searchSkills(puzzle.facts, thinking), {
    attempts: 7,
    equationRight: 6,
    numbersLegal: 6,
    verdictRight: 5,
    yes: 3,
    falseYes: 2,
    falseNo: 1,
    repeats: 2,
    unreadable: 1,
  });
});

test("a corpus without faults has perfect skills, in both notations and with four numbers", () => {
  for (const notation of ["lookahead", "stepwise"] as const) {
    const mix: CorpusMix = {
      ...DEFAULT_MIX,
      problems: [0, 1, 2, 3].map((level) => ({ family: "countdown", level, weight: 1 })),
      kinds: onlyKind("solution"),
      direct: 0,
      search: { ...DEFAULT_MIX.search, notation, slip: 0, misjudge: 0 },
    };
    let skills = NO_SKILLS;
    for (let i = 0; i < 600; i++) {
      const doc = document(Random.of(9, i), mix);
      skills = addSkills(skills, searchSkills(doc.posed[0]!.facts as never, doc.thinking));
    }
    const { attempts, equationRight, numbersLegal, verdictRight, falseYes, falseNo, unreadable } = skills;
    assert.ok(attempts > 1500);
    assert.deepEqual(
      { equationRight, numbersLegal, verdictRight, falseYes, falseNo, unreadable },
      {
        equationRight: attempts,
        numbersLegal: attempts,
        verdictRight: attempts,
        falseYes: 0,
        falseNo: 0,
        unreadable: 0,
      },
    );
  }
});

test("in the corpus going on after a wrong first try mostly ends right", () => {
  let wentOn = 0;
  let right = 0;
  for (let i = 0; i < 6000; i++) {
    const doc = document(Random.of(11, i));
    if (doc.thinking === "") continue;
    const problem = doc.posed[0]!;
    const trace = analyse(problem, doc.thinking);
    const score = getTask(problem.family).verify(problem.facts, doc.answer).score;
    if (trace.firstTryWrong && trace.wentOn) {
      wentOn++;
      right += score;
    } else if (trace.firstTryWrong) assert.equal(score, 0, doc.thinking);
  }
  assert.ok(wentOn > 500 && right / wentOn > 0.7, `${right} of ${wentOn}`);
});

test("clean traces are right, in one language, and free of second looks; the same problem gives the same trace", () => {
  for (let index = 0; index < 400; index++) {
    const problem = sampleFromMix({ seed: 1, index, split: "train" });
    const trace = goldTrace(problem, problem.language);
    assert.equal(getTask(problem.family).verify(problem.facts, trace.answer).score, 1);
    assert.notEqual(trace.thinking, "");
    const foreign = Object.values(WORDS[problem.language === "en" ? "de" : "en"]);
    const words: string[] = trace.thinking.match(/\p{L}+/gu) ?? [];
    assert.equal(
      words.some((word) => foreign.includes(word)),
      false,
      trace.thinking,
    );
    assert.equal(analyse(problem, trace.thinking).rechecks, 0);
    assert.deepEqual(goldTrace(problem, problem.language), trace);
    if (problem.family === "countdown" && problem.level < 2) {
      const atOnce = goldTrace(problem, problem.language, { hint: 1 });
      assert.deepEqual(analyse(problem, atOnce.thinking).retries, 0);
    }
  }
});

test("problems are drawn from the mix by weight", () => {
  const n = 3000;
  const counts = new Map<string, number>();
  for (let index = 0; index < n; index++) {
    const { family, level } = sampleFromMix({ seed: 2, index, split: "heldout" });
    counts.set(`${family}/${level}`, (counts.get(`${family}/${level}`) ?? 0) + 1);
  }
  const total = demoMix.reduce((sum, { weight }) => sum + weight, 0);
  for (const { family, level, weight } of demoMix) {
    const share = weight / total;
    const got = (counts.get(`${family}/${level}`) ?? 0) / n;
    assert.ok(Math.abs(got - share) < 4.5 * Math.sqrt((share * (1 - share)) / n), `${family}/${level}: ${got}`);
  }
});

test("any text can be analysed, however long", () => {
  const piece = fc.constantFrom(
    "wait ",
    "check ",
    "21+5=26 3>29",
    " yes",
    " no",
    "\n",
    "so ",
    "29",
    ",",
    ">",
    " ",
    "=",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
      ),
      (thinking) => {
        for (const problem of [puzzle, sum]) {
          const trace = analyse(problem, thinking);
          assert.equal(trace.wentOn, trace.retries + trace.rechecks > 0);
        }
        isRecheck(thinking);
        searchSkills(puzzle.facts, thinking);
      },
    ),
    { seed: 3, numRuns: 1500 },
  );
  for (const unit of ["1", "wait ", "1,", "1+1=1 ", "\n", "check wait ", "21+5=26 3>29 no\n", "so "]) {
    const thinking = unit.repeat(1_000_000 / unit.length);
    analyse(puzzle, thinking);
    analyse(sum, thinking);
    searchSkills(puzzle.facts, thinking);
    isRecheck(thinking);
  }
});
