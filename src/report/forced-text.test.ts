import assert from "node:assert/strict";
import { it } from "node:test";
import { chooseCharts, comparedMetrics } from "./chart-specs.ts";
import { forcesWaits, type Thought, thoughtPieces } from "./forced-text.ts";
import { rungNames } from "./rungs.ts";

/** Pieces as text, forced ones in brackets. */
const told = (of: Thought): string =>
  thoughtPieces(of)
    .map(({ text, forced }) => (forced ? `[${text}]` : text))
    .join("");

it("marks what was forced into a thought, wherever the thought stands in its completion", () => {
  const thinking = "7-3=4\nwait 4+3=7";
  const from = "<think>7-3=4".length;
  const completion = `<think>${thinking}</think><answer>4</answer>`;
  assert.equal(told({ thinking, completion, forced: [{ from, count: "\nwait".length }] }), "7-3=4\n[wait] 4+3=7");
  assert.equal(told({ thinking, completion }), thinking);
  assert.equal(told({ thinking, completion, forced: [] }), thinking);
  // Words before the thinking, and a thought that stands in the tag itself.
  const late = { thinking: "t", completion: "t <think>t</think>", forced: [{ from: "t <think>".length, count: 1 }] };
  assert.equal(told(late), "[t]");
  const two = [
    { from, count: 5 },
    { from: completion.indexOf("=7"), count: 2 },
  ];
  assert.equal(told({ thinking, completion, forced: two }), "7-3=4\n[wait] 4+3[=7]");
  // Without thinking all of the completion is shown; forced text behind the thinking is not.
  assert.equal(told({ thinking: "", completion: "so\nwait 3", forced: [{ from: 2, count: 5 }] }), "so\n[wait] 3");
  const behind = [{ from: completion.indexOf("</think>"), count: "</think><answer>".length }];
  assert.equal(told({ thinking, completion, forced: behind }), thinking);
  assert.equal(told({ thinking, completion: "another", forced: [{ from: 0, count: 3 }] }), thinking);
});

it("says of runs that force waits that they do, and of no others", () => {
  const recipe = (stage: object): object => ({ name: "r1-zero", stages: [{ kind: "reinforce", ...stage }] });
  assert.ok(forcesWaits(recipe({ waits: { share: 0.5 } })));
  assert.ok(forcesWaits({ stages: [{ kind: "supervise" }, { kind: "reinforce", waits: { share: 1, most: 2 } }] }));
  for (const one of [recipe({}), recipe({ waits: { share: 0 } }), null, "recipe", { stages: 3 }])
    assert.ok(!forcesWaits(one), JSON.stringify(one));

  const keys = ["reward", "completions/mean_length", "recheck_share"];
  const abouts = (forced: boolean): string[] => chooseCharts(keys, false, forced).main.map(({ about }) => about);
  assert.ok(abouts(false).some((about) => /Nobody tells it to think longer/.test(about)));
  assert.ok(!abouts(true).some((about) => /Nobody/.test(about)));
  assert.equal(abouts(true).filter((about) => /forced “wait”/.test(about)).length, 2);
  const { main } = comparedMetrics(keys, true);
  assert.match(main.find(({ key }) => key === "completions/mean_length")!.about, /forced “wait”/);
});

it("knows the rungs of a run from its settings and its tests", () => {
  const problems = [10, 9].map((level) => ({ family: "max", level, weight: 1 }));
  const keys = [
    "eval/accuracy",
    "eval/max/accuracy",
    "eval/max/9/accuracy",
    "eval/add/0/accuracy",
    "eval/add/0/chance",
  ];
  assert.deepEqual(rungNames({ stages: [{ problems }] }, keys), ["add 0", "max 9", "max 10"]);
  assert.deepEqual(rungNames(null, []), []);
});
