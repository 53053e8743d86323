/**
 * All of GSM8K against the verifier of final answers. The data is not part of this repository:
 *   git clone https://github.com/openai/grade-school-math
 *   RECKON_GSM8K=grade-school-math/grade_school_math/data npm test -- gsm8k
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { verifyFinal } from "../final/index.ts";
import { validateTask } from "../validate.ts";
import { fileFamily } from "./index.ts";

const folder = process.env["RECKON_GSM8K"];
const skip =
  folder === undefined
    ? "set RECKON_GSM8K to the folder that holds GSM8K's train.jsonl and test.jsonl to run this"
    : false;

for (const [part, count] of [
  ["train", 7473],
  ["test", 1319],
] as const) {
  test(`every gold answer of GSM8K's ${part} part scores 1 in every dress, and other values score 0`, { skip }, () => {
    const family = fileFamily(readFileSync(join(folder!, `${part}.jsonl`), "utf8"), { name: `gsm8k-${part}` });
    assert.equal(family.rows.length, count);
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
