/** The settings in which the chosen runs differ, with their defaults. */
import { useState } from "react";
import { compareSettings } from "../../report/config-diff.ts";
import { RunLabel } from "./run-label.tsx";
import type { ComparedRun } from "./use-compared.ts";

export function SettingsDiff({ runs }: { readonly runs: readonly ComparedRun[] }) {
  const [all, setAll] = useState(false);
  const configured = runs.map(({ detail }) => ({
    recipe: detail.resolved ?? detail.recipe,
    defaults: detail.defaults,
  }));
  const onlyDifferent = runs.length > 1 && !all;
  const rows = compareSettings(configured, onlyDifferent);
  const unknown = runs.filter(({ detail }) => detail.recipe === null).map(({ name }) => name);
  return (
    <section aria-labelledby="settings-title" className="panel">
      <header className="panel-head">
        <h2 id="settings-title">{onlyDifferent ? "Settings that differ" : "Settings"}</h2>
        {runs.length > 1 && (
          <label className="field-inline check">
            <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} />
            Show all settings
          </label>
        )}
      </header>
      {unknown.length > 0 && <p className="inline-error">Not known of {unknown.join(", ")}: no recipe can be read.</p>}
      {rows.length === 0 ? (
        <p className="empty-line card">
          {runs.length > 1 ? "They have the same settings: what differs is chance." : "There are none."}
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        <section className="table-box card" tabIndex={0} aria-label="Table of settings">
          <table className="settings">
            <thead>
              <tr>
                <th scope="col" className="setting-run">
                  Setting
                </th>
                {runs.map(({ name }) => (
                  <th scope="col" className="setting-run" key={name}>
                    <RunLabel name={name} />
                  </th>
                ))}
                <th scope="col" className="setting-run">
                  default
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ key, values, standard }) => (
                <tr key={key}>
                  <th scope="row" className="setting-key">
                    {key}
                  </th>
                  {values.map((value, i) => (
                    <td key={runs[i]!.name} className={value === standard ? "is-standard" : undefined}>
                      {value ?? <em>none</em>}
                    </td>
                  ))}
                  <td className="standard">{standard ?? "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
