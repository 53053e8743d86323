/** `reckon tasks sample`: problems of a family, for reading or as JSON lines. The JSON is a frozen interface. */
import { type Command, Option } from "commander";
import type { Language, RowFields, Split } from "../../tasks/index.ts";
import { integer, newCommand, uiOf } from "../command.ts";
import { fieldsOption, nameOption, openTask, skipBrokenOption } from "./open.ts";

interface Options {
  readonly level: number;
  readonly count: number;
  readonly seed: number;
  readonly split: Split;
  readonly language?: Language;
  readonly skipBroken?: boolean;
  readonly fields?: RowFields;
  readonly as?: string;
}

export function sampleCommand(): Command {
  return newCommand("sample", "draw problems of a family", [
    ["reckon tasks sample addition --level 2 --count 3", "three additions to look at"],
    ["reckon tasks sample countdown --level 1 --count 2000 --seed 7 --json > problems.jsonl", "a held-out test set"],
    ["reckon tasks sample ./questions.jsonl --split train", "a problem of a file of questions and answers"],
  ])
    .argument("<family>", "a name from `reckon tasks list`, or the path of a task module or a .jsonl file")
    .option("--level <n>", "difficulty, 0 is the easiest", integer(0), 0)
    .option("--count <n>", "how many problems", integer(0), 1)
    .option("--seed <n>", "the same seed draws the same problems", integer(0), 0)
    .addOption(
      new Option("--split <split>", "problems seen or never seen in training")
        .choices(["heldout", "train"])
        .default("heldout"),
    )
    .addOption(new Option("--language <code>", "language of the prompts (default: a mixture)").choices(["en", "de"]))
    .addOption(skipBrokenOption())
    .addOption(fieldsOption())
    .addOption(nameOption())
    .action(async (family: string, options: Options, command: Command) => {
      const ui = uiOf(command);
      const { level, seed, split } = options;
      const language = options.language === undefined ? {} : { language: options.language };
      const task = await openTask(family, ui, options);
      try {
        for (let index = 0; index < options.count; index++) {
          const problem = await task.problem({ seed, index, level, split, ...language });
          if (ui.json) await ui.line(JSON.stringify(problem));
          else {
            const gold = await task.gold(problem.facts);
            await ui.line(`${problem.prompt}\n  answer: ${gold}    (by chance: ${problem.chance.toPrecision(2)})`);
          }
        }
      } finally {
        await task.close();
      }
    });
}
