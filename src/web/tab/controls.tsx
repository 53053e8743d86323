/** Where the growth stands, its buttons, and what can be chosen before it begins. */
import { count, percent } from "../../report/format.ts";
import { PRESETS, type Preset } from "./presets.ts";
import type { EngineName, Phase } from "./protocol.ts";
import type { Growing, GrowthControl } from "./use-growth.ts";

const WORDS: Readonly<Record<Phase, string>> = {
  loading: "Loading",
  ready: "Ready",
  growing: "Learning",
  pausing: "Pausing",
  paused: "Paused",
  stopped: "Stopped",
  finished: "Finished",
  failed: "Failed",
};

/** Looks of the states that the style sheet knows. */
const LOOKS: Readonly<Record<Phase, string>> = {
  loading: "waiting",
  ready: "waiting",
  growing: "running",
  pausing: "running",
  paused: "paused",
  stopped: "stopped",
  finished: "finished",
  failed: "failed",
};

export interface ControlsProps {
  readonly growing: Growing;
  readonly preset: Preset;
  readonly onPreset: (preset: Preset) => void;
  readonly engine: EngineName;
  readonly onEngine: (engine: EngineName) => void;
  readonly threads: number;
  readonly onThreads: (threads: number) => void;
  readonly onGrow: () => void;
  readonly control: GrowthControl;
}

export function Controls(props: ControlsProps) {
  const { growing, preset, control } = props;
  const { phase, step, steps, curves } = growing;
  const running = phase === "growing" || phase === "pausing" || phase === "paused";
  const done = steps === 0 ? 0 : Math.min(1, step / steps);
  const speed = curves.recent("speed/tokens", 4);
  const length = curves.recent("completions/mean_length", 1);
  const accuracy = curves.recent("eval/accuracy", 1);
  const chance = curves.recent("eval/chance", 1);
  return (
    <section className="status card" aria-label="Growth">
      {!running && <Choices {...props} />}
      <dl className="facts tab-facts">
        <div>
          <dt>State</dt>
          <dd>
            <span className={`state state-${LOOKS[phase]}`}>{WORDS[phase]}</span>
          </dd>
        </div>
        <div>
          <dt>Step</dt>
          <dd data-step={step}>
            {steps === 0 ? "–" : count(step)}
            {steps > 0 && <small> of {count(steps)}</small>}
          </dd>
        </div>
        <div>
          <dt>Held-out right</dt>
          <dd data-accuracy={accuracy ?? ""}>
            {accuracy === null ? "–" : percent(accuracy)}
            {chance !== null && <small> chance {percent(chance)}</small>}
          </dd>
        </div>
        <div>
          <dt>Mean length</dt>
          <dd>
            {length === null ? "–" : length.toFixed(0)}
            {length !== null && <small> tokens</small>}
          </dd>
        </div>
        <div>
          <dt>Tokens a second</dt>
          <dd data-speed={speed ?? ""}>{speed === null ? "–" : count(speed)}</dd>
        </div>
        <div className="action">
          {!running && (
            <button
              type="button"
              className="button primary"
              disabled={growing.engine === null || phase === "loading"}
              onClick={props.onGrow}
            >
              {phase === "loading" || phase === "ready" || phase === "failed" ? "Start" : "Start anew"}
            </button>
          )}
          {(phase === "growing" || phase === "pausing") && (
            <button type="button" className="button" disabled={phase === "pausing"} onClick={control.pause}>
              {phase === "pausing" ? "Pausing…" : "Pause"}
            </button>
          )}
          {phase === "paused" && (
            <button type="button" className="button primary" onClick={control.go}>
              Continue
            </button>
          )}
          {running && (
            <button type="button" className="button" onClick={control.stop}>
              Stop
            </button>
          )}
        </div>
      </dl>
      {steps > 0 && (
        <div
          className={`progress progress-${LOOKS[phase]}`}
          role="progressbar"
          aria-label="Progress"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(done * 100)}
        >
          <span style={{ transform: `scaleX(${done})` }} />
        </div>
      )}
      <p className="tab-note">
        {running && `${preset.label}. `}
        {engineNote(growing)}
      </p>
    </section>
  );
}

function Choices({ growing, preset, onPreset, engine, onEngine, threads, onThreads }: ControlsProps) {
  const most = globalThis.crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency) : 1;
  const counts = [1, 2, 4, 8].filter((n) => n <= most);
  const loading = growing.phase === "loading";
  const refused = engine === "webgpu" && growing.engine?.name === "wasm";
  return (
    <fieldset className="draw" disabled={loading}>
      <legend className="visually-hidden">What to grow</legend>
      <label className="field tab-wide">
        <span>Problems</span>
        <select
          value={preset.id}
          onChange={(event) => onPreset(PRESETS.find((one) => one.id === event.target.value) ?? preset)}
        >
          {PRESETS.map((one) => (
            <option key={one.id} value={one.id}>
              {one.label}
            </option>
          ))}
        </select>
      </label>
      <label className="field">
        <span>Engine</span>
        <select value={engine} onChange={(event) => onEngine(event.target.value as EngineName)}>
          <option value="wasm">WebAssembly</option>
          <option value="webgpu">{refused ? "WebGPU (not here)" : "WebGPU"}</option>
        </select>
      </label>
      {engine === "wasm" && counts.length > 1 && (
        <label className="field tab-narrow">
          <span>Threads</span>
          <select value={threads} onChange={(event) => onThreads(Number(event.target.value))}>
            {counts.map((n) => (
              <option key={n}>{n}</option>
            ))}
          </select>
        </label>
      )}
      <p className="draw-about">{preset.about}</p>
    </fieldset>
  );
}

function engineNote({ engine, phase, loading }: Growing): string {
  if (engine === null) return phase === "failed" ? "" : `Loading ${loading}.`;
  const name = engine.name === "wasm" ? "WebAssembly" : "WebGPU";
  const threads = engine.threads > 1 ? `, ${engine.threads} threads` : "";
  return `${name}${threads}: passed its self-test of ${engine.selfTest.checks} graphs in ${Math.round(engine.selfTest.milliseconds)} ms.`;
}
