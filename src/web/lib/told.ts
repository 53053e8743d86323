/** What went wrong, as it is shown: a line for what happened, one for each of what was expected and what came, one for what helps. */
import { sentence } from "../../report/format.ts";

export interface Trouble {
  /** The first line says what happened; others may give its details. */
  readonly message: string;
  readonly help?: string | null | undefined;
}

/**
 * For an element of the class `told`, which keeps the lines.
 * @param lead what goes before it in the same sentence
 */
export function told({ message, help }: Trouble, lead = ""): string {
  const [what = "", ...details] = `${lead}${message}`.split("\n");
  const lines = [sentence(what), ...details, sentence(help ?? "")];
  // Details are aligned for a terminal.
  return lines
    .map((line) => line.trim().replace(/ {2,}/g, " "))
    .filter((line) => line !== "")
    .join("\n");
}
