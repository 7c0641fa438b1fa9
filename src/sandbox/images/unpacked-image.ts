/**
 * Images as directories, for bubblewrap: <cache>/images/unpacked/<key>/ with root/ and image.json. It is made under another
 * name and renamed when it is whole, under a lock between processes; its key tells its content, so it never changes once it
 * is there.
 */
import {
  createWriteStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { cacheDirectory } from "../../core/cache-directory.ts";
import { messageOf } from "../../core/errors.ts";
import { Engine } from "../docker/engine.ts";
import { findEngine } from "../docker/find-engine.ts";
import { applyLayers, isArchive } from "./archive.ts";
import { baseImageName, baseImageRecipe, baseImageTar } from "./base-image.ts";
import { withFileLock } from "./file-lock.ts";
import { imageError, imageFile, shortHash } from "./image-file.ts";
import { type ImageSettings, noSettings } from "./settings.ts";
import { unpackTar } from "./unpack-tar.ts";

export interface UnpackedImage {
  /** Its root file system. Everything in it belongs to us. */
  readonly root: string;
  readonly settings: ImageSettings;
}

/** Mount points that a sandbox needs below directories of the image. */
const mountPoints = ["etc/afterstate"];

/** By path; what is there is read again each time, because anybody may clear a cache. */
const making = new Map<string, Promise<UnpackedImage>>();

/**
 * @param image "afterstate-base"; "tar:/absolute/path" of a root file system's tar (`docker export`) or of an image's
 * (`docker save`), compressed or not; or the name of an image that the container engine of this machine has.
 * @throws SandboxError ERR_SANDBOX_IMAGE when there is no such image, or it cannot be unpacked.
 */
export async function unpackedImage(image: string): Promise<UnpackedImage> {
  const source = await sourceOf(image);
  const path = join(cacheDirectory("images", "unpacked"), source.key);
  let made = making.get(path);
  if (made === undefined) {
    if (existsSync(path)) return load(path);
    made = withFileLock(`${path}.lock`, () => make(path, image, source)).finally(() => making.delete(path));
    making.set(path, made);
  }
  return made;
}

/** What an image is unpacked from. */
interface ImageSource {
  /** Names the content. */
  readonly key: string;
  /** @param scratch where a file may be put that is of use until the image is unpacked. */
  tar(scratch: string): Promise<string>;
}

async function sourceOf(image: string): Promise<ImageSource> {
  if (image === baseImageName) return baseSource();
  const file = imageFile(image);
  return file === null ? engineSource(image) : { key: file.key, tar: () => Promise.resolve(file.path) };
}

/** Keyed by its recipe, as the engine's copy is labelled: the tar may be built again, and not everywhere at once. */
function baseSource(): ImageSource {
  const tar = baseImageTar();
  return { key: `${baseImageName}-${baseImageRecipe()}`, tar: () => Promise.resolve(tar) };
}

let connected: Promise<Engine> | null = null;

async function connect(image: string): Promise<Engine> {
  const found = await findEngine();
  if ("socketPath" in found) return Engine.at(found.socketPath);
  const others = `write "${baseImageName}", "tar:/path/of/an/image.tar", or start the engine that has it`;
  throw imageError(`no image "${image}": ${found.reason}; ${others}`);
}

/** Keyed by the engine's own name of the content. */
async function engineSource(image: string): Promise<ImageSource> {
  connected ??= connect(image);
  connected.catch(() => (connected = null));
  const engine = await connected;
  const { id } = await engine.image(image);
  const tar = async (scratch: string): Promise<string> => {
    const path = join(scratch, "saved.tar");
    await pipeline(await engine.save(image), createWriteStream(path)).catch((error: unknown) => {
      throw imageError(`cannot save the engine's image "${image}": ${messageOf(error)}`);
    });
    return path;
  };
  return { key: shortHash(id), tar };
}

function load(path: string): UnpackedImage {
  const settings = JSON.parse(readFileSync(join(path, "image.json"), "utf8")) as ImageSettings;
  return { root: join(path, "root"), settings };
}

async function make(path: string, image: string, source: ImageSource): Promise<UnpackedImage> {
  // Another process may have made it while we waited. What is there under the other name is a dead one's.
  if (existsSync(path)) return load(path);
  const part = `${path}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { mode: 0o755 });
  try {
    const settings = await unpackInto(part, await source.tar(part));
    rmSync(join(part, "saved.tar"), { force: true });
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
  mkdirSync(root, { mode: 0o755 });
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
