/**
 * The address of a program's other entry beside one of its files, for threads and processes of its own: a packed installation
 * holds JavaScript, a clone TypeScript, and the other file is whatever this one is.
 * @param url of the asking module, `import.meta.url`
 * @param name of the file, without its ending
 */
export function beside(url: string, name: string): URL {
  return new URL(`./${name}${url.endsWith(".ts") ? ".ts" : ".js"}`, url);
}
