/** Every link of the documents leads to a file that is there, and to a heading that it has. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const pages = ["*.md", "docs/**/*.md", "bench/*.md", "models/*/*.md"].flatMap((where) =>
  globSync(where, { cwd: root }).map((file) => join(root, file)),
);

/** The text without code, in which nothing is a link and `#` begins no heading. */
const prose = (page: string): string => readFileSync(page, "utf8").replaceAll(/^```.*?^```/gms, "");

/** As GitHub makes anchors of headings. */
function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    [...prose(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => {
      const text = heading!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
      const anchor = text.replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
      const before = seen.get(anchor) ?? 0;
      seen.set(anchor, before + 1);
      return before === 0 ? anchor : `${anchor}-${before}`;
    }),
  );
}

test("links within the repository lead somewhere", () => {
  assert.ok(pages.length > 15, `${pages.length} pages`);
  let links = 0;
  const broken = pages.flatMap((page) =>
    [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target]) => {
      if (/^[a-z]+:/.test(target!)) return [];
      links++;
      const [path, anchor] = target!.split("#");
      const file = path === "" ? page : resolve(dirname(page), path!);
      const found = existsSync(file) && (anchor === undefined || anchorsOf(file).has(anchor));
      return found ? [] : [`${relative(root, page)}: ${target}`];
    }),
  );
  assert.ok(links > 100, `${links} links`);
  assert.deepEqual(broken, []);
});
