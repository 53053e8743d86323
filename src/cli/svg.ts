/** The frame of the documents' pictures, and text in them. */
export const INK = "#24292f";
export const FAINT = "#d0d7de";

/** A picture on white, so that it reads on any page. */
export function svg(
  { title, width, height, fontSize }: { title: string; width: number; height: number; fontSize: number },
  parts: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="${fontSize}" fill="${INK}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
