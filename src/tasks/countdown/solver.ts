/**
 * The arithmetic of countdown: what two numbers can become, what a multiset of numbers can reach, and one way to reach it.
 *
 * Values stay non-negative whole numbers and division is exact. Expressions are counted as trees in which the order of
 * the operands of + and * does not matter, equal numbers told apart; all numbers are used.
 */
export type Operator = "+" | "-" | "*" | "/";

/** a op b, or null where the rules forbid it. */
export function apply(a: number, operator: Operator, b: number): number | null {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a >= b ? a - b : null;
    case "*":
      return a * b;
    case "/":
      return b !== 0 && a % b === 0 ? a / b : null;
    default:
      operator satisfies never;
      throw new Error("internal: unknown operator");
  }
}

/** One step: two operands in the order in which they are written. */
export interface Step {
  readonly a: number;
  readonly operator: Operator;
  readonly b: number;
  readonly result: number;
}

/** Every legal step on two numbers, up to the order of the operands of + and *; `x` is written first where both orders are legal. */
export function stepsOn(x: number, y: number): Step[] {
  const steps: Step[] = [
    { a: x, operator: "+", b: y, result: x + y },
    x >= y ? { a: x, operator: "-", b: y, result: x - y } : { a: y, operator: "-", b: x, result: y - x },
    { a: x, operator: "*", b: y, result: x * y },
  ];
  if (y !== 0 && x % y === 0) steps.push({ a: x, operator: "/", b: y, result: x / y });
  else if (x !== 0 && y % x === 0) steps.push({ a: y, operator: "/", b: x, result: y / x });
  return steps;
}

/** The steps on two numbers that give `target`. */
export function finishes(x: number, y: number, target: number): Step[] {
  return stepsOn(x, y).filter((step) => step.result === target);
}

/** Whether two numbers reach `target` in one step. */
export function canFinish(x: number, y: number, target: number): boolean {
  return (
    x + y === target ||
    Math.abs(x - y) === target ||
    x * y === target ||
    (y !== 0 && x === y * target) ||
    (x !== 0 && y === x * target)
  );
}

/** How many expressions over all the numbers there are, and how many give each value up to a limit. */
export interface Reach {
  readonly total: number;
  readonly counts: ReadonlyMap<number, number>;
}

/**
 * Counts the expressions over all of `numbers` by value: dynamic programming over subsets, so that 6 numbers take a
 * fraction of a second.
 * @param limit values above it count in `total` only
 */
export function reach(numbers: readonly number[], limit: number): Reach {
  const full = (1 << numbers.length) - 1;
  const tables: Map<number, number>[] = [new Map()];
  let total = 0;
  for (let mask = 1; mask <= full; mask++) {
    const table = new Map<number, number>();
    tables.push(table);
    const lowest = mask & -mask;
    if (mask === lowest) {
      const value = numbers[31 - Math.clz32(mask)]!;
      table.set(value, 1);
      if (mask === full) total = 1;
      continue;
    }
    const isFull = mask === full;
    const add = (value: number, count: number): void => {
      if (isFull) {
        total += count;
        if (value > limit) return;
      }
      table.set(value, (table.get(value) ?? 0) + count);
    };
    // Only splits whose first part holds the lowest number: each unordered split once.
    for (let part = (mask - 1) & mask; part > 0; part = (part - 1) & mask) {
      if ((part & lowest) === 0) continue;
      const right = tables[mask ^ part]!;
      for (const [x, nx] of tables[part]!) {
        for (const [y, ny] of right) {
          const n = nx * ny;
          add(x + y, n);
          add(x >= y ? x - y : y - x, n);
          add(x * y, n);
          if (y !== 0 && x % y === 0) add(x / y, n);
          else if (x !== 0 && y % x === 0) add(y / x, n);
        }
      }
    }
  }
  return { total, counts: tables[full]! };
}

/** A number together with the expression that made it; `text` has no outer brackets. */
export interface Term {
  readonly value: number;
  readonly text: string;
}

/** The term of a plain number. */
export function term(value: number): Term {
  return { value, text: String(value) };
}

/** Brackets around anything that is not a plain number. */
export function bracket(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return `(${text})`;
  }
  return text;
}

/** The term of a step on two terms; `x` and `y` in any order. */
export function combine(x: Term, y: Term, step: Step): Term {
  const [left, right] = step.a === x.value && step.b === y.value ? [x, y] : [y, x];
  return { value: step.result, text: `${bracket(left.text)}${step.operator}${bracket(right.text)}` };
}

/** An expression over all terms with the value `target`, or null: depth-first search, the last two numbers by formula. */
export function solve(terms: readonly Term[], target: number): string | null {
  if (terms.length === 1) return terms[0]!.value === target ? terms[0]!.text : null;
  if (terms.length === 2) {
    const [x, y] = [terms[0]!, terms[1]!];
    if (!canFinish(x.value, y.value, target)) return null;
    return combine(x, y, finishes(x.value, y.value, target)[0]!).text;
  }
  for (let i = 0; i < terms.length; i++) {
    for (let j = i + 1; j < terms.length; j++) {
      const [x, y] = [terms[i]!, terms[j]!];
      const rest = terms.filter((_, k) => k !== i && k !== j);
      for (const step of stepsOn(x.value, y.value)) {
        const found = solve([combine(x, y, step), ...rest], target);
        if (found !== null) return found;
      }
    }
  }
  return null;
}

/** Whether all values together can reach `target`. */
export function isSolvable(values: readonly number[], target: number): boolean {
  if (values.length === 2) return canFinish(values[0]!, values[1]!, target);
  if (values.length < 2) return values[0] === target;
  for (let i = 0; i < values.length; i++) {
    for (let j = i + 1; j < values.length; j++) {
      const rest = values.filter((_, k) => k !== i && k !== j);
      for (const step of stepsOn(values[i]!, values[j]!)) if (isSolvable([step.result, ...rest], target)) return true;
    }
  }
  return false;
}
