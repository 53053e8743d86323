/** Turns measurements into docs/evidence.md: tables, the floors that were set beforehand, and what falls short of them. */
import type { Measurement } from "./measure.ts";

export interface ReportFacts {
  readonly command: string;
  readonly cpu: string;
  readonly problems: number;
  readonly samples: number;
  readonly seeds: readonly number[];
}

interface Floor {
  readonly what: string;
  readonly wanted: string;
  readonly got: string;
  readonly met: boolean;
}

export function evidenceReport(measurements: readonly Measurement[], facts: ReportFacts): string {
  const find = (name: string, temperature = 1): Measurement => {
    const found = measurements.find((m) => m.name === name && m.temperature === temperature);
    if (!found) throw new Error(`internal: no measurement ${name} at ${temperature}`);
    return found;
  };
  const base = find("base");
  const zeros = facts.seeds.map((seed) => ({ seed, row: find(`zero seed ${seed}`) }));
  const floors = [baseFloor(base), ...zeros.flatMap(({ seed, row }) => floorsOf(seed, base, row))];
  const best = [...measurements]
    .filter((m) => m.name === "base")
    .sort((a, b) => b.summary.pass_at_1 - a.summary.pass_at_1)[0]!;
  const missed = floors.filter((floor) => !floor.met);
  return `# Evidence: what reinforcement learning adds

Made by \`${facts.command}\` on ${facts.cpu}. ${facts.problems} held-out problems (the split is on the canonical problem,
so no reordering or translation of a training problem is among them), sampled once each at temperature 1 unless said, with
at most 256 new tokens; what is cut counts as wrong. ± is one standard error over problems. Seeds of reinforcement
learning: ${facts.seeds.join(", ")}, all from the one shipped base, so these intervals say nothing about other bases.

## The base, its reinforcement, and the controls

${markdown(
  [
    "model",
    "right",
    "format",
    "right given format",
    "tokens (right / wrong)",
    "retry or re-check",
    "went on after a wrong first try",
    "of these right",
  ],
  measurements.filter((m) => !m.name.includes("pass@k")).map(rowOf),
)}

A random legal answer is right ${percent(base.summary.chance)} of the time. The base is at its best at temperature ${best.temperature}: ${percent(best.summary.pass_at_1)}.
"sft" is the same base fine-tuned on clean worked solutions of training problems (\`reckon train sft\`): what one gets who
already has the solutions. "First try", "retry" and "re-check" are read off the thinking by arithmetic, not by its own verdicts.

## Coverage: pass@k, ${facts.samples} answers to each of the first ${Math.ceil(facts.problems / 2)} problems

${markdown(
  ["model", ...ks(facts.samples).map((k) => `@${k}`)],
  measurements
    .filter((m) => m.name.includes("pass@k"))
    .map((m) => [m.name.replace(" pass@k", ""), ...ks(facts.samples).map((k) => percent(m.summary.pass_at_k[k] ?? 0))]),
)}

${beyond(
  find("base pass@k"),
  facts.seeds.map((seed) => ({ seed, row: find(`zero seed ${seed} pass@k`) })),
)}

## By family and level

${families(base, zeros)}

## Elementary skills inside countdown searches

${markdown(["model", "attempts", "equation right", "numbers legal", "verdict right", "“yes”", "false among “yes”", "repeats"], [base, ...zeros.map((z) => z.row)].map(skillRow))}

## Floors that were set beforehand

${markdown(
  ["floor", "wanted", "measured", ""],
  floors.map((f) => [f.what, f.wanted, f.got, f.met ? "met" : "**missed**"]),
)}

${missed.length === 0 ? "All are met." : `${missed.length} of ${floors.length} are missed.`} Training took ${zeros.map((z) => `${(z.row.trainSeconds / 60).toFixed(1)} min (seed ${z.seed})`).join(", ")}, evaluation as it ran included.
`;
}

function baseFloor(base: Measurement): Floor {
  return {
    what: "base: strict format",
    wanted: "≥ 60 %",
    got: percent(base.summary.format),
    met: base.summary.format >= 0.6,
  };
}

function floorsOf(seed: number, base: Measurement, zero: Measurement): Floor[] {
  const [b, z] = [base.summary, zero.summary];
  const floor = (what: string, wanted: string, got: string, met: boolean): Floor => ({
    what: `seed ${seed}: ${what}`,
    wanted,
    got,
    met,
  });
  const rise = z.accuracy_given_format - b.accuracy_given_format;
  return [
    floor("right given format rises", "≥ 15 points", `${(100 * rise).toFixed(1)} points`, rise >= 0.15),
    floor("share right", "≥ 2 × base", `${(z.pass_at_1 / b.pass_at_1).toFixed(2)} ×`, z.pass_at_1 >= 2 * b.pass_at_1),
    floor(
      "mean tokens",
      "≥ 1.6 × base",
      `${(z.tokens_mean / b.tokens_mean).toFixed(2)} ×`,
      z.tokens_mean >= 1.6 * b.tokens_mean,
    ),
    floor("answers with a retry or re-check", "≥ 30 %", percent(z.recheck_share), z.recheck_share >= 0.3),
    floor("right after a wrong first try", "≥ 33.3 %", percent(z.recovered), z.recovered >= 1 / 3),
    floor("strict format", "≥ 95 %", percent(z.format), z.format >= 0.95),
  ];
}

function rowOf(m: Measurement): string[] {
  const s = m.summary;
  return [
    m.name.includes(" T ") ? m.name : `${m.name}${m.temperature === 1 ? "" : ` T ${m.temperature}`}`,
    `${percent(s.pass_at_1)} ± ${percent(s.se)}`,
    percent(s.format),
    percent(s.accuracy_given_format),
    `${s.tokens_mean.toFixed(1)} (${s.tokens_right.toFixed(1)} / ${s.tokens_wrong.toFixed(1)})`,
    percent(s.recheck_share),
    percent(s.went_on_share),
    percent(s.recovered),
  ];
}

function skillRow(m: Measurement): string[] {
  const {
    attempts = 0,
    equationRight = 0,
    numbersLegal = 0,
    verdictRight = 0,
    yes = 0,
    falseYes = 0,
    repeats = 0,
  } = m.skills;
  const share = (x: number, of = attempts): string => (of === 0 ? "–" : percent(x / of));
  return [
    m.name,
    String(attempts),
    share(equationRight),
    share(numbersLegal),
    share(verdictRight),
    share(yes),
    share(falseYes, yes),
    share(repeats),
  ];
}

function families(base: Measurement, zeros: readonly { readonly seed: number; readonly row: Measurement }[]): string {
  const rows = base.summary.by_family_level.map((rung) => {
    const same = zeros.map(({ row }) =>
      row.summary.by_family_level.find((r) => r.family === rung.family && r.level === rung.level),
    );
    return [
      `${rung.family} ${rung.level}`,
      String(rung.n),
      percent(rung.chance),
      `${percent(rung.accuracy)} (${rung.tokens_mean.toFixed(0)})`,
      ...same.map((r) => (r ? `${percent(r.accuracy)} (${r.tokens_mean.toFixed(0)})` : "–")),
    ];
  });
  return markdown(
    [
      "family and level",
      "problems",
      "chance",
      "base: right (tokens)",
      ...zeros.map((z) => `seed ${z.seed}: right (tokens)`),
    ],
    rows,
  );
}

/** Where reinforcement goes beyond what the base finds in k tries, and where it does not; all on the same problems. */
function beyond(base: Measurement, zeros: readonly { readonly seed: number; readonly row: Measurement }[]): string {
  const k = Object.keys(base.summary.pass_at_k).at(-1)!;
  const reach = base.summary.pass_at_k[k]!;
  const parts = zeros.map(({ seed, row }) => `seed ${seed} reaches ${percent(row.summary.pass_at_1)}`);
  return `In one try ${parts.join(", ")}; the base holds a right answer among ${k} tries for ${percent(reach)} of the problems. Where one try after reinforcement stays below that, it has made what the base could do more likely, not added to it.`;
}

function ks(samples: number): string[] {
  return Array.from({ length: Math.floor(Math.log2(samples)) + 1 }, (_, i) => String(2 ** i));
}

function percent(x: number): string {
  return `${(100 * x).toFixed(1)} %`;
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
