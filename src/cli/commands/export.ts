/**
 * `reckon export`: a run's model as a folder in Hugging Face's layout, in half precision, with its lineage. With `--evaluate`
 * what is written is measured, weights rounded as they are, in place of the last evaluation of its training.
 */
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { saveCheckpoint } from "../../model/hf-checkpoint.ts";
import { summarise } from "../../train/evaluate.ts";
import { integer, newCommand, uiOf } from "../command.ts";
import { evaluateModel, heldOutProblems, type MixName, mixOption } from "../evaluation.ts";
import { openModel } from "../models.ts";
import { writeFiles } from "../output.ts";
import { formatBytes, type Ui } from "../ui.ts";

interface Options {
  readonly dtype: "BF16" | "F32";
  readonly description?: string;
  readonly evaluate?: number;
  readonly mix: MixName;
  readonly workers: number;
}

/** How `--evaluate` asks: as `reckon eval` does unless it is told otherwise. */
const ASKED = { samples: 1, seed: 0, temperature: 1, maxTokens: 256 } as const;

const ELSEWHERE = "name another folder";

export function create(): Command {
  return newCommand("export", "", [
    ["reckon export runs/r1-zero my-model", "writes my-model/: config.json, model.safetensors, tokenizer.json, …"],
    [
      'reckon export runs/r1-zero my-model --dtype F32 --description "adds well"',
      "in full precision, with a line about it",
    ],
    [
      "reckon export runs/r1-zero my-model --evaluate 2000 --mix small",
      "with its figures on 2,000 held-out problems of all families in reckon.json",
    ],
  ])
    .argument("<model>", "a run, a folder, or a shipped model")
    .argument("<folder>", "where to write")
    .addOption(new Option("--dtype <type>", "of the weights").choices(["BF16", "F32"]).default("BF16"))
    .option("--description <text>", "one line, kept in reckon.json")
    .option("--evaluate <n>", "measure what was written on so many held-out problems", integer(1))
    .addOption(mixOption("their mixture: that of `npm start`, or of all families"))
    .option(
      "--workers <n>",
      "threads of the evaluation; does not change the result",
      integer(1),
      availableParallelism(),
    )
    .action(async (name: string, folder: string, options: Options, command: Command) => {
      const ui = uiOf(command);
      const { checkpoint } = await openModel(name, ui);
      const { config, parameters, tokenizer, tokens, extra } = checkpoint;
      const known = (extra.reckon ?? {}) as Readonly<Record<string, unknown>>;
      const description = options.description ?? known["description"];
      const reckon = description === undefined ? known : { ...known, description };
      const written = { config, parameters, tokenizerJson: tokenizer.toJson(), dtype: options.dtype, tokens };
      const files = saveCheckpoint({ ...written, reckon });
      const inFolder = [...files].map(([file, content]) => [join(folder, file), content] as const);
      const bytes = writeFiles(new Map(inFolder), ELSEWHERE);
      const evaluation =
        options.evaluate === undefined ? undefined : await measured(folder, options.evaluate, options, ui);
      if (evaluation) {
        const lineage = saveCheckpoint({ ...written, reckon: { ...reckon, evaluation } }).get("reckon.json")!;
        writeFiles(new Map([[join(folder, "reckon.json"), lineage]]), ELSEWHERE);
      }
      ui.document({ folder: resolve(folder), files: [...files.keys()], bytes, ...(evaluation ? { evaluation } : {}) });
      ui.say(`${folder}: ${[...files.keys()].join(", ")} (${formatBytes(bytes)})`);
    });
}

/** The figures of a model that was written, with what it was asked. */
async function measured(folder: string, count: number, { mix, workers }: Options, ui: Ui): Promise<object> {
  const { checkpoint } = await openModel(resolve(folder));
  const progress = ui.progress("answers", count);
  const answers = await evaluateModel(checkpoint, heldOutProblems(count, mix), {
    ...ASKED,
    workers,
    onProgress: (done) => progress.update(done),
  });
  const summary = summarise(answers, ASKED.samples);
  progress.end(`${(100 * summary.pass_at_1).toFixed(1)} % of ${count} held-out problems right`);
  return { ...summary, asked: { mix, ...ASKED } };
}
