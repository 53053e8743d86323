/**
 * A flood from the goal, one ring of cells a line: each cell of the ring before with those of its open neighbours that
 * were not met yet (`33>32`, `32>22,31`, `22>12 31>21`). It begins at the goal so that, once the start is met, the way
 * can be read forward: the cell that stands before the `>` is the next one. The last line walks it, with the moves between
 * the cells (`11R12D22D32R33`).
 * The ways that a flood shows besides are problems in the same grid, which stands in the same split.
 */
import type { Method } from "../trace/calculate.ts";
import type { Pen } from "../trace/pen.ts";
import { distance, isOpen, type MazeFacts, MOVES, type Move, maze, STEPS } from "./index.ts";

export const mazeMethod: Method<MazeFacts> = {
  work(facts, pen) {
    const towards = flood(facts, pen);
    const moves: Move[] = [];
    let walk = String(facts.from);
    for (let cell = facts.from; cell !== facts.to; ) {
      const next = towards.get(cell);
      // A slip overlooked a cell, and the flood ran dry: the writer guesses.
      if (next === undefined) return straight(facts, pen);
      const move = MOVES.find((one) => cell + STEPS[one] === next)!;
      moves.push(move);
      walk += `${move}${next}`;
      cell = next;
    }
    pen.line(walk);
    return moves.join("-");
  },
  /** The answer walked from the start, up to the first wall. That no path is shorter it cannot see. */
  check({ rows, from, to }, answer, pen) {
    let cell = from;
    let walk = String(from);
    let open = true;
    for (const move of answer.split("-") as Move[]) {
      cell += STEPS[move];
      walk += `${move}${cell}`;
      open = pen.judged(isOpen(rows, cell));
      if (!open) break;
    }
    return { text: open ? `${walk} ${cell}=${to}` : walk, holds: open && cell === to };
  },
  /** As the crow flies, through walls. */
  miss(facts, random) {
    const moves = beeline(facts);
    for (let tries = 0; tries < 20; tries++) {
      const answer = random.shuffle(moves).join("-");
      if (maze.verify(facts, answer).score < 1) return answer;
    }
    return maze.gold(facts).split("-").slice(1).join("-");
  },
};

/** Writes the rings until the start is met; returns for each cell the next one towards the goal. */
function flood({ rows, from, to }: MazeFacts, pen: Pen): Map<number, number> {
  const towards = new Map<number, number>();
  const met = new Set([to]);
  for (let ring = [to]; ring.length > 0 && !met.has(from); ) {
    const next: number[] = [];
    const parts: string[] = [];
    for (const cell of ring) {
      if (met.has(from)) break;
      const found = MOVES.map((move) => cell + STEPS[move]).filter(
        (one) => isInside(rows, one) && !met.has(one) && pen.judged(isOpen(rows, one)),
      );
      for (const one of found) {
        met.add(one);
        towards.set(one, cell);
      }
      next.push(...found);
      parts.push(`${cell}>${found.join(",")}`);
    }
    pen.line(parts.join(" "));
    ring = next;
  }
  return towards;
}

function isInside(rows: readonly string[], cell: number): boolean {
  return rows[Math.floor(cell / 10) - 1]?.[(cell % 10) - 1] !== undefined;
}

/** A guess, said to be one. */
function straight(facts: MazeFacts, pen: Pen): string {
  const answer = beeline(facts).join("-");
  pen.line((words) => `${words.guess} ${answer}`);
  return answer;
}

/** The moves that lead to the goal if nothing stands in the way; some are added where the way is longer. */
function beeline(facts: MazeFacts): Move[] {
  const down = Math.floor(facts.to / 10) - Math.floor(facts.from / 10);
  const right = (facts.to % 10) - (facts.from % 10);
  const moves = [
    ...Array<Move>(Math.abs(right)).fill(right < 0 ? "L" : "R"),
    ...Array<Move>(Math.abs(down)).fill(down < 0 ? "U" : "D"),
  ];
  const detour: readonly Move[] = Math.abs(right) < Math.abs(down) ? ["R", "L"] : ["D", "U"];
  for (let spare = (distance(facts) ?? 0) - moves.length; spare > 0; spare -= 2) moves.push(...detour);
  return moves;
}
