/**
 * What `docker save` writes: a tar of layers, which are tars of what changed from one to the next, and a manifest. The names
 * of layers and the settings come from somebody else: they are checked, and layers are applied one by one where nothing else
 * can be reached (unpack-tar.ts).
 * Source: the image specification of Docker 1.2 and of OCI 1.0 (layers, whiteouts).
 */
import { lstatSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { z } from "zod";
import { SandboxError, messageOf } from "../../core/errors.ts";
import type { ImageSettings } from "./settings.ts";
import { removeWhiteouts, unpackTar } from "./unpack-tar.ts";

const maxJsonBytes = 4 * 1024 * 1024;

const manifestSchema = z.array(z.object({ Config: z.string(), Layers: z.array(z.string()).min(1) }));
const configSchema = z.object({
  config: z.object({ User: z.string().nullish(), Env: z.array(z.string()).nullish() }).nullish(),
});

/** Whether an unpacked tar is an image with layers, and not a root file system. */
export function isArchive(directory: string): boolean {
  const has = (name: string): boolean => lstatSync(join(directory, name), { throwIfNoEntry: false }) !== undefined;
  return has("manifest.json") && !has("usr") && !has("bin");
}

/**
 * Applies the layers of the unpacked archive to an empty directory, the lowest first.
 * @throws SandboxError ERR_SANDBOX_IMAGE for an archive that is none, or holds several images.
 */
export async function applyLayers(archive: string, root: string): Promise<ImageSettings> {
  const [image, ...others] = parse(archive, "manifest.json", manifestSchema);
  if (image === undefined || others.length > 0)
    throw archiveError(`it holds ${others.length + 1} images: docker save one by one`);
  for (const layer of image.Layers) {
    const path = fileOf(archive, layer);
    await removeWhiteouts(path, root);
    await unpackTar(path, root);
  }
  const { config } = parse(archive, image.Config, configSchema);
  return { user: config?.User ?? "", env: config?.Env ?? [] };
}

/** Older archives link a layer that occurs twice; a link out of the archive is refused. */
function fileOf(archive: string, name: string): string {
  try {
    const path = realpathSync(join(archive, name));
    if (path.startsWith(realpathSync(archive) + sep) && statSync(path).isFile()) return path;
  } catch {
    // Said below.
  }
  throw archiveError(`it has no file ${JSON.stringify(name)}`);
}

function parse<T>(archive: string, name: string, schema: z.ZodType<T>): T {
  const path = fileOf(archive, name);
  if (statSync(path).size > maxJsonBytes) throw archiveError(`${JSON.stringify(name)} is too large`);
  try {
    return schema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw archiveError(`${JSON.stringify(name)}: ${why}`);
  }
}

function archiveError(why: string): SandboxError {
  return new SandboxError(`the image archive cannot be used: ${why}`, { code: "ERR_SANDBOX_IMAGE" });
}
