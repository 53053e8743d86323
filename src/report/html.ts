/** HTML from templates that escape: whatever is put in is text, unless it is markup made here itself. */

export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Fragment = string | number | Markup | null | undefined | readonly Fragment[];

/** Markup of a template; its values are escaped, for text and for attributes in double quotes. */
export function html(strings: TemplateStringsArray, ...values: readonly Fragment[]): Markup {
  let text = strings[0]!;
  values.forEach((value, i) => {
    text += rendered(value) + strings[i + 1]!;
  });
  return new Markup(text);
}

function rendered(value: Fragment): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return value.map(rendered).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
