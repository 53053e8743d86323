/** Held-out accuracy by family and level as a heat map, at any evaluation of the chosen runs. The map is a table. */
import { useState } from "react";
import { percent, plural } from "../../report/format.ts";
import { type LadderRow, ladderAt, ladderSteps, type Rung } from "../../report/ladder.ts";
import { RunLabel } from "./run-label.tsx";
import type { ComparedRun } from "./use-compared.ts";

export function LadderPanel({ runs, loading }: { readonly runs: readonly ComparedRun[]; readonly loading: boolean }) {
  const steps = [...new Set(runs.flatMap(({ curves }) => ladderSteps(curves)))].sort((a, b) => a - b);
  /** A step that was chosen; null for the last one, whatever comes. */
  const [chosen, setChosen] = useState<number | null>(null);
  const step = chosen ?? steps.at(-1) ?? 0;
  const index = Math.max(
    0,
    steps.findLastIndex((one) => one <= step),
  );
  if (steps.length === 0) {
    return <p className="empty-line card">{loading ? "Loading…" : "None of these runs has been evaluated so far."}</p>;
  }
  return (
    <section aria-labelledby="ladder-title" className="panel">
      <header className="panel-head">
        <h2 id="ladder-title">The ladder</h2>
        <p className="panel-about">
          Share of held-out problems solved, by family and level; what guessing gives and the number of problems, n,
          stand beside it. Pale cells have few of them.
        </p>
      </header>
      <label className="ladder-slider card">
        <span>
          Evaluation at step <output>{steps[index]}</output>
        </span>
        <input
          type="range"
          min={0}
          max={steps.length - 1}
          step={1}
          value={index}
          aria-label="Evaluation"
          aria-valuetext={`step ${steps[index]}`}
          onChange={(event) => {
            const next = Number(event.target.value);
            setChosen(next === steps.length - 1 ? null : steps[next]!);
          }}
        />
      </label>
      <div className="ladders">
        {runs.map((run) => (
          <Ladder key={run.name} run={run} step={steps[index]!} />
        ))}
      </div>
    </section>
  );
}

function Ladder({ run, step }: { readonly run: ComparedRun; readonly step: number }) {
  const at = ladderSteps(run.curves).findLast((one) => one <= step);
  if (at === undefined) {
    return (
      <div className="ladder card">
        <h3>
          <RunLabel name={run.name} />
        </h3>
        <p className="empty-line">It had not been evaluated by then.</p>
      </div>
    );
  }
  const rows = ladderAt(run.curves, run.curves.keys(), at);
  const levels = [...new Set(rows.flatMap(({ rungs }) => rungs.map(({ level }) => level)))].sort((a, b) => a - b);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="ladder card" tabIndex={0} aria-label={`Ladder of ${run.name}`}>
      <table>
        <caption>
          <RunLabel name={run.name} /> <small>at step {at}</small>
        </caption>
        <thead>
          <tr>
            <th scope="col">Family</th>
            {levels.map((level) => (
              <th scope="col" key={level}>
                level {level}
              </th>
            ))}
            <th scope="col">all</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.family} row={row} levels={levels} />
          ))}
        </tbody>
      </table>
      {levels.length === 0 && <p className="ladder-note">This run logged its families only, not their levels.</p>}
    </section>
  );
}

function Row({ row, levels }: { readonly row: LadderRow; readonly levels: readonly number[] }) {
  return (
    <tr>
      <th scope="row" className="rung-family">
        {row.family}
      </th>
      {levels.map((level) => {
        const rung = row.rungs.find((one) => one.level === level);
        return rung === undefined ? (
          <td key={level} className="rung-none">
            <span className="visually-hidden">not posed</span>
          </td>
        ) : (
          <Cell key={level} rung={rung} />
        );
      })}
      <td className="rung-all">{row.accuracy === null ? "–" : percent(row.accuracy)}</td>
    </tr>
  );
}

/** Of fewer problems than this one answer more moves a cell by ten points or more: it is paler, and says so. */
const FEW_PROBLEMS = 10;

function Cell({ rung }: { readonly rung: Rung }) {
  const { accuracy, chance, problems, first } = rung;
  const few = problems !== null && problems < FEW_PROBLEMS;
  const beside = [chance === null ? [] : `chance ${percent(chance)}`, problems === null ? [] : `n ${problems}`].flat();
  const told =
    problems === null
      ? undefined
      : `${plural(problems, "problem", "problems")}${few ? `: one right answer more or less is ${percent(1 / problems)}` : ""}`;
  return (
    <td
      className={few ? "rung rung-few" : "rung"}
      style={{ "--heat": `${Math.round(accuracy * 100)}%` } as React.CSSProperties}
      title={told}
    >
      <b>{percent(accuracy)}</b>
      <span>{accuracy === first ? "as at first" : `from ${percent(first)}`}</span>
      {beside.length > 0 && <span>{beside.join(", ")}</span>}
    </td>
  );
}
