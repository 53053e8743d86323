/** The worker of the tab: loads an engine and the base, and leaves the rest to desk.ts. Talks to the page by protocol.ts. */
import { loadCheckpoint, parameterCount } from "../../model/index.ts";
import { ReckonError } from "../../util/errors.ts";
import { Desk, type Load } from "./desk.ts";
import { openEngine } from "./engine.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

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

const load: Load = async ({ engine, threads, base }) => {
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
  return { provider, model };
};

const desk = new Desk(load, tell);
scope.onmessage = ({ data }) => desk.receive(data);
