/** Which provider computes: the first of a list that loads and passes its self-test. The reasons of the others are told. */
import { ReckonError } from "../util/errors.ts";
import { type TestedProvider, testProvider } from "./self-test.ts";
import type { Provider } from "./session.ts";

export interface ProviderSource {
  readonly name: string;
  /** @throws ReckonError where the machine has no such provider */
  load(): Promise<Provider>;
}

/** Why a provider is not used; or that it is used with standard operators alone. */
export interface ProviderWarning {
  readonly code: "PROVIDER_REFUSED" | "PROVIDER_PORTABLE";
  readonly provider: string;
  readonly message: string;
}

/**
 * Loads and tests providers in order.
 * @throws the last one's error when none is left
 */
export async function firstSound(
  sources: readonly ProviderSource[],
  warn: (warning: ProviderWarning) => void,
): Promise<TestedProvider> {
  for (const [i, source] of sources.entries()) {
    try {
      const tested = await testProvider(await source.load());
      const wrong = tested.reports.slice(0, -1).flatMap((report) => report.faults);
      if (wrong.length > 0)
        warn({
          code: "PROVIDER_PORTABLE",
          provider: source.name,
          message: `the provider ${source.name} uses standard operators: its own compute wrongly (${wrong.map(({ check }) => check).join(", ")})`,
        });
      return tested;
    } catch (error) {
      if (i === sources.length - 1) throw error;
      const message = `the provider ${source.name} is not used: ${reasonOf(error)}; ${sources[i + 1]!.name} takes over`;
      warn({ code: "PROVIDER_REFUSED", provider: source.name, message });
    }
  }
  throw new ReckonError("PROVIDER_REFUSED", "no provider was asked for");
}

/** What an error says, in one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof ReckonError) return error.got === undefined ? error.summary : `${error.summary} (${error.got})`;
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}
