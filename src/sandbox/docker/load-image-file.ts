/** Brings a tar into the engine: an image's (`docker save`), or a root file system's (`docker export`). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type Docker from "dockerode";

interface Progress {
  readonly stream?: string;
}

/** @throws Error with what the engine said. */
export async function loadImageFile(docker: Docker, path: string, repository: string, tag: string): Promise<void> {
  if (!(await isArchive(path))) {
    await finished(docker, await docker.importImage(createReadStream(path), { repo: repository, tag }));
    return;
  }
  const said = await finished(docker, await docker.loadImage(createReadStream(path)));
  const loaded = said.flatMap(({ stream }) => /^Loaded image(?: ID)?: (\S+)/.exec(stream ?? "")?.[1] ?? []);
  const [reference, ...others] = loaded;
  if (reference === undefined || others.length > 0)
    throw new Error(`it holds ${loaded.length} images: docker save one by one`);
  await docker.getImage(reference).tag({ repo: repository, tag });
}

/**
 * What has a manifest has layers. The tar is read to its end: the engine takes the beginning of a broken one for a whole.
 * @throws Error when it is no tar, or cut short.
 */
async function isArchive(path: string): Promise<boolean> {
  const listing = spawn("tar", ["--list", "--file", path], { stdio: ["ignore", "pipe", "pipe"] });
  let complaint = "";
  listing.stderr.on("data", (chunk: Buffer) => void (complaint = (complaint + chunk.toString()).slice(0, 500)));
  const closed = once(listing, "close") as Promise<[number | null]>;
  let found = false;
  for await (const name of createInterface({ input: listing.stdout })) found ||= name === "manifest.json";
  const [exitCode] = await closed;
  if (exitCode !== 0) throw new Error(complaint.trim());
  return found;
}

function finished(docker: Docker, progress: NodeJS.ReadableStream): Promise<Progress[]> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(progress, (error: Error | null, output: Progress[]) => {
      if (error === null) resolve(output);
      else reject(error);
    });
  });
}
