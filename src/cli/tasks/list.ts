/** `reckon tasks list`: the built-in families by kind, each level with its chance. */
import type { Command } from "commander";
import { type Ladder, listTasks, sampleProblem, type Task } from "../../tasks/index.ts";
import { newCommand, uiOf } from "../command.ts";
import { table } from "../ui.ts";

/** What families have in common, in the order that they are shown in. */
const KINDS: readonly { readonly kind: string; readonly families: readonly string[] }[] = [
  { kind: "arithmetic", families: ["addition", "subtraction", "multiplication", "division", "expression", "clock"] },
  { kind: "algebra", families: ["equation", "polynomial"] },
  { kind: "numbers", families: ["gcd", "factors", "modular", "base", "sequence"] },
  { kind: "algorithms", families: ["max", "sort", "filter", "ranking", "maze"] },
  { kind: "games", families: ["countdown", "puzzle24"] },
  { kind: "logic", families: ["knights"] },
  { kind: "language", families: ["reverse", "letters", "caesar"] },
  { kind: "knowledge", families: ["recall"] },
];
const OTHER = "other";

/** Problems that a level's chance is the mean of. */
const CHANCE_DRAWS = 8;

/** The kind of a built-in family. */
export function kindOf(family: string): string {
  return KINDS.find(({ families }) => families.includes(family))?.kind ?? OTHER;
}

export function listCommand(): Command {
  return newCommand("list", "list the task families", [
    ["reckon tasks list --json", "the families as JSON, with their chance at each level"],
  ]).action((_options: object, command: Command) => {
    const ui = uiOf(command);
    const families = listTasks().map((task) => ({
      name: task.name,
      levels: task.levels,
      ladder: task.ladder,
      kind: kindOf(task.name),
      chance: Array.from({ length: task.levels }, (_, level) => chanceOf(task, level)),
    }));
    ui.document(families);
    if (ui.json) return;
    for (const kind of [...KINDS.map((entry) => entry.kind), OTHER]) {
      const own = families.filter((family) => family.kind === kind);
      if (own.length === 0) continue;
      ui.say(kind.toUpperCase());
      ui.say(
        table([
          ["  FAMILY", "LEVELS", "BY CHANCE, EASY TO HARD", "LADDER, EASY TO HARD"],
          ...own.map((f) => [
            `  ${f.name}`,
            f.levels === 1 ? "0" : `0-${f.levels - 1}`,
            f.chance.map(shortShare).join(" "),
            knobs(f.ladder),
          ]),
        ]),
      );
      ui.say();
    }
    ui.say("By chance: the probability that one random legal answer is right. More: reckon tasks card FAMILY");
  });
}

/** The mean chance of a level's held-out problems. */
function chanceOf(task: Task, level: number): number {
  let sum = 0;
  for (let index = 0; index < CHANCE_DRAWS; index++) {
    sum += sampleProblem(task, { seed: 0, index, level, split: "heldout" }).chance;
  }
  return sum / CHANCE_DRAWS;
}

/** A probability with one figure, as short as it goes: `0.2`, `6e-5`, `0`. */
export function shortShare(share: number): string {
  return share !== 0 && share < 0.001 ? share.toExponential(0) : String(Number(share.toPrecision(2)));
}

/** A ladder's knobs on one line. */
export function knobs(ladder: Ladder): string {
  return Object.entries(ladder)
    .map(([knob, values]) => `${knob} ${values.join(" ")}`)
    .join("; ");
}
