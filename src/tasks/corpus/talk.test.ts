import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { greeting } from "../instructions/greeting.ts";
import { readNumberWords } from "../instructions/number-words.ts";
import { isHeldOut } from "../task.ts";
import { document } from "./document.ts";
import { DEFAULT_MIX } from "./mix.ts";
import { onlyKind } from "./testing.ts";

const mix = {
  ...DEFAULT_MIX,
  kinds: onlyKind("talk"),
};
const texts = Array.from({ length: 1500 }, (_, i) => document(Random.of(1, "corpus", i), mix));
const about = (family: string) => texts.filter((doc) => doc.family === family);

test("every number stands beside its own words, in both languages and both orders", () => {
  const seen = new Set<string>();
  for (const { response, language } of about("instruct-words")) {
    for (const line of response.split("\n")) {
      const [, before, words, after] = /^(?:(\d+)=)?(\D+?)(?:=(\d+))?$/.exec(line)!;
      assert.equal(readNumberWords(words!, language), Number(before ?? after), line);
      seen.add(`${language} ${before === undefined}`);
    }
  }
  assert.equal(seen.size, 4);
});

test("every list is in the form that it names", () => {
  const forms = new Set<string>();
  for (const { response, language } of about("instruct-list")) {
    for (const line of response.split("\n")) {
      const [, wording, open, separator, close] = /^(\D+?[.]) ([[({]?)\d+(\D)[\d,;/ ]*?([\])}]?)$/.exec(line)!;
      assert.equal(`${open}${close}`.length === 2, /brackets|Klammern/.test(wording!), line);
      forms.add(`${language} ${wording} ${open}${separator}${close}`);
    }
  }
  assert.equal(forms.size, 12, [...forms].join("\n"));
});

test("every greeting is answered well, and none is a held-out one", () => {
  const names = new Set<string | null>();
  let replies = 0;
  for (const { response, language, posed } of about("instruct-greeting")) {
    const lines = response.split("\n");
    assert.equal(lines.length, 2 * posed.length);
    for (const [i, { facts }] of posed.entries()) {
      const met = facts as Parameters<typeof greeting.follows>[0]["facts"];
      assert.equal(isHeldOut(greeting, met), false, response);
      assert.equal(lines[2 * i], greeting.prompt(met, language));
      assert.equal(greeting.follows({ facts: met, language }, "", lines[2 * i + 1]!).score, 1, response);
      names.add(met.name);
      replies++;
    }
  }
  assert.ok(names.has(null) && names.size > 20 && replies > 500);
});
