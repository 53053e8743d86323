/**
 * Recipes of several stages in the evidence: the keys of what their stages make, known before anything is trained, and the
 * run that makes it, no further than is asked for.
 *
 * A stage's key is that of its recipe alone, as the pipeline runs it, with keys in place of all that it begins with: a
 * change of a later stage leaves the earlier ones as they are.
 */
import { join } from "node:path";
import {
  modelKey,
  placesOf,
  type Recipe,
  readPipeline,
  referenceOf,
  relocated,
  stageNameOf,
} from "../../recipes/index.ts";
import { stageSeed } from "../../recipes/stage-folders.ts";

/** The model that stands at a place which no stage makes: its key, and its folder, for which it may have to be trained. */
export type Place = (place: string) => { readonly key: string; open(): Promise<string> };

/** The keys of what a recipe's stages make, by their names. */
export function stageKeys(recipe: Recipe, place: Place): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const stage of recipe.stages) {
    const name = stageNameOf(stage);
    const made = (where: string): string | undefined => {
      const reference = referenceOf(where);
      return reference === undefined ? undefined : keys.get(reference);
    };
    const keyed = relocated(
      stage,
      (where) => made(where) ?? place(where).key,
      (where) => made(where) ?? where,
    );
    const seed = stageSeed(recipe.seed, name);
    keys.set(name, modelKey({ ...recipe, description: "", seed, stages: [keyed] }));
  }
  return keys;
}

/** @param run runs the stages of a recipe that are not done */
export function pipelineModels(
  recipe: Recipe,
  folder: string,
  place: Place,
  run: (recipe: Recipe) => Promise<void>,
): {
  key(stage: string): string;
  open(stage: string): Promise<void>;
  folder(stage: string): string;
} {
  const keys = stageKeys(recipe, place);
  const names = [...keys.keys()];
  let done = 0;
  return {
    key: (stage) => keys.get(stage)!,
    folder: (stage) => join(folder, stage),
    async open(stage) {
      const wanted = names.indexOf(stage) + 1;
      if (wanted <= done) return;
      // Stages that were run before stay in the recipe: left out, they would be laid aside. One alone is another kind of run.
      const known = readPipeline(folder)?.stages.length ?? 0;
      const count = Math.min(names.length, Math.max(2, wanted, known));
      await run(await withFolders({ ...recipe, stages: recipe.stages.slice(0, count) }, place));
      done = count;
    },
  };
}

/** The recipe with the folders of the models that no stage makes. */
async function withFolders(recipe: Recipe, place: Place): Promise<Recipe> {
  const folders = new Map<string, string>();
  for (const where of recipe.stages.flatMap((stage) => placesOf(stage).models)) {
    if (referenceOf(where) === undefined && !folders.has(where)) folders.set(where, await place(where).open());
  }
  const stages = recipe.stages.map((stage) =>
    relocated(
      stage,
      (where) => folders.get(where) ?? where,
      (where) => where,
    ),
  );
  return { ...recipe, stages };
}
