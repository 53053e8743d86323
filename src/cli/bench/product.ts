/** A plain matrix product as a graph, the measure of everything else. */
import { Graph, matmul, type Provider, type Session, type Values } from "../../graph/index.ts";

/** Rows, inner and columns of a product. */
export type ProductShape = readonly [m: number, k: number, n: number];

/** Products of one graph, so that a run's overhead (some 50 µs) is shared out. */
export const PRODUCTS = 4;

/** {@link PRODUCTS} products of one shape on `threads` threads, into memory that is there. */
export async function product(
  provider: Provider,
  [m, k, n]: ProductShape,
  threads: number,
): Promise<{ session: Session; run: () => Promise<void> }> {
  const graph = new Graph();
  const a = graph.input("a", [m, k]);
  const filled = (size: number): Float32Array =>
    Float32Array.from({ length: size }, (_, i) => ((i * 40503) % 65536) / 65536 - 0.5);
  const feeds: Record<string, Values[string]> = { a: provider.value(filled(m * k), [m, k]) };
  const fetches: Record<string, Values[string]> = {};
  for (let i = 0; i < PRODUCTS; i++) {
    graph.output(`y${i}`, matmul(a, graph.input(`b${i}`, [k, n])));
    feeds[`b${i}`] = provider.value(filled(k * n), [k, n]);
    fetches[`y${i}`] = provider.value(new Float32Array(m * n), [m, n]);
  }
  const session = await provider.session(graph, { threads });
  return { session, run: () => session.run(feeds, fetches) };
}
