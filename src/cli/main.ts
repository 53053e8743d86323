/** The entrance of the command line: `node src/cli/main.ts <command>`, `reckon <command>`. */
import { explainFailure } from "./command.ts";
import { watchPipes } from "./pipes.ts";
import { run } from "./program.ts";

watchPipes((error) => explainFailure(error).text);

// Launched by bin/runtime.mjs: end with the launcher should it vanish without passing a signal on (kill -9).
if (process.connected && process.env["RECKON_LAUNCHED"] === "1") {
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel?.unref();
}

process.exitCode = await run(process.argv.slice(2));
