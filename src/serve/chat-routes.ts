/** Problems to draw, models to talk to. */
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { z } from "zod";
import { errorBody, HttpError, parseInput } from "./http-errors.ts";
import type { StudioServices } from "./services.ts";
import type { ChatResult, ChatStreamEvents, ProblemReference } from "./wire.ts";

const MOST_TOKENS = 8192;

const seed = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const sampleQuery = z.object({
  level: z.coerce.number().int().min(0).max(1000).default(0),
  seed: seed.default(0),
  language: z.string().max(20).default("en"),
});
const chatBody = z.strictObject({
  model: z.string().min(1).max(200),
  prompt: z.string().min(1, "must not be empty").max(20_000),
  temperature: z.number().min(0).max(5).default(1),
  maxTokens: z.number().int().min(1).max(MOST_TOKENS).default(512),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  /** The problem that the prompt states; its verifier then judges the answer. */
  problem: z
    .strictObject({
      family: z.string().max(100),
      level: z.number().int().min(0).max(1000),
      seed,
      language: z.string().max(20),
    })
    .optional(),
});

/** Routes below `/api`: models, tasks, samples and chat. */
export function chatRoutes(services: StudioServices, ended: AbortSignal): Hono {
  const app = new Hono();

  app.get("/models", async (c) => c.json(await services.models()));

  app.get("/tasks", (c) => c.json(services.tasks.list()));

  app.get("/tasks/:family/sample", (c) => {
    const query = parseInput(sampleQuery, c.req.query(), "query");
    return c.json(services.tasks.sample({ family: c.req.param("family"), ...query }));
  });

  app.post("/chat", async (c) => {
    const body = parseInput(chatBody, await readJson(c.req.raw), "body");
    const { problem, ...request } = body;
    if (problem !== undefined) checkPrompt(services, problem, request.prompt);
    if (!(await services.models()).some((model) => model.id === request.model)) {
      throw new HttpError(
        404,
        "MODEL_UNKNOWN",
        `There is no model called "${request.model.slice(0, 80)}".`,
        "GET /api/models lists the models.",
      );
    }
    return streamSSE(c, async (stream) => {
      const left = new AbortController();
      stream.onAbort(() => left.abort());
      const send = <E extends keyof ChatStreamEvents>(event: E, data: ChatStreamEvents[E]): Promise<void> =>
        stream.writeSSE({ event, data: JSON.stringify(data) });
      try {
        for await (const chunk of services.chat(request, AbortSignal.any([left.signal, ended]))) {
          if (stream.aborted) break;
          switch (chunk.type) {
            case "delta":
              await send("delta", { phase: chunk.phase, text: chunk.text });
              break;
            case "done": {
              const { type: _, ...result } = chunk;
              await send("done", judged(services, problem, result));
              break;
            }
            default:
              chunk satisfies never;
          }
        }
      } catch (error) {
        if (left.signal.aborted || ended.aborted) return;
        const shown = errorBody(error);
        if (shown.code === "INTERNAL") console.error(error);
        await send("error", shown);
      }
    });
  });

  return app;
}

function judged(services: StudioServices, problem: ProblemReference | undefined, result: ChatResult): ChatResult {
  if (problem === undefined) return result;
  if (result.answer === null) return { ...result, verdict: { score: 0, reason: "no answer in the agreed form" } };
  return { ...result, verdict: services.tasks.verify(problem, result.answer) };
}

function checkPrompt(services: StudioServices, problem: ProblemReference, prompt: string): void {
  if (services.tasks.sample(problem).prompt !== prompt) {
    throw new HttpError(
      400,
      "PROMPT_CHANGED",
      "The prompt is not the one of this problem.",
      "Send the prompt as it was drawn, or leave the problem out.",
    );
  }
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    throw new HttpError(400, "BAD_REQUEST", "The body is not JSON.");
  }
}
