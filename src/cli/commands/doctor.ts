/** `reckon doctor`: can this machine run everything, and if not, what helps. Exit code 1 when something is broken. */
import type { Command } from "commander";
import { newCommand, uiOf } from "../command.ts";
import {
  type Check,
  checkChromium,
  checkEngine,
  checkFolder,
  checkMachine,
  checkMemory,
  checkModels,
  checkNode,
  checkSpeed,
  type Finding,
} from "../machine.ts";
import { packageVersion } from "../package.ts";
import { checkProviders } from "../provider-check.ts";
import { paint } from "../ui.ts";

const MARKS = { ok: paint("green", "ok     "), warning: paint("yellow", "warning"), failed: paint("red", "FAILED ") };

export function create(): Command {
  return newCommand("doctor", "", [
    ["reckon doctor", "looks at this machine and this folder"],
    ["reckon doctor --json", "the same for a script: { ok, version, findings: [{ check, status, detail, help? }] }"],
  ]).action(async (_options: object, command: Command) => {
    const ui = uiOf(command);
    ui.say(`reckon ${packageVersion()}`);
    const findings: Finding[] = [];
    const checks: (Check | (() => Finding[] | Promise<Finding[]>))[] = [
      () => checkNode(),
      checkMachine,
      checkEngine,
      () => checkProviders(),
      checkSpeed,
      () => checkMemory(),
      () => checkFolder(),
      () => checkModels(),
      () => checkChromium(),
    ];
    for (const check of checks) {
      for (const finding of [await check()].flat()) {
        findings.push(finding);
        ui.say(`${MARKS[finding.status]}  ${finding.check.padEnd(8)}  ${finding.detail}`);
        if (finding.help !== undefined) ui.say(`${" ".repeat(19)}→ ${finding.help}`);
      }
    }
    const failed = findings.filter((finding) => finding.status === "failed").length;
    ui.document({ ok: failed === 0, version: packageVersion(), findings });
    ui.say(failed === 0 ? "Everything that Reckon needs works." : `${failed} of ${findings.length} checks failed.`);
    if (failed > 0) process.exitCode = 1;
  });
}
