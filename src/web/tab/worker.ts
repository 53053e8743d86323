/** The worker of the tab: loads an engine and the base, grows, and answers. Talks to the page by protocol.ts. */
import type { Provider } from "../../graph/index.ts";
import { type LoadedCheckpoint, loadCheckpoint, parameterCount } from "../../model/index.ts";
import { ReckonError } from "../../util/errors.ts";
import { openEngine } from "./engine.ts";
import { Growth, type GrowthListener } from "./growth.ts";
import type { FromWorker, Phase, Question, ToWorker } from "./protocol.ts";

/** All files of a model that are asked for: a browser reports what is not there. */
const FILES: ReadonlySet<string> = new Set([
  "config.json",
  "generation_config.json",
  "model.safetensors",
  "reckon.json",
  "tokenizer.json",
  "tokenizer_config.json",
]);

const scope = globalThis as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};
const tell = (message: FromWorker): void => scope.postMessage(message);

let loaded: { readonly provider: Provider; readonly model: LoadedCheckpoint } | undefined;
let growth: Growth | undefined;
let phase: Phase = "loading";
let stopping = false;
/** Asked while a step was under way. */
const questions: Question[] = [];
/** One thing at a time: a session must not be entered twice. */
let work: Promise<void> = Promise.resolve();

function enter(next: Phase): void {
  phase = next;
  tell({ kind: "phase", phase, step: growth?.step ?? 0 });
}

async function load({ engine, threads, base }: Extract<ToWorker, { kind: "load" }>): Promise<void> {
  tell({ kind: "loading", what: "the engine" });
  const { provider, reports } = await openEngine(engine, threads, ({ code, message }) => {
    const level = code === "PROVIDER_REFUSED" ? "warning" : "info";
    tell({ kind: "event", event: { level, code, step: 0, message } });
  });
  tell({ kind: "loading", what: "the model" });
  const model = await loadCheckpoint({
    async get(name) {
      if (!FILES.has(name)) return undefined;
      const response = await fetch(new URL(name, base));
      if (!response.ok)
        throw new ReckonError("BASE_MISSING", "the base model could not be loaded", {
          got: `${name}: status ${response.status}`,
          help: "start the studio from a complete package",
        });
      return new Uint8Array(await response.arrayBuffer());
    },
  });
  loaded = { provider, model };
  const passed = reports.at(-1)!;
  tell({
    kind: "engine",
    info: {
      name: provider.name,
      threads: provider.name === "wasm" && globalThis.crossOriginIsolated ? threads : 1,
      fused: provider.target === "fused",
      parameters: parameterCount(model.config),
      selfTest: { checks: passed.checks.length, milliseconds: passed.milliseconds },
    },
  });
  enter("ready");
}

const listener: GrowthListener = {
  metrics(row) {
    tell({ kind: "metrics", row });
    tell({ kind: "phase", phase, step: row.step });
  },
  samples: (records) => tell({ kind: "samples", records }),
  event: (event) => tell({ kind: "event", event }),
  async breathe() {
    // A timer lets messages in: WebAssembly answers at once, so that nothing else in a step does.
    await new Promise((resolve) => setTimeout(resolve));
    await answerAll();
  },
};

async function grow(): Promise<void> {
  stopping = false;
  enter("growing");
  await growth!.run(listener);
  enter(growth!.finished ? "finished" : stopping ? "stopped" : "paused");
  await answerAll();
}

async function answerAll(): Promise<void> {
  for (let question = questions.shift(); question !== undefined; question = questions.shift()) {
    const { id } = question;
    try {
      for (const side of ["before", "now"] as const)
        await growth!.ask(question, side, (said) => tell({ kind: "said", id, side, said }));
    } catch (error) {
      // A question that cannot be answered ends no growth.
      const { message, help } = wordsOf(error);
      tell({ kind: "unsaid", id, message, help });
    }
  }
}

function wordsOf(error: unknown): { code: string; message: string; help: string | null } {
  if (error instanceof ReckonError) return { code: error.code, message: error.summary, help: error.help ?? null };
  const message = `internal: ${error instanceof Error ? error.message : String(error)}`;
  return { code: "TAB_FAULT", message, help: null };
}

/** Puts work behind what is under way; a failure is told and ends the growth, never the worker. */
function queue(step: () => Promise<void>): void {
  work = work.then(step).catch((error: unknown) => {
    tell({ kind: "failed", ...wordsOf(error) });
    enter("failed");
  });
}

scope.onmessage = ({ data }) => {
  switch (data.kind) {
    case "load":
      queue(() => load(data));
      break;
    case "grow":
      queue(async () => {
        await growth?.release();
        growth = await Growth.create(loaded!.provider, loaded!.model, data.settings);
        await grow();
      });
      break;
    case "pause":
      growth?.pause();
      if (phase === "growing") enter("pausing");
      break;
    case "stop":
      stopping = true;
      growth?.pause();
      if (phase === "growing") enter("pausing");
      if (phase === "paused") enter("stopped");
      break;
    case "continue":
      queue(grow);
      break;
    case "ask":
      questions.push(data.question);
      if (phase !== "growing" && phase !== "pausing") queue(answerAll);
      break;
    default:
      data satisfies never;
  }
};
