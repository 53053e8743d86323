import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { goldTrace } from "../corpus/gold.ts";
import { sampleProblem } from "../task.ts";
import { worded } from "../trace/calculate.ts";
import { Pen } from "../trace/pen.ts";
import { WORDS } from "../trace/words.ts";
import { validateTask } from "../validate.ts";
import { evaluate, polynomial } from "./index.ts";
import { metOnEvaluating, polynomialMethod } from "./method.ts";

test("polynomial is sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(polynomial, { wrongAnswer: () => "-1" }), []);
});

test("values are those of the sum of powers, and never negative", () => {
  for (let index = 0; index < 500; index++) {
    const level = index % polynomial.levels;
    const { facts, chance } = sampleProblem(polynomial, { seed: 5, index, level, split: "train" });
    const { coefficients, x } = facts;
    const sum = coefficients.reduce((total, value, i) => total + value * x ** (coefficients.length - 1 - i), 0);
    assert.equal(evaluate(facts), sum);
    assert.ok(sum >= 0 && chance < 0.05);
    assert.equal(coefficients.includes(0), false);
  }
});

test("prompts, verdicts and chance", () => {
  const facts = { coefficients: [2, 3, 5], x: 4 };
  assert.equal(polynomial.prompt(facts, "en"), "Put x=4 in 2x^2+3x+5.");
  assert.equal(polynomial.prompt({ coefficients: [1, -1, 1, -9], x: 7 }, "de"), "Setze x=7 in x^3-x^2+x-9.");
  assert.equal(polynomial.verify(facts, "49").score, 1);
  assert.equal(polynomial.verify(facts, "2*16+3*4+5").score, 0);
  assert.equal(polynomial.chance(facts), 1 / 50);
  assert.notEqual(polynomial.canonical(facts), polynomial.canonical({ ...facts, x: 5 }));
});

test("Horner's scheme line by line, and a second look by powers", () => {
  const facts = { coefficients: [2, 3, 5], x: 4 };
  const { thinking } = goldTrace({ family: "polynomial", facts }, "en");
  assert.equal(thinking, "2*4=8 8+3=11 11x+5\n11*4=44 44+5=49\nso 49");
  const look = polynomialMethod.check(facts, "49", new Pen(Random.of(0), "en", 0));
  assert.deepEqual(look, { text: "3*4=12 4*4=16 2*16=32 5+12=17 17+32=49 49=49", holds: true });
});

test("each pass solves its first coefficients on the way, and a second look its last ones", () => {
  const pass = "4*5=20 20+3=23 23x^2+5x+1\n23*5=115 115+5=120 120x+1\n120*5=600 600+1=601\nso 601";
  const met = (thinking: string) =>
    metOnEvaluating(thinking).map(({ facts }) => (facts as { coefficients: number[] }).coefficients);
  assert.deepEqual(met(pass), [
    [4, 3, 5],
    [4, 3, 5, 1],
  ]);
  const facts = { coefficients: [4, 3, 5, 1], x: 5 };
  const look = worded(polynomialMethod.check(facts, "601", new Pen(Random.of(0), "en", 0)).text, WORDS.en);
  assert.match(look, / 1\+25=26 26\+75=101 /); // 3x^2+5x+1 at 5
  assert.deepEqual(met(`${pass}\nwait check ${look} yes`).slice(2), [[3, 5, 1]]);
  // What is taken away comes last, so nothing but the whole is summed up; the next pass begins anew.
  assert.deepEqual(met("warte 4*5=20 20-3=17 17x^2+5x+1\n17*5=85 85+5=90 90x+1\nwarte 4*5=20 20-3=17 17x^2+5x+1"), [
    [4, -3, 5],
  ]);
  assert.deepEqual(
    met("4*5=20 20+3=23 23x^2-5x+1\n23*5=115 115-5=110 110x+1\n110*5=550 550+1=551\ncheck x yes").slice(2),
    [],
  );
});
