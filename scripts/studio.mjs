/**
 * Builds the studio (src/web) into dist/web when what it is made of has changed since the last build.
 * Plain JavaScript for Node 18; Vite itself runs on the Node that is passed in.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { SetupError } from "./install.mjs";
import { withLock } from "./lock.mjs";

/**
 * @param {string} root folder of the clone
 * @param {string} node path of the Node that runs Vite
 */
export async function ensureStudio(root, node) {
  if (!existsSync(join(root, "src", "web", "vite.config.ts"))) return;
  const stamp = join(root, "dist", "web", ".inputs");
  const isFresh = () => existsSync(stamp) && readFileSync(stamp, "utf8") === hashInputs(root);
  if (isFresh()) return;
  await withLock(
    join(root, ".build.lock"),
    async () => {
      if (isFresh()) return;
      process.stderr.write("reckon: building the studio\n");
      build(root, node);
      writeFileSync(stamp, hashInputs(root));
    },
    (holder) => process.stderr.write(`reckon: another command (process ${holder}) is building the studio; waiting\n`),
  );
}

function build(root, node) {
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  const args = ["build", "--config", join("src", "web", "vite.config.ts"), "--logLevel", "warn"];
  const done = spawnSync(node, [vite, ...args], { cwd: root, stdio: ["ignore", 2, 2] });
  if (done.status !== 0) {
    throw new SetupError(`the studio could not be built (Vite ended with ${done.status ?? done.signal})`);
  }
}

/** A hash over names, sizes and contents of everything the studio may be made of: the sources and the locked packages. */
function hashInputs(root) {
  const hash = createHash("sha256");
  const files = ["package-lock.json", "vite.config.ts", ...walk(root, "src")].filter((path) =>
    existsSync(join(root, path)),
  );
  for (const path of files.sort())
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update("\0");
  return hash.digest("hex");
}

function walk(root, folder) {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) return walk(root, path);
    return /\.test\.tsx?$/.test(name) ? [] : [path];
  });
}
