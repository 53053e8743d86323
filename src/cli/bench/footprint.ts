/**
 * What has to be installed before a first step: bytes on disk, and how long `reckon bench setup` took for the peers.
 * Sizes count every file once, as they lie on disk.
 */
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../package.ts";
import { pythonOfPeers, venvFolder } from "./peer.ts";

export interface Footprint {
  /** 10⁶ bytes of what production needs: the packages that package.json's dependencies bring, and Node itself. */
  readonly ours: number;
  /** 10⁶ bytes of the peers' site-packages, without pip; null where there is no PyTorch among them. */
  readonly peer: number | null;
  /** The same without CUDA's libraries and Triton, which PyPI's wheels bring and a processor does not use. */
  readonly peerWithoutCuda: number | null;
  /** Seconds that installing the peers took, downloads included. */
  readonly peerInstallSeconds: number | null;
}

const STAMP = "reckon.json";
const MEGA = 1e6;

export function footprint(): Footprint {
  const [folder, packages] = pythonFolders() ?? [venvFolder(), undefined];
  const stamp = join(folder, STAMP);
  const seconds = existsSync(stamp) ? (JSON.parse(readFileSync(stamp, "utf8")) as { seconds: number }).seconds : null;
  const [all, cuda] = packages === undefined ? [null, 0] : sizesOf(packages);
  return {
    ours: Math.round(productionBytes() / MEGA),
    peer: all === null ? null : Math.round(all / MEGA),
    peerWithoutCuda: all === null ? null : Math.round((all - cuda) / MEGA),
    peerInstallSeconds: seconds,
  };
}

/** Notes beside the venv how long it took to make. */
export function noteInstall(seconds: number): void {
  writeFileSync(join(venvFolder(), STAMP), `${JSON.stringify({ seconds })}\n`);
}

/** What `npm ci --omit=dev` would lay out, by the lock file, for this platform. */
function productionBytes(): number {
  const root = packageRoot();
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path !== "" && !entry.dev && existsSync(join(root, path)))
    .reduce((total, [path]) => total + bytesOf(join(root, path), (name) => name !== "node_modules"), 0);
}

/** Of the Python that peers run on: its own folder, and that of its packages if PyTorch is among them. */
function pythonFolders(): [own: string, packages: string | undefined] | undefined {
  const code = "import sys, sysconfig; print(sys.prefix); print(sysconfig.get_path('purelib'))";
  const { status, stdout } = spawnSync(pythonOfPeers(), ["-c", code], { encoding: "utf8" });
  if (status !== 0) return undefined;
  const [own, packages] = stdout.trim().split(/\r?\n/) as [string, string];
  return [own, existsSync(join(packages, "torch")) ? packages : undefined];
}

/** All, and of that CUDA: its libraries beside torch, inside torch, and Triton. */
function sizesOf(folder: string): [all: number, cuda: number] {
  const counted = (name: string): boolean => !/^(pip|_distutils_hack)/.test(name);
  const all = bytesOf(folder, counted);
  const names = readdirSync(folder).filter((name) => /^(nvidia|triton|cuda|cusparselt)/.test(name));
  const beside = names.reduce((total, name) => total + bytesOf(join(folder, name)), 0);
  const torch = join(folder, "torch", "lib");
  const inside = existsSync(torch) ? readdirSync(torch).filter((name) => /cuda|nccl|cudnn|cublas/.test(name)) : [];
  return [all, inside.reduce((total, name) => total + lstatSync(join(torch, name)).size, beside)];
}

/** @param counted names in the folder itself that count; default all */
function bytesOf(path: string, counted: (name: string) => boolean = () => true): number {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path)
    .filter(counted)
    .reduce((total, name) => total + bytesOf(join(path, name)), 0);
}
