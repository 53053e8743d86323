/**
 * Reverse-mode automatic differentiation over a graph's tape (Linnainmaa 1970; the form of Griewank & Walther, 2008,
 * ch. 3): walk the tape backwards, and for each step on a path from a wanted tensor to a seeded one ask for the
 * vector-Jacobian products of its inputs. The backward pass becomes nodes of the same graph.
 * Left out: higher derivatives and forward mode, since nothing here needs them.
 */
import { formatShape, sameShape } from "./dim.ts";
import type { Tensor } from "./graph.ts";

/** A tensor to differentiate, and dLoss/dTensor (defaults to 1 for a scalar). */
export interface Seed {
  readonly tensor: Tensor;
  readonly gradient?: Tensor;
}

/**
 * Appends the backward pass.
 * @param seeds what is differentiated
 * @param wrt tensors whose gradients are wanted
 * @param onto by tensor of `wrt`: what its gradient is added to
 * @returns one gradient per tensor of `wrt`, of the same shape; where nothing depends on it `onto` or undefined
 */
export function gradients(
  seeds: readonly Seed[],
  wrt: readonly Tensor[],
  onto: ReadonlyMap<Tensor, Tensor> = new Map(),
): (Tensor | undefined)[] {
  const graph = seeds[0]!.tensor.graph;
  const tape = [...graph.tape];
  const needed = new Set(wrt);
  for (const entry of tape) {
    if (entry.inputs.some((input) => input && needed.has(input)))
      for (const output of entry.outputs) needed.add(output);
  }

  const pending = new Map<Tensor, Tensor[]>();
  const push = (tensor: Tensor, gradient: Tensor): void => {
    if (!sameShape(tensor.shape, gradient.shape)) {
      throw graph.error(`gradient of ${tensor.name}`, formatShape(tensor.shape), formatShape(gradient.shape));
    }
    const list = pending.get(tensor);
    if (list) list.push(gradient);
    else pending.set(tensor, [gradient]);
  };
  // Sums what has come so far into one tensor, and keeps that sum: later contributions must add to it, not to the parts.
  const collect = (tensor: Tensor): Tensor | undefined => {
    const list = pending.get(tensor);
    if (!list) return undefined;
    const sum = list.reduce((a, b) => graph.one("Add", [a, b], tensor.shape));
    pending.set(tensor, [sum]);
    return sum;
  };

  for (const [tensor, sum] of onto) push(tensor, sum);
  for (const seed of seeds) {
    const gradient = seed.gradient ?? graph.scalar(1);
    push(seed.tensor, gradient);
  }
  return graph.scope("backward", () => {
    for (let i = tape.length - 1; i >= 0; i--) {
      const entry = tape[i]!;
      if (!entry.outputs.some((output) => needed.has(output))) continue;
      const incoming = entry.outputs.map(collect);
      if (incoming.every((g) => g === undefined)) continue;
      const pull = (): void => {
        const products = entry.backward(incoming);
        entry.inputs.forEach((input, k) => {
          const product = products[k];
          if (!input || !product || !needed.has(input)) return;
          const made = product.length > 0 ? product(collect(input)) : product(undefined);
          if ("accumulated" in made) pending.set(input, [made.accumulated]);
          else push(input, made);
        });
      };
      if (entry.scope === "") pull();
      else graph.scope(entry.scope, pull);
    }
    return wrt.map(collect);
  });
}
