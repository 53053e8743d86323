/**
 * The little LaTeX that final answers are dressed in, taken off: math delimiters, a box around everything, fractions of
 * whole numbers, units as `\text{…}`, thin spaces and escaped signs. What is not known stays as it stands, so that a
 * formula is never mistaken for the number in it.
 *
 * Where a command falls away a space stays, so that nothing written in two parts (`4\text{}2`) becomes one number.
 */
import { trim } from "../answers.ts";

const BOXES = ["\\boxed", "\\fbox"] as const;

/** Boxes and delimiters around one another that are taken off; nobody writes more. */
const MOST_COATS = 4;

/**
 * The content of the last `\boxed{…}` or `\fbox{…}` of a text, braces balanced; null where there is none or the last one
 * is never closed. Linear in the text.
 */
export function lastBox(text: string): string | null {
  const at = Math.max(...BOXES.map((box) => text.lastIndexOf(`${box}{`)));
  if (at < 0) return null;
  const open = text.indexOf("{", at);
  const close = closing(text, open);
  return close < 0 ? null : text.slice(open + 1, close);
}

/** Index of the brace that closes the one at `open`, or -1. `\{` and `\}` are signs, not braces. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    const sign = text[i];
    if (sign === "\\") i++;
    else if (sign === "{") depth++;
    else if (sign === "}" && --depth === 0) return i;
  }
  return -1;
}

/** A text without delimiters and boxes around the whole of it. */
function undress(text: string): string {
  for (let coat = 0; coat < MOST_COATS; coat++) {
    const inner = withoutCoat(trim(text));
    if (inner === null) break;
    text = inner;
  }
  return trim(text);
}

function withoutCoat(text: string): string | null {
  for (const [open, close] of [
    ["$$", "$$"],
    ["$", "$"],
    ["\\(", "\\)"],
    ["\\[", "\\]"],
  ] as const) {
    if (text.length <= open.length + close.length || !text.startsWith(open) || !text.endsWith(close)) continue;
    const inner = text.slice(open.length, -close.length);
    // `$4 or $5$` opens and closes more than once; `\$5\$` ends in an escaped sign.
    if (!/(?:^|[^\\])\$|\\[()[\]]|\\$/.test(inner)) return inner;
  }
  for (const box of BOXES) {
    if (!text.startsWith(`${box}{`)) continue;
    const close = closing(text, box.length);
    if (close === text.length - 1 || (close === text.length - 2 && text.endsWith("."))) {
      return text.slice(box.length + 1, close);
    }
  }
  return null;
}

const WHOLE = String.raw`\s*(-?\d[\d,]*)\s*`;
const FRACTION = new RegExp(String.raw`\\[dt]?frac(?:\{${WHOLE}\}\{${WHOLE}\}|(\d)(\d)|(\d)\{${WHOLE}\})`, "g");

/**
 * An answer in plain signs: `\boxed{\$1{,}200}` is `$1,200`, `1\frac{1}{2}` is `1 1/2`, `5\text{ cm}^2` is `5 cm^2`. Only
 * for texts of a bounded length.
 */
export function plain(text: string): string {
  const signs = undress(text)
    .replace(/\\\$/g, "$")
    .replace(/\\%/g, "%")
    .replace(/\\!/g, "")
    .replace(/\{,\}/g, ",")
    .replace(/(\d)\\,(?=\d{3}(?!\d))/g, "$1,")
    .replace(/\\[,;: ]|(?<=[A-Za-z\d}])~(?=[A-Za-z\\])|\\q?quad(?![A-Za-z])/g, " ")
    .replace(/\\(?:left|right)(?![A-Za-z])/g, "")
    .replace(FRACTION, (_, a, b, c, d, e, f) => ` ${a ?? c ?? e}/${b ?? d ?? f} `)
    .replace(/\\(?:text(?:bf|rm|it|up)?|mathrm|mathbf|mbox)\s*\{([^{}]*)\}/g, " $1 ")
    .replace(/\^\s*(?:\\circ(?![A-Za-z])|\{\\circ\})|\\degree(?![A-Za-z])/g, "°")
    .replace(/\\(?:times|cdot)(?![A-Za-z])/g, "×")
    .replace(/\\pounds(?![A-Za-z])/g, "£")
    .replace(/\u2212/g, "-")
    .replace(/[ \t\r\n]+/g, " ")
    .replace(/ \^/g, "^");
  return trim(signs);
}
