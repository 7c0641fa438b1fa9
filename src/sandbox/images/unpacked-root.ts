/**
 * Images as directories, for bubblewrap: <cache>/images/roots/<key>/. A root is made under another name and renamed when it
 * is whole, under a lock between processes; its key tells its content, so it never changes once it is there.
 */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { cacheDirectory } from "../../core/cache-directory.ts";
import { SandboxError } from "../../core/errors.ts";
import { baseImageName, baseImageTar } from "./base-image.ts";
import { withFileLock } from "./file-lock.ts";
import { unpackTar } from "./unpack-tar.ts";

/** Mount points that a sandbox needs below directories of the image. */
const mountPoints = ["etc/afterstate"];

const waiting = new Map<string, Promise<string>>();

/**
 * @param image "afterstate-base", or "tar:/absolute/path" of a root file system's tar.
 * @throws SandboxError ERR_SANDBOX_IMAGE when there is no such image, or it cannot be unpacked.
 */
export async function unpackedRoot(image: string): Promise<string> {
  const tar = tarOf(image);
  const root = join(cacheDirectory("images", "roots"), keyOf(tar));
  if (existsSync(root)) return root;
  // One at a time in this process too: a second caller waits for the first one's work.
  let making = waiting.get(root);
  if (making === undefined) {
    making = withFileLock(`${root}.lock`, () => make(root, image, tar)).finally(() => waiting.delete(root));
    waiting.set(root, making);
  }
  return making;
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

async function make(root: string, image: string, tar: string): Promise<string> {
  if (existsSync(root)) return root;
  const part = `${root}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { mode: 0o755 });
  try {
    await unpackTar(tar, part);
    if (!["usr", "bin"].some((name) => lstatSync(join(part, name), { throwIfNoEntry: false })?.isDirectory()))
      throw imageError(`"${image}" is no root file system: it has no /usr and no /bin`);
    for (const path of mountPoints) makeInside(part, path);
    renameSync(part, root);
    return root;
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    throw error;
  }
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
