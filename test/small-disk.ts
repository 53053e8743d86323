/** A file system of a few megabytes that only one process and its children see, for tests of what a full disk does. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const mount = (size: string): string[] => [
  ...["--user", "--map-root-user", "--mount", "sh", "-c"],
  `mount -t tmpfs -o size=${size} none "$0" && exec "$@"`,
];

/** Why it cannot be had here; false where it can. */
export function noSmallDisk(): string | false {
  return withFolder((folder) => {
    const works = process.platform === "linux" && spawnSync("unshare", [...mount("1m"), folder, "true"]).status === 0;
    return works ? false : "needs unshare with user namespaces";
  });
}

/**
 * Runs a module of test/ with the folder of such a file system as its first argument.
 * @param size e.g. `12m`
 */
export function onSmallDisk(size: string, module: string, ...args: string[]): { stdout: string; stderr: string } {
  return withFolder((disk) => spawnSync("unshare", commandOn(disk, size, module, ...args), { encoding: "utf8" }));
}

/** The same as arguments of `unshare`, for a module that one wants to talk to while it runs, and a folder of one's own. */
export function commandOn(disk: string, size: string, module: string, ...args: string[]): string[] {
  const file = join(import.meta.dirname, module);
  return [...mount(size), disk, process.execPath, "--conditions=reckon-source", file, disk, ...args];
}

function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "reckon-disk-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes all the room that is left. */
export function fill(disk: string): void {
  for (let n = 0; free(disk) > 0; n++) writeFileSync(join(disk, `filler-${n}`), new Uint8Array(free(disk)));
}

/** Gives back what `fill` took. */
export function makeRoom(disk: string): void {
  for (let n = 0; ; n++) {
    try {
      rmSync(join(disk, `filler-${n}`));
    } catch {
      return;
    }
  }
}

/** Bytes that can still be written. */
export function free(disk: string): number {
  const { bavail, bsize, blocks } = statfsSync(disk);
  if (blocks * bsize > 50e6) throw new Error(`${disk} is no small file system`);
  return bavail * bsize;
}
