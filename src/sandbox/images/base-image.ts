/** The base image: scripts/base-image.sh makes it, named by a hash of that script. */
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

/** Of the script as it is now. src/ and dist/ lie equally deep. */
export function baseImageRecipe(): string {
  const script = readFileSync(fileURLToPath(new URL("../../../scripts/base-image.sh", import.meta.url)));
  return createHash("sha256").update(script).digest("hex").slice(0, recipeDigits);
}

/**
 * The image as a tar of its root file system.
 * @throws SandboxError ERR_SANDBOX_IMAGE where it was not built, or by another recipe than today's.
 */
export function baseImageTar(): string {
  const path = join(cacheDirectory("images"), `${baseImageName}-${baseImageRecipe()}.tar`);
  if (existsSync(path)) return path;
  throw new SandboxError(`the image "${baseImageName}" is not built: npm run setup`, { code: "ERR_SANDBOX_IMAGE" });
}
