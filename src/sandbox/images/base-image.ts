/** The base image: scripts/base-image.sh makes it, named by a hash of its recipe. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDirectory } from "../../core/cache-directory.ts";
import { SandboxError } from "../../core/errors.ts";

/** What `SandboxSpec.image` calls it, in every kind of sandbox. */
export const baseImageName = "afterstate-base";
/** What its image in a container engine has for its recipe's hash. */
export const recipeLabel = "afterstate.recipe";

const recipeDigits = 16;

let recipe: string | null = null;

/** Of the recipe, read once. src/ and dist/ lie equally deep. */
export function baseImageRecipe(): string {
  if (recipe !== null) return recipe;
  const content = readFileSync(fileURLToPath(new URL("../../../scripts/base-image-recipe.sh", import.meta.url)));
  recipe = createHash("sha256").update(content).digest("hex").slice(0, recipeDigits);
  return recipe;
}

/** Where it lies in the cache once it is built by today's recipe. */
export function baseImagePath(): string {
  return join(cacheDirectory("images"), `${baseImageName}-${baseImageRecipe()}.tar`);
}

/**
 * The image as a tar of its root file system.
 * @throws SandboxError ERR_SANDBOX_IMAGE where it was not built, or by another recipe than today's.
 */
export function baseImageTar(): string {
  const path = baseImagePath();
  if (existsSync(path)) return path;
  throw new SandboxError(`the image "${baseImageName}" is not built: npm run setup`, { code: "ERR_SANDBOX_IMAGE" });
}
