/** Calls to the studio's server. */
import type {
  ApiError,
  ChatDelta,
  ChatResult,
  LabelInfo,
  LabelItem,
  MetricRow,
  ModelInfo,
  PipelineDetail,
  PipelineSummary,
  ProblemPage,
  ProblemReference,
  RolloutPage,
  RunDetail,
  RunSummary,
  SampledProblem,
  StageAnswers,
  StageProblems,
  TaskInfo,
  TracePage,
} from "../../serve/wire.ts";
import { readEvents } from "./sse.ts";

/** An answer of the server's that says what is wrong; `OFFLINE` when there was no answer. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure" as const;
  readonly code: string;
  readonly help: string | null;

  constructor(error: ApiError["error"]) {
    super(error.message);
    this.code = error.code;
    this.help = error.help;
  }
}

/** Ratings wait for those before them: one that is not answered must not hold up the others for good. */
const SAVING_MS = 20_000;

async function call(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiFailure({
      code: "OFFLINE",
      message: "Reckon does not answer.",
      help: "It may have been closed. Start it again with npm start.",
    });
  }
  if (response.ok) return response;
  const body = (await response.json().catch(() => null)) as ApiError | null;
  throw new ApiFailure(
    body?.error ?? { code: `HTTP_${response.status}`, message: `The server answered ${response.status}.`, help: null },
  );
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await call(path, signal === undefined ? {} : { signal });
  return (await response.json()) as T;
}

function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const init: RequestInit = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  return call(path, signal === undefined ? init : { ...init, signal });
}

/** Path of a run's resource. */
export function runPath(name: string, rest = ""): string {
  return `/api/runs/${encodeURIComponent(name)}${rest}`;
}

function pipelinePath(name: string, rest = ""): string {
  return `/api/pipelines/${encodeURIComponent(name)}${rest}`;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** A query string of what is set. */
export function queryString(values: Query): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values))
    if (value !== undefined && value !== "") query.set(key, String(value));
  return query.toString();
}

export const api = {
  runs: (signal?: AbortSignal) => get<RunSummary[]>("/api/runs", signal),
  run: (name: string, signal?: AbortSignal) => get<RunDetail>(runPath(name), signal),
  metrics: async (name: string, signal?: AbortSignal) =>
    (await call(runPath(name, "/metrics?format=packed"), signal === undefined ? {} : { signal })).arrayBuffer(),
  rollouts: (name: string, query: Query, signal?: AbortSignal) =>
    get<RolloutPage>(runPath(name, `/rollouts?${queryString(query)}`), signal),
  search: (query: Query, signal?: AbortSignal) => get<RolloutPage>(`/api/rollouts?${queryString(query)}`, signal),
  problems: (query: Query, signal?: AbortSignal) => get<ProblemPage>(`/api/problems?${queryString(query)}`, signal),
  rowsAfter: (name: string, step: number, signal?: AbortSignal) =>
    get<MetricRow[]>(runPath(name, `/metrics?after=${step}`), signal),
  control: (name: string, action: "pause" | "resume") => post(runPath(name, `/${action}`), {}),
  pipelines: (signal?: AbortSignal) => get<PipelineSummary[]>("/api/pipelines", signal),
  pipeline: (name: string, signal?: AbortSignal) => get<PipelineDetail>(pipelinePath(name), signal),
  controlPipeline: (name: string, action: "pause" | "resume") => post(pipelinePath(name, `/${action}`), {}),
  stageProblems: (name: string, query: Query, signal?: AbortSignal) =>
    get<StageProblems>(pipelinePath(name, `/problems?${queryString(query)}`), signal),
  stageAnswers: (name: string, problem: string, signal?: AbortSignal) =>
    get<StageAnswers>(pipelinePath(name, `/answers?${queryString({ problem })}`), signal),
  traces: (run: string, query: Query, signal?: AbortSignal) =>
    get<TracePage>(runPath(run, `/traces?${queryString(query)}`), signal),
  models: (signal?: AbortSignal) => get<ModelInfo[]>("/api/models", signal),
  tasks: (signal?: AbortSignal) => get<TaskInfo[]>("/api/tasks", signal),
  label: (signal?: AbortSignal) => get<LabelInfo>("/api/label", signal),
  labelItem: (index: number, signal?: AbortSignal) => get<LabelItem>(`/api/label/${index}`, signal),
  rate: async (index: number, ratings: LabelItem["ratings"]) =>
    (await (await post(`/api/label/${index}`, { ratings }, AbortSignal.timeout(SAVING_MS))).json()) as {
      info: LabelInfo;
      item: LabelItem;
    },
  sample: ({ family, level, seed, language }: ProblemReference, signal?: AbortSignal) =>
    get<SampledProblem>(
      `/api/tasks/${encodeURIComponent(family)}/sample?${queryString({ level, seed, language })}`,
      signal,
    ),
};

export interface ChatCall {
  readonly model: string;
  readonly prompt: string;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly seed: number;
  readonly problem?: ProblemReference;
}

/** One completion; `onDelta` sees its text as it comes. */
export async function chat(
  request: ChatCall,
  onDelta: (delta: ChatDelta) => void,
  signal: AbortSignal,
): Promise<ChatResult> {
  const response = await post("/api/chat", request, signal);
  let result: ChatResult | null = null;
  for await (const { event, data } of readEvents(response)) {
    if (event === "delta") onDelta(JSON.parse(data) as ChatDelta);
    else if (event === "done") result = JSON.parse(data) as ChatResult;
    else if (event === "error") throw new ApiFailure(JSON.parse(data) as ApiError["error"]);
  }
  if (result !== null) return result;
  throw new ApiFailure({ code: "CUT_OFF", message: "The answer broke off.", help: "Ask again." });
}
