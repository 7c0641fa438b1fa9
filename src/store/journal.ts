/**
 * The write-ahead journal: every committed record again, one line each, in seq order.
 *
 * The database is written without fsync (a commit costs microseconds and survives `kill -9`), which by itself could lose
 * it whole with the power. The journal is what is fsynced: a valid prefix of it is a valid log, and the database is
 * rebuilt from that. Records are written inside the database's write transaction, so processes never interleave here,
 * and at the offset that the last *committed* transaction left, so what a killed one wrote is overwritten.
 */
import { closeSync, fdatasync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { StoreError } from "../core/errors.ts";
import type { Logged } from "../core/events.ts";
import { decodeRecord } from "./record.ts";

const fdatasyncAsync = promisify(fdatasync);
const chunkBytes = 1024 * 1024;

export interface Journal {
  /** Size of the file, bytes; at least what is committed. */
  size(): number;
  writeAt(lines: Uint8Array, offset: number): void;
  /** fsync, off the event loop. */
  sync(): Promise<void>;
  close(): void;
}

/** `mode` "w" also creates the file. */
export function openJournal(path: string, mode: "r" | "w"): Journal {
  const file = openSync(path, mode === "r" ? "r" : "a+");
  closeSync(file);
  // Not "a": an append-mode descriptor ignores offsets.
  const descriptor = openSync(path, mode === "r" ? "r" : "r+");
  return {
    size: () => fstatSync(descriptor).size,
    writeAt(lines, offset) {
      let written = 0;
      while (written < lines.length)
        written += writeSync(descriptor, lines, written, lines.length - written, offset + written);
    },
    sync: () => fdatasyncAsync(descriptor),
    close: () => closeSync(descriptor),
  };
}

export interface JournalCommit {
  readonly events: readonly { readonly event: Logged; readonly line: Buffer }[];
  /** Offset just behind this commit, bytes. */
  readonly endOffset: number;
}

/**
 * The whole commits at the start of a journal, with contiguous seqs from 1. Ends at the first record that is cut off,
 * damaged or out of order; `onEnd` is told how many bytes were valid, and how many were there.
 */
export function* readJournal(path: string, onEnd: (valid: number, total: number) => void): Iterable<JournalCommit> {
  const descriptor = openSync(path, "r");
  let valid = 0;
  let offset = 0;
  let seq = 0;
  let commit: { event: Logged; line: Buffer }[] = [];
  try {
    for (const line of readLines(descriptor)) {
      const record = decodeRecord(line);
      if (record === undefined || record.event.seq !== seq + 1) break;
      seq++;
      offset += line.length;
      commit.push({ event: record.event, line });
      if (!record.last) continue;
      valid = offset;
      yield { events: commit, endOffset: valid };
      commit = [];
    }
    onEnd(valid, fstatSync(descriptor).size);
  } finally {
    closeSync(descriptor);
  }
}

/** Lines with their newline; an unfinished last line is left out. */
function* readLines(descriptor: number): Iterable<Buffer> {
  let rest = Buffer.alloc(0);
  for (let position = 0; ;) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const got = readSync(descriptor, chunk, 0, chunkBytes, position);
    if (got === 0) return;
    position += got;
    const bytes = rest.length === 0 ? chunk.subarray(0, got) : Buffer.concat([rest, chunk.subarray(0, got)]);
    let start = 0;
    for (let newline = bytes.indexOf(0x0a); newline >= 0; newline = bytes.indexOf(0x0a, start)) {
      yield bytes.subarray(start, newline + 1);
      start = newline + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > maxLineBytes)
      throw new StoreError("a line of the journal has no end", { code: "ERR_LOG_CORRUPT" });
  }
}

const maxLineBytes = 256 * 1024 * 1024;
