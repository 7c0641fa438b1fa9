/** Images that are files: "tar:/absolute/path". */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { SandboxError } from "../../core/errors.ts";

const prefix = "tar:";

export interface ImageFile {
  readonly path: string;
  /** By what tells that a file is another one, in hexadecimal; its content would take seconds to hash. */
  readonly key: string;
}

/** @throws SandboxError ERR_SANDBOX_IMAGE when there is no such file. null: `image` is a name. */
export function imageFile(image: string): ImageFile | null {
  if (!image.startsWith(prefix)) return null;
  const path = image.slice(prefix.length);
  if (!isAbsolute(path)) throw imageError(`no image "${image}": write "tar:/absolute/path/of/an/image.tar"`);
  const info = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (info?.isFile() !== true) throw imageError(`no image file ${path}`);
  return { path, key: shortHash([path, info.dev, info.ino, info.size, info.mtimeNs].join("\0")) };
}

export const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);

export function imageError(message: string): SandboxError {
  return new SandboxError(message, { code: "ERR_SANDBOX_IMAGE" });
}
