/** What happens when nobody reads standard output or standard error any more (`reckon tasks sample … | head`). */

let broken = (): void => process.exit(0); // A reader that has seen enough is no failure.

/** Watches both streams; called once, by the program's entrance. */
export function watchPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error; // A pipe without a reader, a closed terminal.
      broken();
    });
  }
}

/**
 * Does `action` instead of ending at once, for work that must not be lost. It may be called more than once.
 * @returns a function that brings back what was before
 */
export function onBrokenPipe(action: () => void): () => void {
  const before = broken;
  broken = action;
  return () => {
    broken = before;
  };
}
