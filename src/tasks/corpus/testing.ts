import type { CorpusMix } from "./mix.ts";

/** Documents of one kind alone, for tests. */
export function onlyKind(kind: keyof CorpusMix["kinds"]): CorpusMix["kinds"] {
  return { solution: 0, facts: 0, drill: 0, statement: 0, comparison: 0, talk: 0, [kind]: 1 };
}
