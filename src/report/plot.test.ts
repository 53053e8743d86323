import assert from "node:assert/strict";
import { it } from "node:test";
import { layOutPlot, nearest, niceMarks, type PlotLine } from "./plot.ts";

const shape = { width: 400, height: 200, zero: true };

/** Points of a path. */
const points = (d: string): [number, number][] =>
  [...d.matchAll(/[ML]([\d.-]+) ([\d.-]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

it("marks axes at round values inside their ends", () => {
  assert.deepEqual(niceMarks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(niceMarks(3, 118, 5), [50, 100]);
  assert.deepEqual(
    niceMarks(-0.3, 0.4, 4).map((mark) => Math.round(mark * 10)),
    [-2, 0, 2, 4],
  );
});

it("draws all lines in one frame, and leaves out what was not logged", () => {
  const a: PlotLine = { x: [0, 1, 2, 3], y: [0, Number.NaN, 4, 10] };
  const b: PlotLine = { x: [2, Number.NaN, 8], y: [5, 100, 2] };
  const plot = layOutPlot([a, b], shape)!;
  assert.deepEqual(
    points(plot.path(a)).map(([x]) => Math.round(plot.fromX(x))),
    [0, 2, 3],
  );
  assert.deepEqual(
    points(plot.path(b)).map(([x]) => Math.round(plot.fromX(x))),
    [2, 8],
  );
  for (const [x, y] of [a, b].flatMap((line) => points(plot.path(line)))) {
    assert.ok(x >= plot.left - 0.1 && x <= plot.right + 0.1 && y >= plot.upper && y <= plot.lower + 0.1);
  }
  assert.equal(plot.toY(0), plot.lower);
  assert.deepEqual([nearest(a, 0.9), nearest(a, 1.2), nearest(b, 99)], [0, 2, 2]);
  assert.equal(layOutPlot([{ x: [1], y: [Number.NaN] }], shape), null);
  assert.ok(layOutPlot([{ x: [5], y: [0] }], shape), "a single point, and a zero");
});

it("keeps every spike of a long run in few points", () => {
  const x = Array.from({ length: 100_000 }, (_, i) => i);
  const y = x.map((i) => (i === 61_234 ? 9 : i === 7_001 ? -3 : Math.sin(i)));
  const plot = layOutPlot([{ x, y }], shape)!;
  const drawn = points(plot.path({ x, y }));
  assert.ok(drawn.length <= 4 * shape.width, `${drawn.length} points`);
  const near = (value: number): boolean => drawn.some(([, at]) => Math.abs(at - plot.toY(value)) < 0.1);
  assert.ok(near(9) && near(-3));
});
