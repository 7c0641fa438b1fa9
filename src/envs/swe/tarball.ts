/** Unpacks a source tree. What is in it is not trusted: tar itself refuses to leave the directory. */
import { execFile } from "node:child_process";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const wrapped = ".afterstate-wrapped";

/** A single directory that holds all the rest, as release archives have, is taken away. */
export async function extractTarball(archive: string, directory: string): Promise<void> {
  const options = ["--extract", "--gzip", "--no-same-owner", "--no-same-permissions", "--delay-directory-restore"];
  await execute("tar", [...options, "--directory", directory, "--file", archive]);
  const entries = await readdir(directory, { withFileTypes: true });
  if (entries.length !== 1 || !entries[0]!.isDirectory()) return;
  const inner = join(directory, wrapped);
  await rename(join(directory, entries[0]!.name), inner);
  for (const name of await readdir(inner)) await rename(join(inner, name), join(directory, name));
  await rm(inner, { recursive: true });
}
