import assert from "node:assert/strict";
import { it } from "node:test";
import type { MetricRow, RunState } from "../../serve/wire.ts";
import { Curves } from "./curves.ts";
import { growthSentence, headline, secondsLeft, shownStatus } from "./headline.ts";

function curvesOf(...rows: readonly MetricRow[]): Curves {
  const curves = new Curves();
  curves.append(rows);
  return curves;
}

function state(status: RunState["status"], rest: Partial<RunState> = {}): RunState {
  return { status, step: 10, steps: 100, startedAt: null, updatedAt: null, message: null, alive: true, ...rest };
}

const grown = curvesOf(
  { step: 0, "eval/accuracy": 0.1, "eval/chance": 0.03 },
  { step: 1, reward: 0.1, "completions/mean_length": 50, "time/step": 2 },
  { step: 10, reward: 0.4, "completions/mean_length": 100, "eval/accuracy": 0.34, "eval/chance": 0.03, "time/step": 4 },
);

it("says how far the model has come", () => {
  assert.equal(
    growthSentence(grown),
    "It solves 34% of problems it has never seen (guessing gives 3.0%), up from 10%, and thinks 1.5× as long as at first.",
  );
  assert.match(
    growthSentence(curvesOf({ step: 0, "eval/accuracy": 0.1 })),
    /^It solves 10% .*this is where it starts\.$/,
  );
  const held = curvesOf(
    { step: 0, "eval/accuracy": 0.1, "eval/mean_length": 30 },
    { step: 1, "completions/mean_length": 40 },
    { step: 9, "eval/accuracy": 0.4, "eval/mean_length": 90 },
  );
  assert.match(
    growthSentence(held),
    /thinks 3\.0× as long/,
    "lengths on the same held-out problems, where there are any",
  );
  const flat = curvesOf({ step: 0, "eval/accuracy": 0.2 }, { step: 9, "eval/accuracy": 0.2 });
  assert.equal(growthSentence(flat), "It solves 20% of problems it has never seen, as at the start.");
  assert.equal(growthSentence(curvesOf()), "");
});

it("claims growth only where there is some", () => {
  const flat = curvesOf({ step: 0, "eval/accuracy": 0.3 }, { step: 1, reward: 1 }, { step: 9, "eval/accuracy": 0.29 });
  assert.equal(headline(state("finished"), grown).title, "The model has taught itself to reason.");
  assert.equal(headline(state("finished"), flat).title, "The run is done.");
  assert.match(headline(state("finished"), flat).detail, /down from 30%/);
});

it("has a sentence for every state, and sees that a process is gone", () => {
  assert.equal(shownStatus(state("running", { alive: false })), "lost");
  assert.equal(headline(null, curvesOf()).title, "Getting ready.");
  assert.match(headline(state("running", { alive: false }), grown).title, /interrupted/);
  assert.match(
    headline(state("failed", { message: "the loss is not a number" }), grown).detail,
    /^The loss is not a number\.$/,
  );
  assert.match(headline(state("running"), curvesOf({ step: 0, "eval/accuracy": 0.1 })).title, /first tries/);
  assert.match(
    headline(state("running"), curvesOf({ step: 1, loss: 9 }, { step: 2, loss: 3 })).detail,
    /from 9\.00 to 6\.00/,
  );
});

it("tells the time left by the pace of the last steps", () => {
  assert.equal(secondsLeft(state("running"), grown), 3 * 90);
  assert.equal(secondsLeft(state("running", { step: 100 }), grown), null);
  assert.equal(secondsLeft(state("running"), curvesOf()), null);
});
