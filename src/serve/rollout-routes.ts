/** Rollouts of one run, and searches over the rollouts and problems of several. */
import { Hono } from "hono";
import { z } from "zod";
import { MOST_RUNS } from "../report/most-runs.ts";
import { RUN_PATH } from "../runs/run-directory.ts";
import { ReckonError } from "../util/errors.ts";
import { parseInput } from "./http-errors.ts";
import { ProblemList } from "./problem-list.ts";
import { paging, problemIdText, rung } from "./query-parts.ts";
import { type NamedLog, RolloutSearch, SORTS } from "./rollout-search.ts";
import type { RunReader } from "./run-reader.ts";

const step = z.coerce.number().int();
const bound = z.coerce.number().optional();
const flag = z.enum(["true", "false"]).transform((text) => text === "true");

const filters = {
  step: z.union([z.literal("latest"), step]).optional(),
  stepFrom: bound,
  stepTo: bound,
  rewardFrom: bound,
  rewardTo: bound,
  tokensFrom: bound,
  tokensTo: bound,
  ...rung,
  group: z.coerce.number().int().optional(),
  outcome: z.enum(["right", "wrong"]).optional(),
  recheck: flag.optional(),
  forced: flag.optional(),
  problem: problemIdText.optional(),
  search: z.string().max(500).optional(),
  own: flag.optional(),
  sort: z.enum(SORTS).default("newest"),
  ...paging,
};
/** Characters of an address; Node's servers refuse longer ones themselves. */
const LONGEST = 16_384;
const runs = z
  .string("names no run")
  .max(LONGEST, `is longer than ${LONGEST} characters`)
  .transform((text) => [...new Set(text.split(",").filter((name) => name !== ""))])
  .pipe(z.array(z.string().regex(RUN_PATH, "holds something that is no name of a run")).min(1, "names no run"));
/** What a run learned from, or the held-out problems that it is tested on. */
const source = z.enum(["training", "heldout"]).default("training");

const rolloutsQuery = z.object(filters);
const searchQuery = z.object({ runs, source, ...filters });
const problemsQuery = z.object({ runs, source, ...rung, ...paging });

export function rolloutRoutes(reader: RunReader): Hono {
  const app = new Hono();
  const search = new RolloutSearch();
  const problems = new ProblemList();
  const logsOf = async (names: readonly string[], of: z.output<typeof source>): Promise<NamedLog[]> => {
    if (names.length > MOST_RUNS) {
      throw new ReckonError(
        "RUNS_TOO_MANY",
        `${names.length} runs cannot be searched at once: at most ${MOST_RUNS} can.`,
        {
          help: "Choose fewer of them.",
        },
      );
    }
    const logs = await Promise.all(names.map((name) => reader.logs(name)));
    return names.map((run, i) => ({ run, log: of === "training" ? logs[i]!.rollouts : logs[i]!.evaluations }));
  };

  app.get("/runs/:name/rollouts", async (c) => {
    const query = parseInput(rolloutsQuery, c.req.query(), "query");
    return c.json(await search.page(await logsOf([c.req.param("name")], "training"), query));
  });
  app.get("/rollouts", async (c) => {
    const { runs: names, source: of, ...query } = parseInput(searchQuery, c.req.query(), "query");
    return c.json(await search.page(await logsOf(names, of), query));
  });
  app.get("/problems", async (c) => {
    const { runs: names, source: of, ...query } = parseInput(problemsQuery, c.req.query(), "query");
    return c.json(await problems.page(await logsOf(names, of), query));
  });
  return app;
}
