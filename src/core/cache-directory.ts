/** Where Afterstate keeps what it can make again: AFTERSTATE_CACHE, or ~/.cache/afterstate. Ours alone (mode 0700). */
import { lstatSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { ConfigError } from "./errors.ts";

/**
 * Makes the directory, with its parents, where it is missing.
 * @param parts names below the cache's root.
 * @throws ConfigError ERR_CACHE_DIRECTORY when the cache is no absolute path, not ours, or writable by others.
 */
export function cacheDirectory(...parts: readonly string[]): string {
  const root = process.env["AFTERSTATE_CACHE"] ?? join(homedir(), ".cache", "afterstate");
  const refuse = (why: string): ConfigError =>
    new ConfigError(`the cache directory "${root}" ${why}; set AFTERSTATE_CACHE to an absolute path that is yours`, {
      code: "ERR_CACHE_DIRECTORY",
    });
  if (!isAbsolute(root)) throw refuse("is not an absolute path");
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const info = lstatSync(root);
  if (!info.isDirectory()) throw refuse("is not a directory");
  if (info.uid !== process.getuid?.()) throw refuse("belongs to somebody else");
  if ((info.mode & 0o022) !== 0) throw refuse("can be written by others (chmod 700 mends it)");
  const path = join(root, ...parts);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}
