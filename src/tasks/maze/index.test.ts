import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../util/random.ts";
import { sampleProblem } from "../task.ts";
import { Pen } from "../trace/pen.ts";
import { validateTask } from "../validate.ts";
import { distance, isOpen, MOVES, type Move, maze, STEPS } from "./index.ts";
import { mazeMethod } from "./method.ts";

/** Two shortest ways from 11 to 33, by the top and by the left, and a longer one to 13 and back. */
const facts = { rows: ["...", ".#.", "..."], from: 11, to: 33 };

test("mazes are sound, and hostile answers earn nothing", () => {
  assert.deepEqual(validateTask(maze, { wrongAnswer: () => "U-U" }), []);
});

test("the prompt is a picture made of coordinates", () => {
  assert.equal(maze.prompt(facts, "en"), "Shortest path 11 to 33:\n11 12 13\n21 # 23\n31 32 33");
  assert.equal(maze.prompt({ ...facts, rows: ["..", "#."], to: 22 }, "de"), "Kürzester Weg 11 bis 22:\n11 12\n# 22");
});

test("every shortest path is right, a longer one and one through a wall are not", () => {
  for (const answer of ["R-R-D-D", "D-D-R-R", " R-R-D-D\n"]) assert.equal(maze.verify(facts, answer).score, 1, answer);
  const wrong: [string, RegExp][] = [
    ["R-D-R-D", /22 is not open/],
    ["R-L-R-R-D-D", /6 moves in place of 4/],
    ["R-R-D", /ends at 23/],
    ["U-R-R-D-D", /1 is not open/],
    ["L", /10 is not open/],
    ["RRDD", /not a list of moves/],
    ["R, R, D, D", /not a list of moves/],
    ["r-r-d-d", /not a list of moves/],
    ["R-R-D-D-", /not a list of moves/],
    [`${"R-".repeat(180)}R`, /not open/],
  ];
  for (const [answer, reason] of wrong) {
    const verdict = maze.verify(facts, answer);
    assert.equal(verdict.score, 0, answer);
    assert.match(verdict.reason, reason);
  }
});

test("distances and chances are those of trying every walk", () => {
  for (let index = 0; index < 12; index++) {
    const problem = sampleProblem(maze, { seed: 1, index, level: 0, split: "train" });
    const { rows, from, to } = problem.facts;
    let walks = [from];
    let moves = 0;
    while (!walks.includes(to)) {
      walks = walks.flatMap((cell) => MOVES.map((move) => cell + STEPS[move]).filter((cell) => isOpen(rows, cell)));
      moves++;
    }
    assert.equal(distance(problem.facts), moves);
    const chance = walks.filter((cell) => cell === to).length / walks.length;
    assert.ok(Math.abs(problem.chance - chance) < 1e-12 && chance < 0.05);
  }
});

test("the flood begins at the goal, and the way is read forward from the start", () => {
  const pen = new Pen(Random.of(1), "en", 0);
  assert.equal(mazeMethod.work({ rows: ["...", "##.", "..."], from: 11, to: 31 }, pen), "R-R-D-D-L-L");
  assert.equal(pen.text, "31>32\n32>33\n33>23\n23>13\n13>12\n12>11\n11R12R13D23D33L32L31");
  assert.deepEqual(mazeMethod.check(facts, "R-D-R-D", pen), { text: "11R12D22", holds: false });
  assert.deepEqual(mazeMethod.check(facts, "R-R-D", pen), { text: "11R12R13D23 23=33", holds: false });
});

test("the way that is written is open and as short as the gold one", () => {
  for (let index = 0; index < 100; index++) {
    const problem = sampleProblem(maze, { seed: 2, index, level: index % 5, split: "train" });
    const answer = mazeMethod.work(problem.facts, new Pen(Random.of(2, index), "de", 0));
    assert.equal(maze.verify(problem.facts, answer).score, 1);
    assert.equal(answer.split("-").length, (maze.gold(problem.facts).split("-") as Move[]).length);
  }
});

test("mirrored and turned grids are one to the split, and every level has enough that are held out", () => {
  const canonical = (...rows: string[]) => maze.canonical({ rows, from: 11, to: 12 });
  const square = ["..#", "...", "#.#"];
  const images = [
    ["#..", "...", "#.#"],
    ["#.#", "...", "..#"],
    ["#.#", "...", "#.."],
    ["..#", "...", "#.#"],
    ["#.#", "...", "#.."],
  ];
  for (const rows of images) assert.equal(canonical(...rows), canonical(...square));
  const long = ["...#.", "..#..", "....."];
  for (const rows of [long.toReversed(), long.map((row) => [...row].reverse().join(""))]) {
    assert.equal(canonical(...rows), canonical(...long));
  }
  // Over the diagonal: of a square only.
  assert.equal(canonical("..#", "#..", "..."), canonical(".#.", "...", "#.."));
  assert.notEqual(canonical("...", "..#"), canonical("..", "..", ".#"));
  assert.notEqual(canonical("...", "..#"), canonical("...", ".#."));
  for (let level = 0; level < maze.levels; level++) {
    const grids = new Set<string>();
    for (let index = 0; index < 120; index++) {
      grids.add(maze.canonical(sampleProblem(maze, { seed: 3, index, level, split: "heldout" }).facts));
    }
    assert.ok(grids.size > 50, `level ${level}: ${grids.size}`);
  }
});
