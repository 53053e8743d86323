/**
 * Finds added tokens (special ones and others) in a text, as Hugging Face's Rust library does: at each place the longest,
 * the leftmost first; `single_word` tokens not inside of words; `lstrip` and `rstrip` tokens take the spaces beside them.
 */

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Searched for in the normalised text instead of the raw one. */
  readonly normalized: boolean;
  readonly special: boolean;
}

const SPACE = /\p{White_Space}/u;
const WORD = /[\p{L}\p{M}\p{N}\p{Pc}]/u;

export class AddedTokenSplitter {
  readonly #tokens: ReadonlyMap<string, AddedToken>;
  readonly #pattern: RegExp | undefined;

  constructor(tokens: readonly AddedToken[]) {
    const usable = tokens.filter((token) => token.content.length > 0);
    this.#tokens = new Map(usable.map((token) => [token.content, token]));
    // Alternatives are tried in order, so the longest come first.
    const contents = [...this.#tokens.keys()].sort((a, b) => b.length - a.length);
    this.#pattern = contents.length === 0 ? undefined : new RegExp(alternatives(contents), "g");
  }

  /** The text in pieces: ids of added tokens, and what lies between, never empty. */
  split(text: string): (number | string)[] {
    const out: (number | string)[] = [];
    let done = 0;
    if (this.#pattern !== undefined) {
      for (const match of text.matchAll(this.#pattern)) {
        const token = this.#tokens.get(match[0])!;
        let start = match.index;
        let end = start + match[0].length;
        if (start < done) continue;
        if (token.single_word && (isWord(characterBefore(text, start)) || isWord(characterAt(text, end)))) continue;
        if (token.lstrip) while (start > done && SPACE.test(text[start - 1]!)) start--;
        if (token.rstrip) while (end < text.length && SPACE.test(text[end]!)) end++;
        if (start > done) out.push(text.slice(done, start));
        out.push(token.id);
        done = end;
      }
    }
    if (done < text.length) out.push(text.slice(done));
    return out;
  }
}

/** Matches each character at which one of the texts begins, overlapping ones too; texts of one character are left out. */
export function startPattern(contents: readonly string[]): RegExp | undefined {
  const long = contents.filter((content) => content.length > 1);
  return long.length === 0 ? undefined : new RegExp(`(?=${alternatives(long)})[^]`, "g");
}

function alternatives(contents: readonly string[]): string {
  return contents.map((content) => content.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&")).join("|");
}

function isWord(character: string): boolean {
  return WORD.test(character);
}

function characterAt(text: string, index: number): string {
  const code = text.codePointAt(index);
  return code === undefined ? "" : String.fromCodePoint(code);
}

function characterBefore(text: string, index: number): string {
  const low = index >= 2 && /[\uDC00-\uDFFF]/.test(text[index - 1]!);
  return index === 0 ? "" : characterAt(text, low ? index - 2 : index - 1);
}
