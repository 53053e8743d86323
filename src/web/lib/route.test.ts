import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRoute, type Route, routeHash } from "./route.ts";

test("an address leads back to what it was made of, names of stages too", () => {
  const routes: readonly Route[] = [
    { view: "grow", run: null },
    { view: "grow", run: "r1/rl" },
    { view: "talk" },
    { view: "tab" },
    { view: "runs", tab: "compare", runs: null },
    { view: "runs", tab: "samples", runs: ["r1/rl", "r1/tune", "alone"] },
    { view: "stages", run: null, tab: "overview", stage: null },
    { view: "stages", run: "r1", tab: "overview", stage: null },
    { view: "stages", run: "r1", tab: "transcripts", stage: null },
    { view: "stages", run: "r1", tab: "data", stage: "cold" },
  ];
  for (const route of routes) assert.deepEqual(parseRoute(routeHash(route)), route);
});
