/** Gzipped tar archives, written for worlds and read for checks, with bounds: what an agent left is hostile. */
import { gunzipSync, gzipSync } from "node:zlib";

const blockBytes = 512;
const maxUnpackedBytes = 1024 * 1024;

/** A gzipped ustar archive of regular files; the same input gives the same bytes. */
export function writeArchive(members: ReadonlyMap<string, string>): Uint8Array {
  const blocks: Buffer[] = [];
  for (const [path, text] of members) {
    const content = Buffer.from(text);
    const header = Buffer.alloc(blockBytes);
    header.write(path, 0, 100);
    header.write("0000644\0", 100);
    header.write("0000000\0", 108);
    header.write("0000000\0", 116);
    header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("14000000000\0", 136);
    header.write("        ", 148);
    header.write("0", 156);
    header.write("ustar\u000000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    blocks.push(header, content, Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes));
  }
  blocks.push(Buffer.alloc(2 * blockBytes));
  return gzipSync(Buffer.concat(blocks));
}

/** What a gzip file holds; null when it is none, or unpacks to more than 1 MiB. */
export function readGzip(bytes: Uint8Array): Uint8Array | null {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxUnpackedBytes });
  } catch {
    return null;
  }
}

/** The regular files of a gzipped tar archive, by path without a leading "./"; null when it cannot be read. */
export function readArchive(bytes: Uint8Array): ReadonlyMap<string, string> | null {
  const unpacked = readGzip(bytes);
  if (!unpacked) return null;
  const archive = Buffer.from(unpacked);
  const members = new Map<string, string>();
  for (let offset = 0; offset + blockBytes <= archive.length && archive[offset] !== 0;) {
    const field = (start: number, length: number) =>
      archive.toString("utf8", offset + start, offset + start + length).split("\0")[0]!;
    if (field(257, 5) !== "ustar") return null;
    const size = Number.parseInt(field(124, 12).trim() || "0", 8);
    if (!Number.isSafeInteger(size) || size < 0) return null;
    const type = field(156, 1);
    const prefix = field(345, 155).trim();
    const content = offset + blockBytes;
    if (type === "0" || type === "") {
      const name = prefix === "" ? field(0, 100) : `${prefix}/${field(0, 100)}`;
      members.set(name.replace(/^(\.\/)+/, ""), archive.toString("utf8", content, content + size));
    }
    offset = content + Math.ceil(size / blockBytes) * blockBytes;
  }
  return members;
}
