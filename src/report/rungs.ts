/** The rungs of a run: those that its settings name, and those that it was tested on. */
import { settingsOf } from "./config-diff.ts";
import { RUNG } from "./ladder.ts";

const IN_SETTINGS = /(?:^|\.)problems\.(.+ \d+)$/;

/**
 * As "family level", in order.
 * @param recipe anything else than a recipe names none
 * @param keys of metrics that were logged
 */
export function rungNames(recipe: unknown, keys: readonly string[]): string[] {
  const named = [...settingsOf(recipe).keys()].flatMap((key) => IN_SETTINGS.exec(key)?.[1] ?? []);
  const tested = keys.flatMap((key) => {
    const match = RUNG.exec(key);
    return match === null ? [] : [`${match[1]} ${match[2]}`];
  });
  return [...new Set([...named, ...tested])].sort(byNumber.compare);
}

/** Level 10 comes behind level 9. */
const byNumber = new Intl.Collator("en", { numeric: true });
