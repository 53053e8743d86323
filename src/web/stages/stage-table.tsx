/** What each stage gave, as in the stage table of DeepSeek-R1: a model a column, all measured alike on held-out problems. */
import type { StageMeasurement } from "../../serve/wire.ts";

interface Line {
  readonly id: string;
  readonly label: string;
  /** Whether it is a part of the line above. */
  readonly part: boolean;
  readonly of: (row: StageMeasurement) => string;
}

/** With one decimal throughout: columns are compared line by line. */
const share = (value: number | null | undefined): string =>
  value === null || value === undefined || Number.isNaN(value) ? "–" : `${(100 * value).toFixed(1)}%`;

export function StageTable({ name, table }: { readonly name: string; readonly table: readonly StageMeasurement[] }) {
  const outdated = table.filter((row) => row.outdated).map((row) => row.name);
  const [first] = table;
  return (
    <section aria-labelledby="table-title" className="panel">
      <header className="panel-head">
        <h2 id="table-title">What each stage gave</h2>
        <p className="panel-about">
          {first === undefined
            ? "All models on the same held-out problems and instructions."
            : `All models on the same ${first.problems} held-out problems, and on held-out instructions. Guessing is right ${share(first.chance)} of the time.`}
        </p>
      </header>
      {outdated.length > 0 && (
        <p className="flaws" role="status">
          Measured before the stage ran again: {outdated.join(", ")}.
        </p>
      )}
      {first === undefined ? (
        <p className="empty-line card">
          The table is made when all stages are done; <code>reckon eval runs/{name} --stages</code> makes it of what
          there is.
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        <section className="table-box card" tabIndex={0} aria-label="Stage table">
          <table className="stage-table">
            <thead>
              <tr>
                <td />
                {table.map((row) => (
                  <th key={row.name} scope="col">
                    {row.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {linesOf(table).map(({ id, label, part, of }) => (
                <tr key={id} className={part ? "part" : undefined}>
                  <th scope="row">{label}</th>
                  {table.map((row) => (
                    <td key={row.name}>{of(row)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function linesOf(table: readonly StageMeasurement[]): Line[] {
  const all = (of: (row: StageMeasurement) => object): string[] =>
    [...new Set(table.flatMap((row) => Object.keys(of(row))))].sort();
  const line = (label: string, of: Line["of"]): Line => ({ id: label, label, of, part: false });
  const part = (of: string, label: string, value: Line["of"]): Line => ({
    id: `${of} ${label}`,
    label,
    of: value,
    part: true,
  });
  // A share of no problems is none.
  const asked = (label: string, of: Line["of"]): Line => line(label, (row) => (row.problems === 0 ? "–" : of(row)));
  return [
    asked("right", ({ accuracy, se }) => `${share(accuracy)} ± ${(100 * se).toFixed(1)}`),
    ...all(({ families }) => families).map((family) => part("family", family, (row) => share(row.families[family]))),
    line("one language", ({ language }) => share(language)),
    asked("strict format", ({ format }) => share(format)),
    asked("tokens an answer", ({ tokens }) => tokens.toFixed(1)),
    asked("tokens of thinking", ({ thinking }) => thinking.toFixed(1)),
    line("instructions followed", ({ instructions }) => share(instructions.followed)),
    ...all(({ instructions }) => instructions.kinds).flatMap((kind) => [
      part("kind", kind, ({ instructions }) => share(instructions.kinds[kind]?.followed)),
      part("kind", `${kind}, and right`, ({ instructions }) => share(instructions.kinds[kind]?.right)),
    ]),
  ];
}
