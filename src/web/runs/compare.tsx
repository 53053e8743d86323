/** The curves of the chosen runs over each other, and the settings in which they differ. */
import { useMemo, useState } from "react";
import { comparedMetrics } from "../../report/chart-specs.ts";
import { forcesWaits } from "../../report/forced-text.ts";
import { AXES, type Axis } from "../../report/run-curves.ts";
import { OverlayChart } from "./overlay-chart.tsx";
import { SettingsDiff } from "./settings-diff.tsx";
import type { ComparedRun } from "./use-compared.ts";

const AXIS_NAMES: Readonly<Record<Axis, string>> = { step: "Steps", tokens: "Tokens", minutes: "Minutes" };

/** Marks of the smoothing's slider: half-lives as shares of a run. */
const SMOOTHINGS = [0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15] as const;
const FIRST_SMOOTHING = 3;

export interface CompareProps {
  readonly runs: readonly ComparedRun[];
  readonly loading: boolean;
  /** They are the stages of one run: they can stand in a row, and of course their settings differ. */
  readonly stages?: boolean;
}

export function Compare({ runs, loading, stages = false }: CompareProps) {
  const [inRow, setInRow] = useState(stages);
  const [axis, setAxis] = useState<Axis>("step");
  const [mark, setMark] = useState(FIRST_SMOOTHING);
  const [more, setMore] = useState(false);
  const version = runs.map(({ name, version }) => `${name}:${version}`).join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: `runs` is a new list at each look, `version` says what changed.
  const stable = useMemo(() => runs, [version]);
  const keys = [...new Set(stable.flatMap(({ curves }) => curves.keys()))].sort().join(" ");
  const forced = stable.some(({ detail }) => forcesWaits(detail.recipe));
  const metrics = useMemo(() => comparedMetrics(keys === "" ? [] : keys.split(" "), forced), [keys, forced]);
  const smoothing = SMOOTHINGS[mark]!;
  const shared = { runs: stable, version, axis, smoothing, inRow };

  if (runs.length === 0) return <p className="empty-line card">{loading ? "Loading…" : "Nothing to show."}</p>;
  return (
    <>
      <section aria-labelledby="overlay-title" className="panel">
        <header className="panel-head">
          <h2 id="overlay-title">Curves</h2>
          <div className="tools">
            {stages && (
              // biome-ignore lint/a11y/useSemanticElements: as below.
              <div className="segmented" role="group" aria-label="Place of the stages">
                <button type="button" aria-pressed={inRow} onClick={() => setInRow(true)}>
                  In a row
                </button>
                <button type="button" aria-pressed={!inRow} onClick={() => setInRow(false)}>
                  Over each other
                </button>
              </div>
            )}
            {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in a row everywhere. */}
            <div className="segmented" role="group" aria-label="Axis">
              {AXES.map((one) => (
                <button key={one} type="button" aria-pressed={axis === one} onClick={() => setAxis(one)}>
                  {AXIS_NAMES[one]}
                </button>
              ))}
            </div>
            <label className="field-inline smoothing">
              Smoothing
              <input
                type="range"
                min={0}
                max={SMOOTHINGS.length - 1}
                step={1}
                value={mark}
                aria-valuetext={smoothing === 0 ? "none" : `half-life ${smoothing * 100} % of a run`}
                onChange={(event) => setMark(Number(event.target.value))}
              />
              <output>{smoothing === 0 ? "none" : `${smoothing * 100} %`}</output>
            </label>
          </div>
        </header>
        <div className="charts">
          {metrics.main.map((spec) => (
            <OverlayChart key={spec.id} spec={spec} {...shared} />
          ))}
        </div>
        {metrics.main.length === 0 && <p className="empty-line card">These runs have logged nothing yet.</p>}
        {metrics.more.length > 0 && (
          <details className="more" open={more} onToggle={(event) => setMore(event.currentTarget.open)}>
            <summary>All other curves ({metrics.more.length})</summary>
            {more && (
              <div className="charts">
                {metrics.more.map((spec) => (
                  <OverlayChart key={spec.id} spec={spec} {...shared} />
                ))}
              </div>
            )}
          </details>
        )}
      </section>
      {!stages && <SettingsDiff runs={stable} />}
    </>
  );
}
