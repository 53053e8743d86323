/** `reckon export`: a run's model as a folder in Hugging Face's layout, in half precision, with its lineage. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { saveCheckpoint } from "../../model/hf-checkpoint.ts";
import { newCommand, uiOf } from "../command.ts";
import { openModel } from "../models.ts";
import { formatBytes } from "../ui.ts";

interface Options {
  readonly dtype: "BF16" | "F32";
  readonly description?: string;
}

export function create(): Command {
  return newCommand("export", "", [
    ["reckon export runs/r1-zero my-model", "writes my-model/: config.json, model.safetensors, tokenizer.json, …"],
    [
      'reckon export runs/r1-zero my-model --dtype F32 --description "adds well"',
      "in full precision, with a line about it",
    ],
  ])
    .argument("<model>", "a run, a folder, or a shipped model")
    .argument("<folder>", "where to write")
    .addOption(new Option("--dtype <type>", "of the weights").choices(["BF16", "F32"]).default("BF16"))
    .option("--description <text>", "one line, kept in reckon.json")
    .action(async (name: string, folder: string, options: Options, command: Command) => {
      const ui = uiOf(command);
      const { checkpoint } = await openModel(name);
      const { config, parameters, tokenizer, tokens, extra } = checkpoint;
      const known = (extra.reckon ?? {}) as Readonly<Record<string, unknown>>;
      const description = options.description ?? known["description"];
      const reckon = description === undefined ? known : { ...known, description };
      const files = saveCheckpoint({
        config,
        parameters,
        tokenizerJson: tokenizer.toJson(),
        dtype: options.dtype,
        tokens,
        reckon,
      });
      mkdirSync(resolve(folder), { recursive: true });
      let bytes = 0;
      for (const [file, content] of files) {
        writeFileSync(join(folder, file), content);
        bytes += content.length;
      }
      ui.document({ folder: resolve(folder), files: [...files.keys()], bytes });
      ui.say(`${folder}: ${[...files.keys()].join(", ")} (${formatBytes(bytes)})`);
    });
}
