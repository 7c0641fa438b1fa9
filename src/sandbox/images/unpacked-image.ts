/**
 * Images as directories, for bubblewrap: <cache>/images/unpacked/<key>/ with root/ and image.json. It is made under another
 * name and renamed when it is whole, under a lock between processes; its key tells its content, so it never changes once it
 * is there.
 */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { cacheDirectory } from "../../core/cache-directory.ts";
import { SandboxError } from "../../core/errors.ts";
import { type ImageSettings, applyLayers, isArchive, noSettings } from "./archive.ts";
import { baseImageName, baseImageTar } from "./base-image.ts";
import { withFileLock } from "./file-lock.ts";
import { unpackTar } from "./unpack-tar.ts";

export interface UnpackedImage {
  /** Its root file system. Everything in it belongs to us. */
  readonly root: string;
  readonly settings: ImageSettings;
}

/** Mount points that a sandbox needs below directories of the image. */
const mountPoints = ["etc/afterstate"];

const known = new Map<string, Promise<UnpackedImage>>();

/**
 * @param image "afterstate-base"; or "tar:/absolute/path" of a root file system's tar (`docker export`) or of an image's
 * (`docker save`), compressed or not.
 * @throws SandboxError ERR_SANDBOX_IMAGE when there is no such image, or it cannot be unpacked.
 */
export async function unpackedImage(image: string): Promise<UnpackedImage> {
  const tar = tarOf(image);
  const path = join(cacheDirectory("images", "unpacked"), keyOf(tar));
  let found = known.get(path);
  if (found === undefined) {
    found = existsSync(path) ? load(path) : withFileLock(`${path}.lock`, () => make(path, image, tar));
    known.set(path, found);
    found.catch(() => known.delete(path));
  }
  return found;
}

function tarOf(image: string): string {
  if (image === baseImageName) return baseImageTar();
  const path = image.startsWith("tar:") ? image.slice("tar:".length) : null;
  if (path === null || !isAbsolute(path))
    throw imageError(`no image "${image}": write "${baseImageName}" or "tar:/absolute/path/of/an/image.tar"`);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) throw imageError(`no image file ${path}`);
  return path;
}

/** By what tells that a file is another one; its content would take seconds to hash. */
function keyOf(tar: string): string {
  const { dev, ino, size, mtimeNs } = statSync(tar, { bigint: true });
  return createHash("sha256").update([tar, dev, ino, size, mtimeNs].join("\0")).digest("hex").slice(0, 32);
}

function load(path: string): Promise<UnpackedImage> {
  const settings = JSON.parse(readFileSync(join(path, "image.json"), "utf8")) as ImageSettings;
  return Promise.resolve({ root: join(path, "root"), settings });
}

async function make(path: string, image: string, tar: string): Promise<UnpackedImage> {
  // Another process may have made it while we waited. What is there under the other name is a dead one's.
  if (existsSync(path)) return load(path);
  const part = `${path}.part`;
  rmSync(part, { recursive: true, force: true });
  try {
    const settings = await unpackInto(part, tar);
    const root = join(part, "root");
    if (!["usr", "bin"].some((name) => lstatSync(join(root, name), { throwIfNoEntry: false })?.isDirectory()))
      throw imageError(`"${image}" is no root file system: it has no /usr and no /bin`);
    for (const point of mountPoints) makeInside(root, point);
    writeFileSync(join(part, "image.json"), JSON.stringify(settings));
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    throw error;
  }
  return load(path);
}

async function unpackInto(part: string, tar: string): Promise<ImageSettings> {
  const root = join(part, "root");
  mkdirSync(root, { recursive: true, mode: 0o755 });
  await unpackTar(tar, root);
  if (!isArchive(root)) return noSettings;
  const archive = join(part, "archive");
  renameSync(root, archive);
  mkdirSync(root, { mode: 0o755 });
  const settings = await applyLayers(archive, root);
  rmSync(archive, { recursive: true });
  return settings;
}

/** Not through links: the image may point them anywhere. */
function makeInside(root: string, path: string): void {
  let at = root;
  for (const name of path.split("/")) {
    at = join(at, name);
    const info = lstatSync(at, { throwIfNoEntry: false });
    if (info === undefined) mkdirSync(at, { mode: 0o755 });
    else if (!info.isDirectory()) return;
  }
}

function imageError(message: string): SandboxError {
  return new SandboxError(message, { code: "ERR_SANDBOX_IMAGE" });
}
