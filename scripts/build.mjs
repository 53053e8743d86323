/**
 * Builds what the npm package holds: JavaScript and declarations in dist/, the studio in dist/web.
 * Called by `npm pack` (prepack) through scripts/launch.mjs; its own output goes to standard error, because npm's
 * standard output is read by scripts.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureStudio } from "./studio.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

if (existsSync(dist)) {
  for (const name of readdirSync(dist)) {
    if (name !== "web") rmSync(join(dist, name), { recursive: true, force: true });
  }
}
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const compiled = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: ["ignore", 2, 2],
});
if (compiled.status !== 0) process.exit(1);
await ensureStudio(root, process.execPath);
