import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SandboxError } from "../../core/errors.ts";
import type { UnpackedImage } from "./unpacked-image.ts";

const maxBytes = 1024 * 1024;

/**
 * The number of the user that an image's commands run as, by the image's own list of users.
 * @throws SandboxError ERR_SANDBOX_IMAGE when that does not have it.
 */
export function imageUserId({ root, settings }: UnpackedImage): number {
  const name = settings.user.split(":")[0] ?? "";
  if (name === "" || name === "root") return 0;
  if (/^\d{1,9}$/.test(name)) return Number(name);
  const line = usersOf(root).find((fields) => fields[0] === name);
  if (line !== undefined && /^\d{1,9}$/.test(line[2] ?? "")) return Number(line[2]);
  throw new SandboxError(`the image runs as "${name}", who is not in its /etc/passwd`, { code: "ERR_SANDBOX_IMAGE" });
}

function usersOf(root: string): string[][] {
  // No part of the path is followed as a link: it could lead to the host's list.
  const parts = ["etc", "etc/passwd"].map((path) => lstatSync(join(root, path), { throwIfNoEntry: false }));
  if (parts[0]?.isDirectory() !== true || parts[1]?.isFile() !== true || parts[1].size > maxBytes) return [];
  const lines = readFileSync(join(root, "etc/passwd"), "utf8").split("\n");
  return lines.map((line) => line.split(":"));
}
