/**
 * Finds a model by what a person types: a folder, a shipped model's name, or a run (its newest checkpoint; of
 * several stages, that of the last one that is finished).
 */
import { existsSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { LoadedCheckpoint } from "../model/hf-checkpoint.ts";
import { lastModel, loadModelFolder } from "../recipes/index.ts";
import { ReckonError } from "../util/errors.ts";
import { packageRoot } from "./package.ts";
import type { Ui } from "./ui.ts";

const isModel = (folder: string): boolean => existsSync(join(folder, "config.json"));

/** Where a model of this name may be, first come, first served. */
const places = (name: string): string[] => [
  ...new Set([
    resolve(name),
    resolve(packageRoot(), name),
    resolve(packageRoot(), "models", name),
    resolve("runs", name),
  ]),
];

/** The folder of a model; undefined if there is none. */
export function findModelFolder(name: string): string | undefined {
  for (const folder of places(name)) {
    if (isModel(folder)) return folder;
    const newest = newestCheckpoint(folder) ?? lastModel(folder);
    if (newest) return newest;
  }
  return undefined;
}

/** The folder of a model. @throws ReckonError MODEL_UNKNOWN */
export function modelFolder(name: string): string {
  const folder = findModelFolder(name);
  if (folder !== undefined) return folder;
  throw new ReckonError("MODEL_UNKNOWN", `there is no model ${name}`, {
    expected: "a folder with config.json and model.safetensors, a run in runs/, a run's folder, or a shipped model",
    got: places(name).join(", "),
    help: `shipped here: ${
      shippedModels()
        .map((folder) => basename(folder))
        .join(", ") || "none"
    }; runs elsewhere are named by their folders`,
  });
}

/** Folders of the models that ship with the package. */
export function shippedModels(): string[] {
  const folder = join(packageRoot(), "models");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter(isModel);
}

/** The newest checkpoint of a run's folder. */
export function newestCheckpoint(run: string): string | undefined {
  const folder = join(run, "checkpoints");
  if (!existsSync(folder)) return undefined;
  const steps = readdirSync(folder).flatMap((name) => (/^step-\d+$/.test(name) ? [Number(name.slice(5))] : []));
  const newest = steps
    .sort((a, b) => b - a)
    .map((step) => join(folder, `step-${step}`))
    .find(isModel);
  return newest;
}

/** The run that has the name of a shipped model, which goes before it, as it is to be named; undefined where none has. */
export function runBehind(name: string): string | undefined {
  const run = join("runs", name);
  return basename(name) === name && existsSync(run) && findModelFolder(name) === join(packageRoot(), "models", name)
    ? run
    : undefined;
}

/** @param ui is told of a run that is meant perhaps, where a shipped model has its name */
export async function openModel(
  name: string,
  ui?: Pick<Ui, "warn">,
): Promise<{ folder: string; checkpoint: LoadedCheckpoint }> {
  const folder = modelFolder(name);
  const run = runBehind(name);
  if (run !== undefined) ui?.warn(`this is the shipped ${name}; your run is ${run}`);
  return { folder, checkpoint: await loadModelFolder(folder) };
}
