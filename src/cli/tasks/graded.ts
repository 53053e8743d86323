/**
 * `reckon tasks graded`: chains of thought of differing quality with their ratings, or responses of which some are preferred,
 * as JSON lines (docs/reward-models.md).
 */
import { type Command, Option } from "commander";
import {
  getTask,
  gradedTraces,
  PREFERENCES,
  type Preference,
  type ProblemWeight,
  preferenceTraces,
  type Split,
} from "../../tasks/index.ts";
import { integer, newCommand, uiOf } from "../command.ts";
import { MIXES, type MixName, mixOption } from "../evaluation.ts";

interface Options {
  readonly level: number;
  readonly count: number;
  readonly chains: number;
  readonly seed: number;
  readonly split: Split;
  readonly mix: MixName;
  readonly preferences?: Preference;
  readonly unrated?: true;
}

export function gradedCommand(): Command {
  return newCommand("graded", "write chains of thought of differing quality with their ratings", [
    ["reckon tasks graded --count 5000 > graded.jsonl", "what reckon train reward --set data=graded.jsonl learns from"],
    ["reckon tasks graded addition --level 1 --count 3 --chains 6", "six chains on each of three additions"],
    ["reckon tasks graded --preferences helpful --count 3", "what the judge of R1's last stage learns from"],
    [
      "reckon tasks graded --count 100 --unrated > chains.jsonl",
      "chains to rate yourself: reckon start --label chains.jsonl",
    ],
  ])
    .argument("[family]", "one family from `reckon tasks list` (default: a mixture)")
    .option("--level <n>", "difficulty of the family, 0 is the easiest", integer(0), 0)
    .addOption(mixOption("the mixture, where no family is given: that of `npm start`, or of all families"))
    .addOption(
      new Option(
        "--preferences <what>",
        "responses instead, of which the helpful or harmless ones have the score 1",
      ).choices(PREFERENCES),
    )
    .addOption(new Option("--unrated", "leave the ratings out, for people to give them").conflicts("preferences"))
    .option("--count <n>", "how many problems", integer(0), 1)
    .option("--chains <n>", "chains on each, at most: equal ones are written once", integer(1), 4)
    .option("--seed <n>", "the same seed writes the same chains", integer(0), 0)
    .addOption(
      new Option("--split <split>", "problems seen or never seen in training")
        .choices(["heldout", "train"])
        .default("train"),
    )
    .action(async (family: string | undefined, options: Options, command: Command) => {
      const ui = uiOf(command);
      const { level, count, chains, seed, split, mix, preferences: about } = options;
      const problems: readonly ProblemWeight[] =
        family === undefined ? MIXES[mix] : [{ family: getTask(family).name, level, weight: 1 }];
      for (let index = 0; index < count; index++) {
        const request = { seed, index, split, chains, problems };
        for (const trace of about ? preferenceTraces({ ...request, about }) : gradedTraces(request)) {
          const { ratings: _, ...rest } = trace;
          await ui.line(JSON.stringify(options.unrated ? rest : trace));
        }
      }
    });
}
