import { readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBlobs } from "../../src/store/blobs.ts";
import { temporaryRoot } from "./support.ts";

const root = temporaryRoot();
const bytes = (text: string) => new TextEncoder().encode(text);
const pathOf = (dir: string, ref: string) => join(dir, ref.slice(7, 9), ref.slice(7));

test("equal contents share one file, written whole by any number of writers at once", async () => {
  const dir = join(root, "shared");
  const stores = [1, 2, 3].map(() => openBlobs(dir, { readOnly: false }));
  const refs = await Promise.all(
    stores.flatMap((store) => [1, 2, 3].map(() => store.put(bytes("same"), "text/plain"))),
  );
  const [blob] = refs;
  expect(new Set(refs.map((one) => one.ref)).size).toBe(1);
  expect(blob).toMatchObject({ bytes: 4, mediaType: "text/plain" });
  expect(readdirSync(join(dir, blob!.ref.slice(7, 9)))).toEqual([blob!.ref.slice(7)]);
  expect(await stores[0]!.get(blob!.ref)).toEqual(Buffer.from("same"));
  const inode = statSync(pathOf(dir, blob!.ref)).ino;
  await stores[1]!.put(bytes("same"), "text/plain");
  expect(statSync(pathOf(dir, blob!.ref)).ino).toBe(inode);
  await stores[0]!.sync();
});

test("content that no longer matches its address is noticed", async () => {
  const dir = join(root, "corrupt");
  const blobs = openBlobs(dir, { readOnly: false });
  const { ref } = await blobs.put(bytes("content"), "text/plain");
  writeFileSync(pathOf(dir, ref), "contenT");
  await expect(blobs.get(ref)).rejects.toMatchObject({ code: "ERR_BLOB_CORRUPT", boundary: "store" });
  truncateSync(pathOf(dir, ref), 0);
  await expect(blobs.get(ref)).rejects.toMatchObject({ code: "ERR_BLOB_CORRUPT" });
  // What a power loss cut short is made whole by the next put.
  await blobs.put(bytes("content"), "text/plain");
  expect(await blobs.get(ref)).toEqual(Buffer.from("content"));
});

test("an address that is none never becomes a path", async () => {
  const blobs = openBlobs(join(root, "paths"), { readOnly: false });
  for (const ref of ["sha256:../../etc/passwd", "sha256:", "", `sha256:${"0".repeat(64)}`])
    await expect(blobs.get(ref)).rejects.toMatchObject({ code: "ERR_BLOB_MISSING" });
});
