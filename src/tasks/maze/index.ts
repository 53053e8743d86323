/**
 * A shortest path through a small grid. Open cells are written as their own coordinates, row and column (`23`), walls as
 * `#`, a row a line: a picture for people, and for a tokenizer that cuts digits in pairs one token a cell, so that it can
 * be read off a cell's name who its neighbours are, and off the prompt whether they are open, without counting places.
 *
 * The split is by grid alone, whoever solves one problem has read the ways between many other pairs of cells, and a grid
 * that is mirrored or turned (as far as it keeps its height and width) is the same grid.
 *
 * An answer is the moves (R, D, L, U) from the first cell to the second, written apart. Every shortest path is right.
 * Chance: one of the walks over open cells with as many moves as a shortest path, turning back included.
 */
import { quote, RIGHT, tidy, wrong } from "../answers.ts";
import { defineTask, knob } from "../task.ts";

/** Rows of `.` and `#`; cells are numbers, ten times the row and the column, both from 1. */
export interface MazeFacts {
  readonly rows: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** Rows, columns, and the fewest moves that the shortest path has. */
const ladder = { rows: [3, 4, 5, 5, 6], columns: [5, 4, 5, 6, 6], moves: [4, 5, 6, 7, 8] } as const;

/** Share of cells that are walls. */
const WALLS = 0.32;
/** No level has problems that are guessed more often. */
const MOST_CHANCE = 0.05;

export const maze = defineTask<MazeFacts>({
  name: "maze",
  ladder,
  sample(random, level) {
    const [height, width] = [knob(ladder, "rows", level), knob(ladder, "columns", level)];
    for (;;) {
      const rows = Array.from({ length: height }, () =>
        Array.from({ length: width }, () => (random.chance(WALLS) ? "#" : ".")).join(""),
      );
      const open = openCells(rows);
      if (open.length < 2) continue;
      const facts = { rows, from: random.pick(open), to: random.pick(open) };
      const moves = distance(facts);
      if (moves === null || moves < knob(ladder, "moves", level)) continue;
      if (guessed(facts, moves) < MOST_CHANCE) return facts;
    }
  },
  prompt({ rows, from, to }, language) {
    const picture = rows.map((row, r) =>
      [...row].map((cell, c) => (cell === "#" ? "#" : String(10 * (r + 1) + c + 1))).join(" "),
    );
    const question = language === "en" ? `Shortest path ${from} to ${to}:` : `Kürzester Weg ${from} bis ${to}:`;
    return [question, ...picture].join("\n");
  },
  verify(facts, answer) {
    const text = tidy(answer);
    if (typeof text !== "string") return text;
    if (!/^[RDLU](?:-[RDLU])*$/.test(text)) return wrong(`not a list of moves: ${quote(text)}`);
    let cell = facts.from;
    const moves = text.split("-") as Move[];
    for (const move of moves) {
      cell += STEPS[move];
      if (!isOpen(facts.rows, cell)) return wrong(`${cell} is not open`);
    }
    if (cell !== facts.to) return wrong(`ends at ${cell}, not ${facts.to}`);
    const fewest = distance(facts);
    return moves.length === fewest ? RIGHT : wrong(`${moves.length} moves in place of ${fewest}`);
  },
  gold(facts) {
    const away = distances(facts.rows, facts.to);
    const moves: Move[] = [];
    for (let cell = facts.from; cell !== facts.to; ) {
      const move = MOVES.find((one) => away.get(cell + STEPS[one]) === away.get(cell)! - 1);
      if (move === undefined) throw new Error(`internal: no path from ${facts.from} to ${facts.to}`);
      moves.push(move);
      cell += STEPS[move];
    }
    return moves.join("-");
  },
  chance: (facts) => guessed(facts, distance(facts) ?? 0),
  canonical: ({ rows }) => images(rows).sort()[0]!,
});

/** A grid as text in all its symmetric images of the same height and width: 8 of a square, 4 of another one. */
function images(rows: readonly string[]): string[] {
  const square = rows.length === rows[0]?.length;
  const turned = square ? [rows, [...rows].map((_, c) => rows.map((row) => row[c]).join(""))] : [rows];
  return turned.flatMap((grid) => {
    const mirrored = grid.map((row) => [...row].reverse().join(""));
    return [grid, mirrored].flatMap((one) => [one.join("/"), [...one].reverse().join("/")]);
  });
}

export type Move = "R" | "D" | "L" | "U";
export const MOVES: readonly Move[] = ["R", "D", "L", "U"];

/** What a move adds to a cell's number. */
export const STEPS: Readonly<Record<Move, number>> = { R: 1, D: 10, L: -1, U: -10 };

/** Whether there is such a cell and it is no wall. */
export function isOpen(rows: readonly string[], cell: number): boolean {
  return rows[Math.floor(cell / 10) - 1]?.[(cell % 10) - 1] === ".";
}

export function openCells(rows: readonly string[]): number[] {
  return rows.flatMap((row, r) => [...row].flatMap((cell, c) => (cell === "." ? [10 * (r + 1) + c + 1] : [])));
}

/** Moves from every cell that can be reached to `to`. */
function distances(rows: readonly string[], to: number): Map<number, number> {
  const away = new Map([[to, 0]]);
  // A map is walked in the order in which it grows: breadth first.
  for (const [cell, moves] of away) {
    for (const move of MOVES) {
      const next = cell + STEPS[move];
      if (isOpen(rows, next) && !away.has(next)) away.set(next, moves + 1);
    }
  }
  return away;
}

/** Fewest moves, or null where there is no path. */
export function distance({ rows, from, to }: MazeFacts): number | null {
  return distances(rows, to).get(from) ?? null;
}

/** Share of the walks of so many moves that end at the goal. */
function guessed({ rows, from, to }: MazeFacts, moves: number): number {
  let walks = new Map([[from, 1]]);
  for (let i = 0; i < moves; i++) {
    const next = new Map<number, number>();
    for (const [cell, count] of walks) {
      for (const move of MOVES) {
        const at = cell + STEPS[move];
        if (isOpen(rows, at)) next.set(at, (next.get(at) ?? 0) + count);
      }
    }
    walks = next;
  }
  let all = 0;
  for (const count of walks.values()) all += count;
  return all === 0 ? 0 : (walks.get(to) ?? 0) / all;
}
