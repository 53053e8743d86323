/**
 * Symbolic dimensions: polynomials with non-negative integer coefficients over named symbols, e.g. `B*S` or `t+1`.
 *
 * A `Dim` is a number when it is known while the graph is built, else the canonical text of its polynomial, so that
 * equality of dimensions is equality of strings and a shape prints as it reads: `[B*S, 384]`.
 */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** Whether a value is a dimension: a whole number from 0 on, or products of symbols and numbers joined by `+`. */
export function isDim(value: unknown): value is Dim {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0;
  return typeof value === "string" && /^\w+([*+]\w+)*$/.test(value);
}

/** Monomial (sorted symbols joined by `*`, "" for the constant) → coefficient. */
type Polynomial = Map<string, number>;

function parse(dim: Dim): Polynomial {
  if (typeof dim === "number") return new Map(dim === 0 ? [] : [["", dim]]);
  const out: Polynomial = new Map();
  for (const term of dim.split("+")) {
    let coefficient = 1;
    const symbols: string[] = [];
    for (const factor of term.split("*")) {
      if (/^\d+$/.test(factor)) coefficient *= Number(factor);
      else symbols.push(factor);
    }
    const key = symbols.sort().join("*");
    out.set(key, (out.get(key) ?? 0) + coefficient);
  }
  return out;
}

function format(polynomial: Polynomial): Dim {
  const terms = [...polynomial]
    .filter(([, c]) => c !== 0)
    .sort(([a], [b]) => (a === "" ? 1 : b === "" ? -1 : a < b ? -1 : 1));
  if (terms.length === 0) return 0;
  if (terms.length === 1 && terms[0]![0] === "") return terms[0]![1];
  return terms.map(([symbols, c]) => (symbols === "" ? String(c) : c === 1 ? symbols : `${c}*${symbols}`)).join("+");
}

/** Product of dimensions; 1 for none. */
export function mulDims(...dims: readonly Dim[]): Dim {
  let product: Polynomial = new Map([["", 1]]);
  for (const dim of dims) {
    const next: Polynomial = new Map();
    for (const [a, x] of product) {
      for (const [b, y] of parse(dim)) {
        const key = [...a.split("*"), ...b.split("*")]
          .filter((s) => s !== "")
          .sort()
          .join("*");
        next.set(key, (next.get(key) ?? 0) + x * y);
      }
    }
    product = next;
  }
  return format(product);
}

/** Sum of dimensions; 0 for none. */
export function addDims(...dims: readonly Dim[]): Dim {
  const sum: Polynomial = new Map();
  for (const dim of dims) for (const [key, c] of parse(dim)) sum.set(key, (sum.get(key) ?? 0) + c);
  return format(sum);
}

/** The symbols a dimension is made of. */
export function symbolsOf(dim: Dim): string[] {
  return [...new Set([...parse(dim).keys()].flatMap((key) => key.split("*")))].filter((s) => s !== "");
}

/** The polynomial's terms, for code that computes a dimension at run time: `[coefficient, symbols]`. */
export function termsOf(dim: Dim): [number, string[]][] {
  return [...parse(dim)].map(([key, c]) => [c, key === "" ? [] : key.split("*")]);
}

/** Value of a dimension for given symbol values; undefined symbols throw. */
export function evaluateDim(dim: Dim, values: Readonly<Record<string, number>>): number {
  let total = 0;
  for (const [c, symbols] of termsOf(dim)) {
    total += symbols.reduce((product, symbol) => {
      const value = values[symbol];
      if (value === undefined) throw new Error(`internal: no value for the dimension ${symbol}`);
      return product * value;
    }, c);
  }
  return total;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/**
 * Shape of an elementwise operation under NumPy's broadcasting rules; `undefined` where the shapes do not fit.
 * Two different symbols never fit: the graph cannot know that they will be equal.
 */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    out.push(x === 1 ? y : x);
  }
  return out;
}
