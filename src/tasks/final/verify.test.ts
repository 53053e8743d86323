import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LONGEST_ANSWER } from "../answers.ts";
import { hostileAnswers } from "../hostile.ts";
import { finalAnswer, isNumber, lastBox, verifyFinal } from "./index.ts";

function scores(expected: 0 | 1, table: readonly (readonly [gold: string, ...answers: string[]])[]): void {
  for (const [gold, ...answers] of table) {
    for (const answer of answers) {
      const { score, reason } = verifyFinal(gold, answer);
      assert.equal(score, expected, `${JSON.stringify(answer.slice(0, 60))} for ${gold}: ${reason}`);
      assert.ok(reason !== "" && reason.length <= 300, reason);
    }
  }
}

test("one number is right in every usual dress", () => {
  scores(1, [
    [
      "42",
      "42",
      " 42\n",
      "42.",
      "+42",
      "42.0",
      "$42",
      "42 $",
      "€42",
      "42%",
      "42 %",
      "42\\%",
      "84/2",
      "4.2e1",
      "4200E-2",
    ],
    [
      "42",
      "42 apples",
      "42 square feet",
      "42 km/h",
      "42 cm²",
      "42 cm^2",
      "42cm",
      "42 degrees",
      "42°",
      "42 Äpfel",
      "$42.",
    ],
    [
      "42",
      "$42 per hour",
      "$42 a day",
      "42 dollars a day",
      "42 km a day",
      "$42/hour",
      "42 percent of students",
      "42 p.m.",
      "42 forms of fun",
      "42 hotels",
      "42 canteens",
      "42 times",
      "42 times a week",
      "42 mal",
    ],
    ["42", "\\boxed{42}", "$\\boxed{42}$", "\\[\\boxed{42}\\]", "\\boxed{42}.", "\\boxed{\\boxed{42}}", "\\fbox{42}"],
    [
      "42",
      "$42$",
      "$$42$$",
      "\\(42\\)",
      "\\$42",
      "$\\$42$",
      "\\boxed{\\$42}",
      "\\text{42}",
      "42\\text{ cm}",
      "42^\\circ",
    ],
    ["42", "42\\,\\text{cm}^2", "42~\\mathrm{m}", "\\boxed{42\\text{ apples}}", "\\boxed{42 \\%}", "42^{\\circ}"],
    ["-42", "-42", "\u221242", "- 42", "-$42", "$-42", "-84/2", "-\\frac{84}{2}", "\\frac{-84}{2}"],
    ["1234567", "1,234,567", "1{,}234{,}567", "1,\\!234,\\!567", "1\\,234\\,567", "$1,234,567.00", "1.234567 million"],
    ["2,125", "2125", "2,125", "2125.00"],
    ["0.5", "1/2", ".5", "0.50", "50/100", "\\frac{1}{2}", "\\dfrac12", "\\tfrac1{2}", "5e-1", "1 / 2", "$.50"],
    ["3/2", "1 1/2", "1\\frac{1}{2}", "1.5", "6/4", "1 1/2 cups of flour", "1 \\frac{1}{2}\\text{ cups}"],
    ["-3/2", "-1 1/2", "-1\\frac{1}{2}", "-1.5"],
    [
      "1200",
      "1.2 \\times 10^3",
      "1.2 x 10^3",
      "1.2×10^{3}",
      "1.2*10^3",
      "1.2 \\cdot 10^{3} m",
      "1.2 thousand",
      "1.2e+3",
    ],
    ["0", "0", "-0", "0.0", "0/7", "$0"],
    ["3000000 dollars", "3 million dollars", "$3 million", "3 million $", "3e6"],
    ["50%", "50", "50%", "50 percent"],
    [`1${"0".repeat(200)}`, `1${"0".repeat(200)}`, `1${"0".repeat(101)}e99`],
  ]);
});

test("another value is wrong however near it is", () => {
  scores(0, [
    ["42", "43", "-42", "4.2", "420", "42.0000000000000000000000001", "41.99999999999999999999", "42/1000", "42 1/2"],
    ["1/3", "0.333", "0.3333333333333333", "0.33333333333333333333333333333333", "1/3.0", "33%"],
    ["0.1", "0.1000000000000000055511151231257827"],
    ["9007199254740993", "9007199254740992", "9007199254740992.0", "9.007199254740992e15"],
    ["1/2", "50%", "2/1"],
    ["5", "5 million", "5 thousand", "5k", "5M", "5 dozen", "5 hundred", "5 halves", "5 quarters", "5^2", "5²"],
    ["6", "6a", "6 a", "6a days", "6 a b", "6 a dozen", "6 days a"],
    ["0", "0/0", "1/0", "-1", "0x0"],
  ]);
});

test("the adversarial table: guesses, hedges, calculations, junk", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i);
  scores(0, [
    [
      "42",
      "",
      " ",
      "\0",
      "forty-two",
      "the answer is 42",
      "it is 42",
      "answer: 42",
      "x = 42",
      "=42",
      "~42",
      "about 42",
    ],
    [
      "42",
      hundred.join(" "),
      hundred.join(","),
      hundred.join("\n"),
      hundred.join(" or "),
      "1 2 3 42",
      "41,42",
      "42,43",
    ],
    [
      "42",
      "42 times 2",
      "42 times two",
      "42 times m",
      "42 times itself",
      "42 times that",
      "42 times ab",
      "42 times, m",
      "42 mal zwei",
      "42 times pi",
      "42 or 43",
      "42 oder 43",
      "42/43",
      "43/42",
      "42; 43",
      "42 43",
      "42|43",
      "42 and 43",
      "41-43",
      "42±1",
      "42 (or 43)",
    ],
    [
      "42",
      "42 or forty-three",
      "42 forty-three",
      "42 dreiundvierzig",
      "42 wait no",
      "42 plus one",
      "42 minus",
      "42 not",
    ],
    [
      "42",
      "42 apples 43 pears",
      "42 apples, 43",
      "42 apples or 43",
      "6*7",
      "40+2",
      "42!",
      "42x",
      "42 x",
      "42i",
      "42 e",
      "42pi",
    ],
    [
      "42",
      "\\boxed{42} \\boxed{43}",
      "\\boxed{41}\\boxed{42}",
      "\\boxed{42",
      "\\boxed{}",
      "\\boxed{42 43}",
      "\\boxed{42} or 43",
    ],
    [
      "42",
      "43 \\boxed{42}",
      "the answer is \\boxed{42}",
      "4\\boxed{2}",
      "\\boxed{4}2",
      "4\\text{2}",
      "4\\,2",
      "4 2",
      "4\\!\\text{}2",
    ],
    ["42", "$42$ $43$", "$42$ or $43$", "\\(42\\) \\(43\\)", "$$42", "42$43", "$42$$", "$42 €", "$$$42"],
    ["42", "#### 42", "**42**", "`42`", '"42"', "'42'", "(42)", "[42]", "{42}", "<answer>42</answer>", '{"answer":42}'],
    [
      "42",
      "042",
      "0042",
      "0x2a",
      "0b101010",
      "0o52",
      "4_2",
      "4'2",
      "4 2/1",
      "42e",
      "42e999",
      "1e999",
      "42e1.5",
      "42e0e0",
    ],
    [
      "42",
      "NaN",
      "Infinity",
      "-Infinity",
      "null",
      "undefined",
      "true",
      "__proto__",
      "42n",
      "42f",
      "42L!",
      "--42",
      "-+42",
    ],
    [
      "42",
      "４２",
      "٤٢",
      "⁴²",
      "四十二",
      "4\u20092",
      "\u00a042",
      "42\u200b",
      "\u200f42",
      "\ud800",
      "42\ud800",
      "42\udfff",
      "½",
    ],
    [
      "42",
      "42 one two",
      "42 a b c d e",
      "42 words that go on and on",
      "42..",
      "42,",
      ",42",
      "4,2",
      "42,000",
      "42.0.0",
      "42:00",
    ],
    [
      "42",
      "42%%",
      "42%5",
      "42 % 5",
      "%42",
      "42 mod 5",
      "42 = 42",
      "42 != 43",
      "42>41",
      "42 because",
      "42 if I am right",
    ],
    [
      "42",
      "\\frac{42}{1}{43}",
      "\\frac{42}{}",
      "\\frac{}{42}",
      "\\frac{42}",
      "\\frac42",
      "\\frac{84}{\\frac{4}{2}}",
      "\\sqrt{1764}",
    ],
    ["1234", "1,2,3,4", "12,34", "1,23,4", "1 234", "1.234", "1,234,", "1,,234", "01,234"],
    [
      "3/2",
      "1 3/2",
      "1/2 1",
      "1-1/2",
      "1 1 1/2",
      "3/2/1",
      "3/ 2/",
      "3//2",
      "1 -1/2",
      "1\\frac{-1}{2}",
      "3\\frac{1}{2}4",
    ],
    ["Paris", "Paris or Rome", "Rome Paris", "Paris Paris", "Pari", "42", "", "Paris, of course"],
    ["(1,2)", "(2,1)", "1,2", "(12)", "(1,2) (2,1)"],
    ["x+1", "x+2", "1+x", "x+11", "x + 1 or x"],
  ]);
});

test("texts of any size are refused at once", () => {
  const million = 1_000_000;
  const started = process.cpuUsage();
  scores(0, [
    ["42", "9".repeat(million), `${"0".repeat(million)}42`, `42${" ".repeat(million)}`, "42 ".repeat(million / 3)],
    ["42", `${"\\boxed{".repeat(million / 7)}42${"}".repeat(million / 7)}`, "{".repeat(million), "\\".repeat(million)],
  ]);
  // Just short enough to be read, and shaped to make a search go back and forth.
  for (const unit of [
    "{",
    "}",
    "\\boxed{",
    "\\frac{1}",
    "1,",
    "1 ",
    "1/",
    "$",
    "\\(",
    "\\text{",
    "a-",
    "^{",
    "\\,1",
    "~",
  ]) {
    const bait = unit.repeat(LONGEST_ANSWER).slice(0, LONGEST_ANSWER);
    for (let i = 0; i < 20; i++)
      scores(0, [
        ["42", bait, `${bait.slice(0, -2)}42`],
        ["word", bait],
      ]);
  }
  const { user } = process.cpuUsage(started);
  assert.ok(user < 30e6, `${user} microseconds`);
});

test("the answers that are hostile to every family earn nothing but where they are one plain number", () => {
  const forgiven = ["boxed", "full stop", "plus sign", "decimal", "exponent"];
  for (const [gold, other] of [
    ["42", "17"],
    ["1200", "1"],
    ["7", "70"],
  ] as const) {
    for (const { name, answer } of hostileAnswers("What is it?", gold, other)) {
      assert.equal(verifyFinal(gold, answer).score, forgiven.includes(name) ? 1 : 0, `${gold}: ${name}`);
    }
  }
});

test("no text makes it throw, score anything but 0 or 1, or say nothing", () => {
  const signs = fc.constantFrom(
    ..."0123456789.,/-+$% {}\\^eE",
    "\\frac{",
    "\\boxed{",
    "\\text{",
    "or",
    " ",
    "million",
    "\ud83d",
  );
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(signs).map((list) => list.join("")),
  );
  fc.assert(
    fc.property(texts, texts, (gold, answer) => {
      const { score, reason } = verifyFinal(gold, answer);
      assert.ok(score === 0 || score === 1);
      assert.ok(reason !== "" && reason.length <= 300);
      finalAnswer(gold);
    }),
    { numRuns: 3000, seed: 1 },
  );
});

test("property: a number is right exactly for its own value, whatever fraction or decimal shows it", () => {
  const small = fc.integer({ min: -5000, max: 5000 });
  const positive = fc.integer({ min: 1, max: 200 });
  fc.assert(
    fc.property(small, positive, small, positive, (a, b, c, d) => {
      const equal = a * d === c * b;
      assert.equal(verifyFinal(`${a}/${b}`, `${c}/${d}`).score, equal ? 1 : 0);
      assert.equal(verifyFinal(`${a}/${b}`, `\\frac{${a * d}}{${b * d}}`).score, 1);
      assert.equal(verifyFinal(`${a / 8}`, `${a}/8`).score, 1);
      assert.equal(verifyFinal(a.toLocaleString("en"), `${a}`).score, 1);
      assert.equal(verifyFinal(`${a}`, `${a + b}`).score, 0);
    }),
    { numRuns: 500, seed: 1 },
  );
});

test("final answers are found where data sets keep them", () => {
  for (const [text, final] of [
    ["He ate 2+3=<<2+3=5>>5.\n#### 5", "5"],
    ["#### 5\nIt was #### 6", "6"],
    ["#### 7\r\n", "7"],
    ["####", null],
    ["So $x=2$ and the area is $\\boxed{\\frac{1}{2}}$.", "\\frac{1}{2}"],
    ["first \\boxed{1}, then \\boxed{2^{\\text{a}}}", "2^{\\text{a}}"],
    ["\\boxed{1} but \\boxed{2", null],
    ["\\boxed{\\{1, 2\\}}", "\\{1, 2\\}"],
    ["1,000", "1,000"],
    [" yes ", "yes"],
    ["several lines\nand no mark", null],
    ["", null],
    ["9".repeat(LONGEST_ANSWER + 1), null],
  ] as const) {
    assert.equal(finalAnswer(text), final, text.slice(0, 60));
  }
  assert.equal(lastBox(`${"{".repeat(500_000)}\\boxed{${"{".repeat(500_000)}`), null);
  assert.deepEqual(["42", "\\frac{1}{2}", "$5", "x+1", "(1,2)", "Paris"].map(isNumber), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test("answers that are no number are compared as text, dress and spaces apart", () => {
  scores(1, [
    ["Paris", "Paris", "paris", "PARIS.", "\\text{Paris}", "\\boxed{\\text{Paris}}"],
    ["\\text{New York}", "new york"],
    ["(1,2)", "(1, 2)", "\\left(1, 2\\right)", "$(1,2)$"],
    ["\\left[0,\\dfrac{\\pi}{2}\\right]", "[0, \\frac{\\pi}{2}]"],
    ["2\\sqrt{3}", "2\\sqrt{3}", "\\boxed{2 \\sqrt{3}}"],
    ["\\text{(C)}", "(C)"],
    ["x+1", "x + 1", "$x+1$"],
  ]);
  scores(0, [
    ["B", "b"],
    ["21/2 x", "2 1/2 x"],
    ["1 2", "12"],
  ]);
});
