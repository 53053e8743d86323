/** Settings of runs beside each other: only those in which they differ, with today's defaults. */

export interface Configured {
  /** The resolved recipe; anything else (null of a damaged file) has no settings. */
  readonly recipe: unknown;
  /** Defaults of its stage. */
  readonly defaults: Readonly<Record<string, unknown>>;
}

export interface SettingRow {
  /** For example `learningRate`, `schedule.warmup` or `problems.countdown 1`. */
  readonly key: string;
  /** One value a run, as text; null where the run does not have it. */
  readonly values: readonly (string | null)[];
  /** The default, where there is one. */
  readonly standard: string | null;
}

/** Texts that describe and do not configure. */
const PROSE: ReadonlySet<string> = new Set(["description"]);

/** All settings of a recipe, by path. The only stage of a recipe has no prefix; rungs go by family and level. */
export function settingsOf(recipe: unknown): Map<string, string> {
  const out = new Map<string, string>();
  if (!isObject(recipe)) return out;
  const { stages, ...rest } = recipe;
  add(out, "", rest);
  if (Array.isArray(stages) && stages.length === 1) add(out, "", stages[0]);
  else if (stages !== undefined) add(out, "stages", stages);
  return out;
}

/** @param onlyDifferent leave out what is the same in all of them */
export function compareSettings(runs: readonly Configured[], onlyDifferent: boolean): SettingRow[] {
  const settings = runs.map(({ recipe }) => settingsOf(recipe));
  const standards = runs.map(({ defaults }) => settingsOf(defaults));
  // In the order of the first recipe; what only others have comes after.
  const keys = [...new Set(settings.flatMap((one) => [...one.keys()]))];
  return keys
    .map((key): SettingRow => {
      const values = settings.map((one) => one.get(key) ?? null);
      return { key, values, standard: standards.find((one) => one.has(key))?.get(key) ?? null };
    })
    .filter(({ values }) => {
      if (!onlyDifferent) return true;
      // A run whose settings are not known differs in none of them.
      const known = values.filter((_, i) => settings[i]!.size > 0);
      return new Set(known).size > 1;
    });
}

function add(out: Map<string, string>, path: string, value: unknown): void {
  const at = (key: string | number): string => (path === "" ? String(key) : `${path}.${key}`);
  if (Array.isArray(value) && value.length > 0 && value.every(isObject)) {
    value.forEach((item: Readonly<Record<string, unknown>>, i) => {
      const { family, level, weight } = item;
      if (typeof family === "string" && typeof level === "number" && Object.keys(item).length === 3)
        out.set(`${path}.${family} ${level}`, text(weight));
      else add(out, at(i), item);
    });
  } else if (isObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      if (path === "" && PROSE.has(key)) continue;
      add(out, at(key), inner);
    }
  } else if (path !== "") {
    out.set(path, text(value));
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "none");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
