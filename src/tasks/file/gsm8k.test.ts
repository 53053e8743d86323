/**
 * All of GSM8K against the verifier of final answers. The data is not part of this repository:
 *   git clone https://github.com/openai/grade-school-math
 *   RECKON_GSM8K=grade-school-math/grade_school_math/data npm test -- gsm8k
 */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { verifyFinal } from "../final/index.ts";
import { validateTask } from "../validate.ts";
import { fileFamily } from "./index.ts";

/** Rows of the published files. */
const ROWS: Readonly<Record<string, number>> = { "train.jsonl": 7473, "test.jsonl": 1319 };

const place = process.env["RECKON_GSM8K"];
const skip = place === undefined ? "set RECKON_GSM8K to one of GSM8K's files, or to their folder, to run this" : false;
const whole = place === undefined || statSync(place).isDirectory();

for (const file of whole ? Object.keys(ROWS) : [basename(place)]) {
  test(`every gold answer of GSM8K's ${file} scores 1 in every dress, and other values score 0`, { skip }, () => {
    const text = readFileSync(whole ? join(place!, file) : place, "utf8");
    const family = fileFamily(text, { name: `gsm8k-${basename(file, ".jsonl")}` });
    assert.equal(family.rows.length, ROWS[file] ?? text.trim().split("\n").length);
    for (const { line, question, gold, solution } of family.rows) {
      const facts = { question, gold };
      const score = (answer: string): number => family.verify(facts, answer).score;
      const say = `line ${line}: ${gold}`;
      assert.equal(gold, solution.slice(solution.indexOf("####") + 4).trim(), say);
      const bare = gold.replaceAll(",", "");
      const value = BigInt(bare);
      const grouped = value.toLocaleString("en");
      const right = [
        gold,
        bare,
        grouped,
        `$${gold}`,
        `${gold} units`,
        `\\boxed{${gold}}`,
        `$\\boxed{${grouped}}$`,
        `${bare}.00`,
      ];
      for (const answer of [
        ...right,
        `\\boxed{\\$${bare}\\text{ dollars}}`,
        `${gold}.`,
        `${gold}%`,
        `${value * 3n}/3`,
      ]) {
        assert.equal(score(answer), 1, `${say}: ${answer}`);
      }
      const wrong = [value + 1n, value - 1n, value * 10n + 1n, -value - 1n].map(String);
      for (const answer of [
        ...wrong,
        `${bare}.01`,
        `${gold} or ${value + 1n}`,
        `${value + 1n} ${gold}`,
        solution,
        question,
        "",
      ]) {
        assert.equal(score(answer), 0, `${say}: ${answer}`);
      }
      assert.equal(verifyFinal(String(value + 1n), gold).score, 0, say);
    }
    assert.deepEqual(validateTask(family, { count: 50 }), []);
  });
}
