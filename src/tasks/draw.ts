/** Draws that several families share. */
import type { Random } from "../util/random.ts";

/** `count` different whole numbers from 1..most, in random order. */
export function drawDistinct(random: Random, count: number, most: number): number[] {
  const numbers: number[] = [];
  while (numbers.length < count) {
    const value = random.int(1, most);
    if (!numbers.includes(value)) numbers.push(value);
  }
  return numbers;
}
