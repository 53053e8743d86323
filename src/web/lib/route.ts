/** Addresses of the page: `#/grow`, `#/grow/RUN`, `#/talk`, `#/tab`. */
import { useSyncExternalStore } from "react";

export type Route =
  | { readonly view: "grow"; readonly run: string | null }
  | { readonly view: "talk" }
  | { readonly view: "tab" };

export function parseRoute(hash: string): Route {
  const [, view, run] = hash.replace(/^#/, "").split("?")[0]!.split("/");
  if (view === "talk" || view === "tab") return { view };
  return { view: "grow", run: run === undefined || run === "" ? null : safeDecode(run) };
}

export function routeHash(route: Route): string {
  return route.view !== "grow"
    ? `#/${route.view}`
    : route.run === null
      ? "#/grow"
      : `#/grow/${encodeURIComponent(route.run)}`;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

/** The hash of the address; parse it with `parseRoute`. */
export function useHash(): string {
  return useSyncExternalStore(subscribe, () => window.location.hash);
}
