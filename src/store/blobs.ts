/**
 * Content-addressed blobs as files: `blobs/ab/<sha256>`. Written beside and renamed, so a name never holds half a
 * content; equal contents share a file; a read checks the content against its name.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BlobStore } from "../core/blobs.ts";
import { StoreError, atBoundary } from "../core/errors.ts";
import { syncDirectory, temporaryPath } from "./atomic-file.ts";

const refPattern = /^sha256:([0-9a-f]{64})$/;

export interface FileBlobStore extends BlobStore {
  /** fsync of what was put since the last call: part of the log's group commit. */
  sync(): Promise<void>;
}

export function openBlobs(directory: string, options: { readOnly: boolean }): FileBlobStore {
  let unsynced = new Set<string>();

  const pathOf = (ref: string): string => {
    const hash = refPattern.exec(ref)?.[1];
    if (hash === undefined)
      throw new StoreError(`"${ref}" is no blob address ("sha256:" and 64 hexadecimal digits)`, {
        code: "ERR_BLOB_MISSING",
      });
    return join(directory, hash.slice(0, 2), hash);
  };

  return {
    async put(content, mediaType) {
      if (options.readOnly) throw new StoreError("the run is open for reading only", { code: "ERR_LOG_READ_ONLY" });
      const hash = sha256(content);
      const ref = `sha256:${hash}`;
      const path = pathOf(ref);
      await atBoundary(StoreError, "ERR_BLOB_WRITE", `blob ${ref} cannot be written`, async () => {
        // A file of another length is the rest of a power loss: write it again.
        if ((await stat(path).catch(() => undefined))?.size === content.byteLength) return;
        await mkdir(dirname(path), { recursive: true });
        const temporary = temporaryPath(path);
        try {
          await writeFile(temporary, content, { flag: "wx" });
          await rename(temporary, path);
        } catch (error) {
          await rm(temporary, { force: true });
          throw error;
        }
        unsynced.add(path);
      });
      return { ref, bytes: content.byteLength, mediaType };
    },

    async get(ref) {
      const path = pathOf(ref);
      const content = await readFile(path).catch((error: unknown) => {
        throw new StoreError(`blob ${ref} cannot be read from ${path}`, { code: "ERR_BLOB_MISSING", cause: error });
      });
      if (`sha256:${sha256(content)}` !== ref)
        throw new StoreError(`blob ${ref} is corrupt: ${path} no longer matches its address`, {
          code: "ERR_BLOB_CORRUPT",
        });
      return content;
    },

    async sync() {
      const paths = unsynced;
      unsynced = new Set();
      try {
        for (const path of paths) {
          const file = await open(path, "r");
          try {
            await file.sync();
          } finally {
            await file.close();
          }
        }
        for (const parent of new Set([...paths].map((path) => dirname(path)))) await syncDirectory(parent);
        if (paths.size > 0) await syncDirectory(directory);
      } catch (error) {
        for (const path of paths) unsynced.add(path);
        throw error;
      }
    },
  };
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
