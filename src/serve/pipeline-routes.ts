/**
 * Runs of several stages: `GET /api/pipelines`, `GET /api/pipelines/NAME`, the answers that its models gave when they were
 * measured (`/problems`, `/answers`), and of any run that makes data its rows, `GET /api/runs/NAME/traces`.
 */
import { Hono } from "hono";
import { z } from "zod";
import { parseInput } from "./http-errors.ts";
import type { PipelineReader } from "./pipeline-reader.ts";
import { ProblemList } from "./problem-list.ts";
import { paging, problemIdText, rung } from "./query-parts.ts";
import { RolloutSearch } from "./rollout-search.ts";
import type { StudioServices } from "./services.ts";
import { TRACE_SORTS } from "./trace-log.ts";
import type { PipelineDetail, StageAnswers, StageProblems, TracePage } from "./wire.ts";

const problemsQuery = z.object({ ...rung, ...paging });
const answersQuery = z.object({ problem: problemIdText });
const rating = z.coerce.number().min(1).max(5).optional();
const tracesQuery = z.object({
  ...rung,
  language: z.string().max(20).optional(),
  outcome: z.enum(["right", "wrong"]).optional(),
  aspect: z.string().max(40).optional(),
  ratingFrom: rating,
  ratingTo: rating,
  search: z.string().max(500).optional(),
  sort: z.enum(TRACE_SORTS).default("file"),
  ...paging,
});

/** Answers to one problem: one of each model. */
const MOST_ANSWERS = 200;

export function pipelineRoutes(reader: PipelineReader, services: StudioServices): Hono {
  const app = new Hono();
  const search = new RolloutSearch();
  const problems = new ProblemList();

  app.get("/pipelines", async (c) => c.json(await reader.list()));

  app.get("/pipelines/:name", async (c) => {
    const name = c.req.param("name");
    const detail: PipelineDetail = { ...(await reader.get(name)), control: services.control(name) };
    return c.json(detail);
  });

  app.get("/pipelines/:name/problems", async (c) => {
    const query = parseInput(problemsQuery, c.req.query(), "query");
    const logs = await reader.answers(c.req.param("name"));
    const page: StageProblems = { ...(await problems.page(logs, query)), models: logs.map(({ run }) => run) };
    return c.json(page);
  });

  app.get("/pipelines/:name/answers", async (c) => {
    const { problem } = parseInput(answersQuery, c.req.query(), "query");
    const logs = await reader.answers(c.req.param("name"));
    const { items } = await search.page(logs, { problem, sort: "newest", offset: 0, limit: MOST_ANSWERS });
    return c.json({ items } satisfies StageAnswers);
  });

  app.get("/runs/:name/traces", async (c) => {
    const query = parseInput(tracesQuery, c.req.query(), "query");
    const { log, counts } = await reader.data(c.req.param("name"));
    const page: TracePage = { ...(await log.page(query)), counts };
    return c.json(page);
  });
  return app;
}
