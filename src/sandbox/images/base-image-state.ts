/** For `doctor`: whether the base image is there, in the cache and in the container engine where one answers. */
import { readdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "../../core/errors.ts";
import { Engine } from "../docker/engine.ts";
import { findEngine } from "../docker/find-engine.ts";
import { baseImageName, baseImagePath, baseImageRecipe, recipeLabel } from "./base-image.ts";

export interface BaseImageState {
  /** By today's recipe, wherever it can be used. */
  readonly isCurrent: boolean;
  readonly detail: string;
}

export async function baseImageState(): Promise<BaseImageState> {
  const path = baseImagePath();
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) {
    const isOlder = (name: string): boolean => name.startsWith(`${baseImageName}-`) && name.endsWith(".tar");
    const older = readdirSync(dirname(path)).some(isOlder);
    return { isCurrent: false, detail: older ? "built by an older recipe" : "not built" };
  }
  const cached = `${baseImageName}, ${Math.round(size / 1e6)} MB, recipe ${baseImageRecipe()}`;
  const missing = await lackInEngine();
  return { isCurrent: missing === null, detail: missing === null ? cached : `${cached}; ${missing}` };
}

/** null: the engine has it, or there is none. */
async function lackInEngine(): Promise<string | null> {
  try {
    const found = await findEngine();
    if ("reason" in found) return null;
    const { labels } = await (await Engine.at(found.socketPath)).image(baseImageName);
    return labels[recipeLabel] === baseImageRecipe() ? null : "the container engine has one of an older recipe";
  } catch (error) {
    return messageOf(error);
  }
}
