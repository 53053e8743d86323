/** A few answers of the newest step: of the first problems, one that was right and one that was not, where there are. */

import { plural } from "../../report/format.ts";
import type { RolloutRecord } from "../../train/index.ts";
import { Mark } from "../grow/rollout-parts.tsx";

export function Samples({ records }: { readonly records: readonly RolloutRecord[] }) {
  const chosen = choose(records);
  return (
    <section className="panel" aria-labelledby="tab-samples">
      <header className="panel-head">
        <h2 id="tab-samples">What it writes</h2>
        <p className="panel-about">Answers of step {records[0]!.step}, in training.</p>
      </header>
      <ul className="tab-samples">
        {chosen.map((record) => (
          <li key={`${record.group}-${record.index}`} className="card">
            <p className="tab-prompt">
              <Mark right={record.score >= 0.999} />
              {record.prompt}
            </p>
            {record.thinking.trim() !== "" && <pre className="thinking">{record.thinking.trim()}</pre>}
            <p className="tab-answer">
              {record.answer === null ? <span className="faint">no answer in the agreed form</span> : record.answer}
              <small> {plural(record.tokens, "token", "tokens")}</small>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function choose(records: readonly RolloutRecord[]): RolloutRecord[] {
  const groups = new Map<number, RolloutRecord[]>();
  for (const record of records) groups.set(record.group, [...(groups.get(record.group) ?? []), record]);
  return [...groups.values()].flatMap((group) => {
    const right = group.find((record) => record.score >= 0.999);
    const wrong = group.find((record) => record.score < 0.999);
    return [right, wrong].filter((record) => record !== undefined);
  });
}
