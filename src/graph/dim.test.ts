import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  addDims,
  broadcastShapes,
  type Dim,
  evaluateDim,
  formatShape,
  isDim,
  mulDims,
  type Shape,
  sameShape,
  symbolsOf,
  termsOf,
} from "./dim.ts";

fc.configureGlobal({ seed: 5 });

const leaf = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom<Dim>("B", "S", "T", "past"));
/** A dimension built by sums and products, beside a function that computes it plainly. */
const built = fc.letrec<{ dim: { dim: Dim; value: (v: Record<string, number>) => number } }>((tie) => ({
  dim: fc.oneof(
    { maxDepth: 3 },
    leaf.map((dim) => ({
      dim,
      value: (v: Record<string, number>) => (typeof dim === "number" ? dim : v[dim]!),
    })),
    fc
      .tuple(tie("dim"), tie("dim"))
      .map(([a, b]) => ({ dim: addDims(a.dim, b.dim), value: (v: Record<string, number>) => a.value(v) + b.value(v) })),
    fc
      .tuple(tie("dim"), tie("dim"))
      .map(([a, b]) => ({ dim: mulDims(a.dim, b.dim), value: (v: Record<string, number>) => a.value(v) * b.value(v) })),
  ),
})).dim;
const values = fc.record({ B: fc.nat(20), S: fc.nat(20), T: fc.nat(20), past: fc.nat(20) });

test("sums and products of dimensions compute what they stand for", () => {
  fc.assert(
    fc.property(built, values, ({ dim, value }, v) => {
      assert.equal(evaluateDim(dim, v), value(v));
      assert.ok(isDim(dim));
      assert.equal(mulDims(dim), dim, "the text is canonical: reading it again changes nothing");
    }),
  );
});

test("equal dimensions are the same text, however they came about", () => {
  fc.assert(
    fc.property(built, built, built, ({ dim: a }, { dim: b }, { dim: c }) => {
      assert.equal(addDims(a, b), addDims(b, a));
      assert.equal(mulDims(a, b), mulDims(b, a));
      assert.equal(addDims(a, addDims(b, c)), addDims(addDims(a, b), c));
      assert.equal(mulDims(a, addDims(b, c)), addDims(mulDims(a, b), mulDims(a, c)));
      assert.equal(mulDims(a, 1), mulDims(a));
      assert.equal(mulDims(a, 0), 0);
      assert.equal(addDims(a, 0), addDims(a));
    }),
  );
});

test("dimensions print as they read", () => {
  assert.equal(mulDims("S", "B"), "B*S");
  assert.equal(mulDims(4, "B", 2), "8*B");
  assert.equal(addDims("t", 1), "t+1");
  assert.equal(mulDims(addDims("t", 1), "B"), "B+B*t");
  assert.equal(mulDims("B", "B"), "B*B");
  assert.equal(mulDims(3, 4), 12);
  assert.equal(mulDims(), 1);
  assert.equal(addDims(), 0);
  assert.equal(formatShape(["B*S", 384]), "[B*S, 384]");
  assert.equal(formatShape([]), "[]");
  assert.deepEqual(symbolsOf("B*S+2*B+1").sort(), ["B", "S"]);
  assert.deepEqual(termsOf("2*B*S+1"), [
    [2, ["B", "S"]],
    [1, []],
  ]);
  assert.throws(() => evaluateDim("B*S", { B: 2 }), /no value for the dimension S/);
});

test("what is no dimension is told apart", () => {
  for (const good of [0, 1, 7, "B", "B*S", "2*B+1", "n_1"]) assert.ok(isDim(good), String(good));
  for (const bad of [-1, 1.5, Number.NaN, "", "B-1", "B *S", "B**S", "+B", null, undefined])
    assert.ok(!isDim(bad), String(bad));
});

test("shapes broadcast as NumPy's do, and symbols only with themselves and with 1", () => {
  const cases: [Shape, Shape, Shape | undefined][] = [
    [[2, 3], [3], [2, 3]],
    [
      [2, 1],
      [1, 5],
      [2, 5],
    ],
    [[], [4], [4]],
    [[2, 3], [2], undefined],
    [["B", 1, "S"], ["S"], ["B", 1, "S"]],
    [["B", 1], ["S"], ["B", "S"]],
    [["B"], ["S"], undefined],
    [["B"], [4], undefined],
    [["B*S"], ["S*B"], undefined], // shapes are canonical before they come here
    [[0], [1], [0]],
    [[0], [2], undefined],
  ];
  for (const [a, b, expected] of cases) {
    assert.deepEqual(broadcastShapes(a, b), expected, `${formatShape(a)} with ${formatShape(b)}`);
    assert.deepEqual(broadcastShapes(b, a), expected);
  }
  assert.ok(sameShape(["B", 2], ["B", 2]) && !sameShape(["B", 2], ["B", 3]) && !sameShape([2], [2, 1]));
});
