import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { isPosed as isDivision } from "../division/index.ts";
import { parseCompletion } from "../format.ts";
import { read } from "../polynomial/index.ts";
import { CAPITALS, COUNTRIES } from "../recall/facts.ts";
import { getTask } from "../registry.ts";
import { isPosed as isSubtraction } from "../subtraction/index.ts";
import { isHeldOut } from "../task.ts";
import { languageShare } from "../trace/words.ts";
import { type CorpusDocument, document, renderDocument } from "./document.ts";
import { met } from "./leaks.ts";
import { type CorpusMix, DEFAULT_MIX } from "./mix.ts";
import { onlyKind } from "./testing.ts";

const documents = (count: number, mix: CorpusMix = DEFAULT_MIX, seed = 1): CorpusDocument[] =>
  Array.from({ length: count }, (_, i) => document(Random.of(seed, "corpus", i), mix));
const corpus = documents(8000);
const posing = corpus.filter((doc) => doc.prompt !== "");

/** Every rung of every ladder that is quick to draw, so that the leak test does not hang on the default weights. */
const wide: CorpusMix = {
  ...DEFAULT_MIX,
  problems: [
    ...[0, 1, 2, 3].map((level) => ({ family: "countdown", level, weight: 2 })),
    ...["addition", "multiplication", "expression", "equation", "max", "sort"].flatMap((family) =>
      [0, 1, 2, 3, 4].map((level) => ({ family, level, weight: 1 })),
    ),
    { family: "recall", level: 0, weight: 2 },
  ],
};

/** Every rung of the families that the default mix does not pose. */
const beyond: CorpusMix = {
  ...DEFAULT_MIX,
  problems: ["subtraction", "division", "gcd", "modular", "base", "sequence", "factors", "polynomial"].flatMap(
    (family) => [0, 1, 2, 3, 4].map((level) => ({ family, level, weight: 1 })),
  ),
};

/** Reads the problem back from the text of a prompt, knowing nothing of the facts. */
function readPrompt(prompt: string): { family: string; facts: unknown } {
  const numbers = (prompt.match(/\d+/g) ?? []).map(Number);
  const [a, b, c] = numbers as [number, number, number];
  const begins = (...words: string[]) => words.some((word) => prompt.startsWith(`${word} `));
  if (begins("Add", "Addiere")) return { family: "addition", facts: { a, b } };
  if (begins("Multiply", "Multipliziere")) return { family: "multiplication", facts: { a, b } };
  if (begins("Compute", "Berechne")) {
    return { family: "expression", facts: { values: numbers, operators: prompt.match(/[+\-*]/g) } };
  }
  if (begins("Solve", "Löse")) return { family: "equation", facts: { a, b: prompt.includes("-") ? -b : b, c } };
  if (begins("Make", "Bilde")) return { family: "countdown", facts: { numbers: numbers.slice(1), target: a } };
  if (begins("Max of", "Maximum von")) return { family: "max", facts: { numbers } };
  if (begins("Sort", "Sortiere")) return { family: "sort", facts: { numbers } };
  if (begins("Subtract", "Subtrahiere")) return { family: "subtraction", facts: { a, b } };
  if (begins("Divide", "Teile")) return { family: "division", facts: { a, b } };
  if (begins("GCD", "ggT")) return { family: "gcd", facts: { a, b } };
  if (begins("Find", "Finde")) {
    return { family: "modular", facts: prompt.includes("^") ? { a, k: b, m: c } : { a, b, m: c } };
  }
  if (begins("Base", "Basis")) {
    const to = a === 10;
    const base = to ? b : a;
    return { family: "base", facts: { value: to ? c : Number.parseInt(String(c), base), base, to } };
  }
  if (begins("Next:", "Weiter:")) return { family: "sequence", facts: { terms: numbers } };
  if (begins("Factor", "Zerlege")) return { family: "factors", facts: { n: a } };
  if (begins("Put", "Setze")) {
    const text = prompt.slice(prompt.indexOf(" in ") + 4, -1);
    return { family: "polynomial", facts: { coefficients: read(text), x: a } };
  }
  const country = /(\w+)\?$/.exec(prompt)?.[1];
  assert.ok(country !== undefined, prompt);
  return { family: "recall", facts: { country, capital: CAPITALS[COUNTRIES.indexOf(country)]! } };
}

test("a document is a function of its key alone", () => {
  const again = [5, 3, 4].map((i) => document(Random.of(1, "corpus", i)));
  assert.deepEqual(again, [corpus[5], corpus[3], corpus[4]]);
  assert.notDeepEqual(documents(5, DEFAULT_MIX, 2), corpus.slice(0, 5));
});

test("no document poses a held-out problem, by the text of its prompt", () => {
  const others = [...documents(4000, wide), ...documents(4000, beyond)].filter(({ prompt }) => prompt !== "");
  for (const doc of [...posing, ...others]) {
    const { family, facts } = readPrompt(doc.prompt);
    assert.equal(family, doc.family);
    assert.deepEqual(facts, doc.posed[0]!.facts, doc.prompt);
    assert.equal(isHeldOut(getTask(family), facts), false, doc.prompt);
    for (const inner of met(family, doc.thinking)) {
      assert.equal(isHeldOut(getTask(inner.family), inner.facts), false, renderDocument(doc));
    }
  }
});

test("no plain text states a held-out problem, by its own text", () => {
  let equations = 0;
  for (const { kind, response } of corpus.filter(({ prompt }) => prompt === "")) {
    if (kind === "facts") {
      for (const [, a, operator, b] of response.matchAll(/(\d+)([+*])(\d+)=/g)) {
        equations++;
        const facts = { a: Number(a), b: Number(b) };
        assert.equal(isHeldOut(getTask(operator === "+" ? "addition" : "multiplication"), facts), false, response);
      }
    } else if (kind === "drill") {
      for (const line of response.split("\n")) {
        // `21-5=16 16+3=19>29 no`: the third number is whichever operand of the last step is not the first's result.
        const [a, b, result, x, y, , target] = line.match(/\d+/g)!.map(Number) as [
          number,
          number,
          number,
          number,
          number,
          number,
          number,
        ];
        const c = x === result ? y : x;
        equations++;
        assert.equal(isHeldOut(getTask("countdown"), { numbers: [a, b, c], target }), false, line);
      }
    }
  }
  assert.ok(equations > 1000);
});

test("lists of facts hold no held-out differences and quotients where these are posed", () => {
  const lists = documents(3000, {
    ...beyond,
    kinds: onlyKind("facts"),
  });
  let equations = 0;
  for (const { response } of lists) {
    for (const [, a, operator, b] of response.matchAll(/(\d+)([-/])(\d+)=/g)) {
      const facts = { a: Number(a), b: Number(b) };
      const posed = operator === "-" ? isSubtraction(facts) : isDivision(facts);
      if (!posed) continue;
      equations++;
      assert.equal(isHeldOut(getTask(operator === "-" ? "subtraction" : "division"), facts), false, response);
    }
  }
  assert.ok(equations > 1000);
});

test("held-out facts stand as statements in several phrasings, never as questions; the others stand both ways", () => {
  const task = getTask("recall");
  const recallOnly = documents(4000, { ...DEFAULT_MIX, problems: [{ family: "recall", level: 0, weight: 1 }] });
  const asked = new Set(
    recallOnly.flatMap(({ prompt }) => COUNTRIES.filter((country) => prompt.includes(`${country}?`))),
  );
  const stated = documents(400, {
    ...DEFAULT_MIX,
    kinds: onlyKind("statement"),
  }).map(({ response }) => response);
  for (const [i, country] of COUNTRIES.entries()) {
    const capital = CAPITALS[i]!;
    assert.equal(asked.has(country), !isHeldOut(task, { country, capital }), country);
    const phrasings = new Set(
      stated
        .flatMap((text) => text.split(/(?<=\.) /))
        .filter((sentence) => sentence.includes(country))
        .map((sentence) => {
          assert.ok(sentence.includes(capital), sentence);
          return sentence.replace(country, "C").replace(capital, "K");
        }),
    );
    assert.ok(phrasings.size >= 2, `${country}: ${phrasings.size} phrasings`);
  }
});

test("documents are short, and tagged ones keep the strict format", () => {
  for (const doc of corpus) {
    assert.ok(doc.prompt.length + doc.response.length <= 400, renderDocument(doc));
    const parsed = parseCompletion(`${doc.response}<|end|>`);
    assert.equal(parsed.formatOk, doc.kind === "worked" || doc.kind === "direct");
    if (parsed.formatOk) assert.deepEqual([parsed.thinking, parsed.answer], [doc.thinking, doc.answer]);
    else if (doc.prompt !== "") assert.ok(doc.response.endsWith(doc.answer));
    if (doc.kind === "direct") assert.equal(doc.thinking, "");
    if (doc.kind === "worked") assert.notEqual(doc.thinking, "");
  }
});

test("the shares are those of the mix", () => {
  const near = (name: string, share: number, expected: number, n: number) =>
    assert.ok(Math.abs(share - expected) < 4.5 * Math.sqrt((expected * (1 - expected)) / n), `${name}: ${share}`);
  const share = (docs: CorpusDocument[], is: (doc: CorpusDocument) => boolean) => docs.filter(is).length / docs.length;
  near(
    "untagged",
    share(posing, ({ kind }) => kind.endsWith("untagged")),
    DEFAULT_MIX.untagged,
    posing.length,
  );
  near(
    "direct",
    share(posing, ({ kind }) => kind.startsWith("direct")),
    DEFAULT_MIX.direct,
    posing.length,
  );
  near(
    "German",
    share(posing, ({ language }) => language === "de"),
    DEFAULT_MIX.german,
    posing.length,
  );
  near(
    "drill",
    share(corpus, ({ kind }) => kind === "drill"),
    DEFAULT_MIX.kinds.drill,
    corpus.length,
  );
  const direct = posing.filter(({ kind, family }) => kind.startsWith("direct") && family === "countdown");
  const right = (doc: CorpusDocument) => getTask(doc.family).verify(doc.posed[0]!.facts, doc.answer).score === 1;
  near("right guesses", share(direct, right), DEFAULT_MIX.directRight["countdown"]!, direct.length);
  const shares = posing
    .filter(({ kind, language }) => kind === "worked" && language === "en")
    .map(({ thinking }) => languageShare(thinking, "en"))
    .filter((value) => value < 1);
  assert.ok(shares.length > 100 && shares.some((value) => value === 0) && shares.some((value) => value > 0));
});

test("with every fault turned off all worked solutions are right, and with faults they are worse", () => {
  const clean: CorpusMix = {
    ...wide,
    problems: wide.problems.filter(({ family, level }) => family !== "countdown" || level < 2),
    direct: 0,
    care: { ...wide.care, slip: 0, stumble: 0 },
    search: { ...wide.search, giveUp: 0, slip: 0, misjudge: 0 },
    musing: { muse: 0, museRight: 1, plainRight: 1 },
  };
  const accuracy = (mix: CorpusMix) => {
    const docs = documents(1500, mix, 4).filter(({ prompt }) => prompt !== "");
    const right = docs.filter((doc) => getTask(doc.family).verify(doc.posed[0]!.facts, doc.answer).score === 1);
    return right.length / docs.length;
  };
  assert.equal(accuracy(clean), 1);
  assert.equal(accuracy({ ...clean, search: { ...clean.search, notation: "stepwise" } }), 1);
  const careless = { ...clean, care: { ...clean.care, stumble: 1, stumbleSlip: 0.5, catch: 0 } };
  const caught = { ...careless, care: { ...careless.care, catch: 1 } };
  assert.ok(accuracy(careless) < 0.6);
  assert.ok(accuracy(caught) > accuracy(careless) + 0.3);
});
