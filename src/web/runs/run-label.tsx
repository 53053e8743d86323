/** A run's name with its line beside it: colour and dash are the same wherever the run appears. */
import { createContext, useContext } from "react";
import type { RunLook } from "../../report/run-colors.ts";

export const LooksContext = createContext<ReadonlyMap<string, RunLook>>(new Map());

const PLAIN: RunLook = { color: 0, dash: "" };

export function useLook(name: string): RunLook {
  return useContext(LooksContext).get(name) ?? PLAIN;
}

export function RunSwatch({ name }: { readonly name: string }) {
  const { color, dash } = useLook(name);
  return (
    <svg className={`swatch run-${color}`} width="20" height="8" aria-hidden="true">
      <line x1="1" y1="4" x2="19" y2="4" strokeDasharray={dash} />
    </svg>
  );
}

export function RunLabel({ name }: { readonly name: string }) {
  return (
    <span className="run-label">
      <RunSwatch name={name} />
      <span className="run-name">{name}</span>
    </span>
  );
}
