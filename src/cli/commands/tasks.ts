/** `reckon tasks`: the task families seen from outside, as text and as JSON lines. */
import type { Command } from "commander";
import { newCommand } from "../command.ts";
import { cardCommand } from "../tasks/card.ts";
import { gradedCommand } from "../tasks/graded.ts";
import { listCommand } from "../tasks/list.ts";
import { sampleCommand } from "../tasks/sample.ts";
import { verifyCommand } from "../tasks/verify.ts";

export function create(): Command {
  return newCommand("tasks", "", [
    ["reckon tasks list", "shows the families and their difficulty ladders"],
    ["reckon tasks card countdown", "shows all about one family"],
    ["reckon tasks sample countdown --level 1 --count 5", "shows five problems"],
  ])
    .addCommand(listCommand())
    .addCommand(cardCommand())
    .addCommand(sampleCommand())
    .addCommand(verifyCommand())
    .addCommand(gradedCommand());
}
