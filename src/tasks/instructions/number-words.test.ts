import assert from "node:assert/strict";
import { test } from "node:test";
import { LARGEST, numberWords, readNumberWords } from "./number-words.ts";

test("numbers are written as they are spoken", () => {
  const said: readonly (readonly [number, string, string])[] = [
    [0, "zero", "null"],
    [1, "one", "eins"],
    [16, "sixteen", "sechzehn"],
    [21, "twenty-one", "einundzwanzig"],
    [30, "thirty", "dreißig"],
    [76, "seventy-six", "sechsundsiebzig"],
    [100, "one hundred", "einhundert"],
    [101, "one hundred one", "einhunderteins"],
    [999, "nine hundred ninety-nine", "neunhundertneunundneunzig"],
    [1011, "one thousand eleven", "eintausendelf"],
    [-43, "minus forty-three", "minus dreiundvierzig"],
  ];
  for (const [value, en, de] of said) {
    assert.deepEqual([numberWords(value, "en"), numberWords(value, "de")], [en, de]);
  }
  assert.throws(() => numberWords(LARGEST + 1, "en"), RangeError);
  assert.throws(() => numberWords(0.5, "de"), RangeError);
});

test("every number is read back, and in its own language only", () => {
  for (let value = -LARGEST; value <= LARGEST; value += value > -120 && value < 1200 ? 1 : 37) {
    for (const language of ["en", "de"] as const) {
      const words = numberWords(value, language);
      assert.equal(readNumberWords(words, language), value, words);
      assert.equal(readNumberWords(words, language === "en" ? "de" : "en"), null, words);
    }
  }
});

test("usual variants are forgiven, and nothing else", () => {
  const read = (language: "en" | "de", ...texts: string[]): (number | null)[] =>
    texts.map((text) => readNumberWords(text, language));
  assert.deepEqual(read("en", "Eighty five", "one hundred and five", " two thousand and one "), [85, 105, 2001]);
  assert.deepEqual(read("de", "Hundertfünf", "tausendeins", "dreissig", "tausendhundertzwei"), [105, 1001, 30, 1102]);
  const wrong = [
    "",
    "85",
    "five eighty",
    "eighty-eleven",
    "one one",
    "hundred",
    "ten hundred",
    "minus zero",
    "zero five",
  ];
  assert.deepEqual(read("en", ...wrong, "one hundred hundred", "twenty-", "thousand thousand", "a".repeat(1e6)), [
    ...wrong.map(() => null),
    ...[null, null, null, null],
  ]);
  const falsch = [
    "",
    "30",
    "einundeins",
    "zehnundzwanzig",
    "einszwanzig",
    "hunderthundert",
    "undzwanzig",
    "minus null",
  ];
  assert.deepEqual(
    read("de", ...falsch),
    falsch.map(() => null),
  );
});
