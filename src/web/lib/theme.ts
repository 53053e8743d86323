/** The theme: the system's unless the reader chose one. */
import { useCallback, useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const query = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function current(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === "light" || chosen === "dark" ? chosen : query.matches ? "dark" : "light";
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  query.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    query.removeEventListener("change", listener);
  };
}

/** The theme now, and a function that switches to the other one. */
export function useTheme(): [Theme, () => void] {
  const theme = useSyncExternalStore(subscribe, current);
  const toggle = useCallback(() => {
    const next: Theme = current() === "dark" ? "light" : "dark";
    const system: Theme = query.matches ? "dark" : "light";
    if (next === system) delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = next;
    try {
      if (next === system) localStorage.removeItem("reckon.theme");
      else localStorage.setItem("reckon.theme", next);
    } catch {
      // Storage may be switched off: the choice then lasts as long as the page.
    }
    for (const listener of listeners) listener();
  }, []);
  return [theme, toggle];
}
