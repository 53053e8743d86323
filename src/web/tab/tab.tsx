/** Grow in this tab: the same growth as on the command line, in a worker of this page, without a server. */
import { useMemo, useState } from "react";
import type { ChartSpec } from "../../report/chart-specs.ts";
import { count, percent } from "../../report/format.ts";
import { Chart } from "../grow/chart.tsx";
import { Failure } from "../lib/status-parts.tsx";
import type { Theme } from "../lib/theme.ts";
import { told } from "../lib/told.ts";
import { useLeaveWarning } from "../lib/use-leave-warning.ts";
import { Controls } from "./controls.tsx";
import { PRESETS, withSettings } from "./presets.ts";
import type { EngineName } from "./protocol.ts";
import { Samples } from "./samples.tsx";
import { TalkHere } from "./talk-here.tsx";
import { type Growing, useGrowth } from "./use-growth.ts";

const CHARTS: readonly ChartSpec[] = [
  {
    id: "accuracy",
    title: "Held-out accuracy",
    about: "Share of problems it has never seen that it solves. The dashed line is what guessing gives.",
    series: [
      { key: "eval/accuracy", label: "accuracy", stroke: "main", sparse: true },
      { key: "eval/chance", label: "guessing", stroke: "quiet", reference: true, sparse: true },
    ],
    format: percent,
    zero: true,
    top: 1,
  },
  {
    id: "length",
    title: "Length of answers",
    about: "Tokens an answer takes, thinking included. Nobody tells it to think longer; it grows when that pays.",
    series: [{ key: "completions/mean_length", label: "in training", stroke: "main" }],
    format: (value) => value.toFixed(0),
    zero: true,
  },
  {
    id: "recheck",
    title: "Second looks",
    about: "Share of answers in which it tries again or checks what it has.",
    series: [
      { key: "recheck_share", label: "in training", stroke: "main" },
      { key: "eval/recheck_share", label: "held-out", stroke: "second", sparse: true },
    ],
    format: percent,
    zero: true,
    top: 1,
  },
];

export default function Tab({ theme }: { readonly theme: Theme }) {
  // `#/tab?preset=sums&steps=8`: settings of one's own, for those who look here.
  const query = useMemo(() => new URLSearchParams(window.location.hash.split("?")[1] ?? ""), []);
  const [preset, setPreset] = useState(() => PRESETS.find((one) => one.id === query.get("preset")) ?? PRESETS[0]!);
  const [engine, setEngine] = useState<EngineName>(query.get("engine") === "webgpu" ? "webgpu" : "wasm");
  const [threads, setThreads] = useState(1);
  const [growing, control] = useGrowth(engine, threads);
  const settings = useMemo(() => withSettings(preset.settings, query), [preset, query]);
  /** Of the growth on the page, whatever has been chosen for the next. */
  const [grown, setGrown] = useState(settings);
  const { curves, version, events, failure, phase } = growing;
  const begun = curves.length > 0;

  // A tab is lost without a word when it is closed: ask first while something grows.
  const busy = phase === "growing" || phase === "pausing" || phase === "paused";
  useLeaveWarning(busy);

  return (
    <>
      <div className="hero">
        <h1>{headlineOf(growing)}</h1>
        <p className="lede">{ledeOf(growing)}</p>
      </div>
      <Failure of={failure} />
      {events.map((event, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: events only come behind others.
        <p key={i} className={event.level === "info" ? "panel-about told" : "banner told"} role="status">
          {told(event)}
        </p>
      ))}
      <Controls
        growing={growing}
        preset={preset}
        onPreset={setPreset}
        engine={engine}
        onEngine={setEngine}
        threads={threads}
        onThreads={setThreads}
        onGrow={() => {
          setGrown(settings);
          control.grow(settings);
        }}
        control={control}
      />
      {begun && (
        <section className="panel" aria-labelledby="tab-curves">
          <h2 id="tab-curves" className="visually-hidden">
            Curves
          </h2>
          <div className="charts">
            {CHARTS.map((spec) => (
              <Chart
                key={spec.id}
                spec={spec}
                curves={curves}
                version={version}
                range={null}
                halfLife={0}
                theme={theme}
                onZoom={() => undefined}
              />
            ))}
          </div>
        </section>
      )}
      {growing.samples.length > 0 && <Samples records={growing.samples} />}
      {begun && <TalkHere growing={growing} problems={grown.problems} onAsk={control.ask} />}
      {growing.engine !== null && (
        <details className="more">
          <summary>What happens here</summary>
          <p className="lede small">
            This page has loaded a base model of {count(growing.engine?.parameters ?? 0)} parameters that mostly
            guesses, ONNX Runtime as WebAssembly, and Reckon itself. Each step it draws {settings.promptsPerStep}{" "}
            problems, lets the model answer each {settings.samplesPerPrompt} times, verifies the answers, and makes
            those more likely that did better than their neighbours (GRPO). Nothing is sent anywhere: you may go offline
            now. What has grown is gone when the tab is closed.
          </p>
        </details>
      )}
    </>
  );
}

function headlineOf({ phase, curves }: Growing): string {
  const accuracy = curves.span("eval/accuracy");
  switch (phase) {
    case "loading":
      return "One moment.";
    case "ready":
      return "Grow a model in this tab.";
    case "growing":
    case "pausing":
      return "This tab is teaching a model to reason.";
    case "paused":
      return "Learning is paused.";
    case "stopped":
      return "Learning was stopped.";
    case "finished":
      return accuracy !== null && accuracy.last > accuracy.first ? "It has learned." : "It is done.";
    case "failed":
      return "This did not work.";
    default:
      phase satisfies never;
      return "";
  }
}

function ledeOf({ phase, curves, loading }: Growing): string {
  const accuracy = curves.span("eval/accuracy");
  const chance = curves.recent("eval/chance", 1);
  if (phase === "loading") return `Loading ${loading}.`;
  if (accuracy === null)
    return "A small model learns to reason by being told only whether its answers are right. All of it happens on this page, on your processor, without a server.";
  const guess = chance === null ? "" : ` Guessing would be right ${percent(chance)} of the time.`;
  if (accuracy.count < 2)
    return `Untrained, it solves ${percent(accuracy.first)} of problems it has never seen.${guess}`;
  return `It solves ${percent(accuracy.last)} of problems it has never seen, ${accuracy.last >= accuracy.first ? "up" : "down"} from ${percent(accuracy.first)}.${guess}`;
}
