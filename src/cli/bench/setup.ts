/** `reckon bench setup`: a Python of the benchmarks' own with the packages of bench/peers/requirements.txt. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ReckonError } from "../../util/errors.ts";
import { packageRoot } from "../package.ts";
import { noteInstall } from "./footprint.ts";
import { venvFolder, venvPython } from "./peer.ts";

/** @returns seconds that it took */
export function setUpPeers(python: string): number {
  const requirements = join(packageRoot(), "bench", "peers", "requirements.txt");
  if (!existsSync(requirements))
    throw new ReckonError("BENCH_NO_PEERS", "this installation has no bench/peers", { help: "use a clone" });
  const began = performance.now();
  run(python, ["-m", "venv", "--clear", venvFolder()], "install Python 3.10 or newer with its venv module");
  run(
    venvPython(),
    ["-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check", "-r", requirements],
    "see what pip said above; `--python` takes another Python",
  );
  const seconds = Math.round((performance.now() - began) / 1000);
  noteInstall(seconds);
  return seconds;
}

/** What the program says goes to standard error, so that --json stays one document. */
function run(program: string, args: readonly string[], help: string): void {
  const { status, error } = spawnSync(program, args, { stdio: ["ignore", 2, 2] });
  if (status !== 0)
    throw new ReckonError("BENCH_SETUP", `${program} ${args.slice(0, 3).join(" ")} failed`, {
      got: error?.message ?? `exit code ${status}`,
      help,
    });
}
