/** Sizes of the processor's caches, as Linux tells them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Bytes of the data caches that the first core reaches, e.g. {L1: 32768, L2: 1048576}; empty where the system does not say. */
export function caches(folder = "/sys/devices/system/cpu/cpu0/cache"): Record<string, number> {
  try {
    const read = (index: string, file: string): string => readFileSync(join(folder, index, file), "utf8").trim();
    return Object.fromEntries(
      readdirSync(folder)
        .filter((name) => /^index\d+$/.test(name) && read(name, "type") !== "Instruction")
        .map((name): [string, number] => [`L${read(name, "level")}`, bytes(read(name, "size"))])
        .filter(([, size]) => size > 0)
        .sort(([a], [b]) => a.localeCompare(b)),
    );
  } catch {
    return {};
  }
}

/** "32K" → 32768; 0 of what is not understood */
function bytes(text: string): number {
  const [, digits, unit] = /^(\d+)([KMG]?)$/.exec(text) ?? [];
  if (digits === undefined) return 0;
  return Number(digits) * 1024 ** ["", "K", "M", "G"].indexOf(unit ?? "");
}
