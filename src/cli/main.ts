/** The entrance of the command line: `node src/cli/main.ts <command>`, `reckon <command>`. */
import { run } from "./program.ts";

// A reader that has seen enough (`reckon tasks sample … | head`) closes the pipe: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

// Launched by bin/runtime.mjs: end with the launcher should it vanish without passing a signal on (kill -9).
if (process.connected && process.env["RECKON_LAUNCHED"] === "1") {
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel?.unref();
}

process.exitCode = await run(process.argv.slice(2));
