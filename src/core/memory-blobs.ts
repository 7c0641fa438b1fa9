import { createHash } from "node:crypto";
import type { BlobStore } from "./blobs.ts";
import { StoreError } from "./errors.ts";

/** Blobs in memory, for suites that need a store but keep nothing. */
export function memoryBlobs(): BlobStore {
  const contents = new Map<string, Uint8Array>();
  return {
    async put(content, mediaType) {
      const ref = `sha256:${createHash("sha256").update(content).digest("hex")}`;
      contents.set(ref, content);
      return { ref, bytes: content.byteLength, mediaType };
    },
    async get(ref) {
      const content = contents.get(ref);
      if (!content) throw new StoreError(`no blob ${ref}`, { code: "ERR_BLOB_MISSING" });
      return content;
    },
  };
}
