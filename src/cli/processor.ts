/** What this machine's processor is called, with its generation where the name hides it. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/**
 * The first processor's name. In a virtual machine it may be the maker's alone ("AMD EPYC"), so Linux's numbers of family and
 * model stand beside it.
 * @param info the text of /proc/cpuinfo; empty where there is none
 */
export function processor(name: string | undefined = cpus()[0]?.model, info = cpuInfo()): string {
  const called = name?.trim() || "unknown processor";
  const [family, model] = ["cpu family", "model"].map(
    (key) => info.match(new RegExp(`^${key}\\s*: (\\d+)$`, "m"))?.[1],
  );
  return family && model ? `${called} (family ${family}, model ${model})` : called;
}

function cpuInfo(): string {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return ""; // not Linux
  }
}
