/** All charts of a run, with one zoom and one smoothing for all. */
import { useMemo, useState } from "react";
import { chooseCharts } from "../../report/chart-specs.ts";
import { forcesWaits } from "../../report/forced-text.ts";
import { count } from "../../report/format.ts";
import type { Curves } from "../lib/curves.ts";
import { isReading } from "../lib/headline.ts";
import type { Theme } from "../lib/theme.ts";
import { Chart } from "./chart.tsx";
import type { Range } from "./chart-data.ts";

const SMOOTHINGS = { none: 0, some: 0.015, much: 0.06 } as const;
type Smoothing = keyof typeof SMOOTHINGS;

export function CurvesPanel({
  curves,
  version,
  recipe,
  theme,
}: {
  readonly curves: Curves;
  readonly version: number;
  /** The run's settings, as written; anything where they cannot be read. */
  readonly recipe: unknown;
  readonly theme: Theme;
}) {
  const [range, setRange] = useState<Range | null>(null);
  const [smoothing, setSmoothing] = useState<Smoothing>("some");
  const [more, setMore] = useState(false);
  const steps = Math.max(1, curves.lastStep - (curves.steps[0] ?? 0));
  // A share of the run, so that it reads alike at 100 and at 100,000 steps; in whole powers, so that it does not creep.
  const wanted = steps * SMOOTHINGS[smoothing];
  const halfLife = wanted < 0.7 ? 0 : Math.max(1, 2 ** Math.round(Math.log2(wanted)));
  const reading = isReading(curves);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `curves` changes in place, `version` says when.
  const keys = useMemo(() => curves.keys().join(" "), [curves, version]);
  const forced = forcesWaits(recipe);
  const charts = useMemo(
    () => chooseCharts(keys === "" ? [] : keys.split(" "), reading, forced),
    [keys, reading, forced],
  );
  const shared = { curves, version, range, halfLife, theme, onZoom: setRange };

  const lastOnly = (share: number): void =>
    setRange({ from: Math.floor(curves.lastStep - steps * share), to: curves.lastStep });

  return (
    <section aria-labelledby="curves-title" className="panel">
      <header className="panel-head">
        <h2 id="curves-title">Curves</h2>
        <div className="tools">
          {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in a row everywhere. */}
          <div className="segmented" role="group" aria-label="Steps in view">
            <button type="button" aria-pressed={range === null} onClick={() => setRange(null)}>
              All
            </button>
            <button type="button" onClick={() => lastOnly(0.5)} disabled={steps < 8}>
              Last half
            </button>
            <button type="button" onClick={() => lastOnly(0.1)} disabled={steps < 40}>
              Last tenth
            </button>
          </div>
          <label className="field-inline">
            Smoothing
            <select value={smoothing} onChange={(event) => setSmoothing(event.target.value as Smoothing)}>
              <option value="none">none</option>
              <option value="some">light</option>
              <option value="much">strong</option>
            </select>
          </label>
        </div>
      </header>
      {range !== null && (
        <p className="zoom-note">
          Steps {count(Math.max(0, range.from))} to {count(range.to)}.{" "}
          <button type="button" className="link" onClick={() => setRange(null)}>
            Show all
          </button>
        </p>
      )}
      <div className="charts">
        {charts.main.map((spec) => (
          <Chart key={spec.id} spec={spec} {...shared} />
        ))}
      </div>
      {charts.more.length > 0 && (
        <details className="more" open={more} onToggle={(event) => setMore(event.currentTarget.open)}>
          <summary>More curves</summary>
          {more && (
            <div className="charts">
              {charts.more.map((spec) => (
                <Chart key={spec.id} spec={spec} {...shared} />
              ))}
            </div>
          )}
        </details>
      )}
    </section>
  );
}
