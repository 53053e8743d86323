/** What the package says about itself. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The version of this package, e.g. "0.1.0". */
export function packageVersion(): string {
  const path = new URL("../../package.json", import.meta.url); // The same from src/cli and from dist/cli.
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

/** The folder that holds package.json, and models/ beside it. */
export function packageRoot(): string {
  return fileURLToPath(new URL("../../", import.meta.url)); // The same from src/cli and from dist/cli.
}
