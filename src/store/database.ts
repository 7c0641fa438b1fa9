/**
 * The LMDB environment of a run and its tables. Chosen in docs/decisions/0001-log-database.md.
 *
 * Plain LMDB transactions without fsync: see journal.ts for what makes them survive power loss. The map is large and
 * fixed (address space, not disk), so that no process has to remap while another one grows the file.
 */
import { accessSync, closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { open, type Database, type RootDatabase } from "lmdb";
import { StoreError, messageOf } from "../core/errors.ts";

const mapBytes = 64 * 1024 ** 3;

/** Where the log ends; written by every commit. */
export interface Head {
  readonly seq: number;
  readonly journalBytes: number;
}

export interface LeaseRecord {
  readonly leaseId: string;
  readonly consumer: string;
  readonly groupIds: readonly string[];
  /** Wall clock, ms. */
  readonly expiresAt: number;
}

export interface Tables {
  readonly root: RootDatabase;
  /** True when the files may not be written. */
  readonly readOnly: boolean;
  /** seq -> record (record.ts). */
  readonly events: Database<Buffer, number>;
  /** episode id -> seqs. */
  readonly byEpisode: Database<number, string>;
  /** event type -> seqs. */
  readonly byType: Database<number, string>;
  /** "head" and "lease-counter". */
  readonly meta: Database<Head | number, string>;
  /** lease id -> what it holds. */
  readonly leases: Database<LeaseRecord, string>;
  /** group id -> lease id. */
  readonly leased: Database<string, string>;
  /** group id -> seq of its acknowledgement. */
  readonly acknowledged: Database<number, string>;
}

/** Option of a put at the end of `events`: LMDB then fills each page instead of splitting it in halves. */
export const appended = { append: true } as const;

export const databaseFile = (logDir: string): string => join(logDir, "data.mdb");

/** @throws StoreError ERR_LOG_CORRUPT when LMDB cannot open it; check `inspectDatabase` first. */
export function openTables(logDir: string): Tables {
  const readOnly = !isWritable(databaseFile(logDir));
  try {
    const root = open({
      path: logDir,
      noSubdir: false,
      maxDbs: 8,
      mapSize: mapBytes,
      noSync: true,
      overlappingSync: false,
      readOnly,
    });
    const table = <V, K extends string | number>(name: string, options: object): Database<V, K> =>
      root.openDB<V, K>(name, options) ?? missing(name);
    return {
      root,
      readOnly,
      events: table("events", { keyEncoding: "uint32", encoding: "binary" }),
      byEpisode: table("by-episode", { dupSort: true, encoding: "ordered-binary" }),
      byType: table("by-type", { dupSort: true, encoding: "ordered-binary" }),
      meta: table("meta", { encoding: "json" }),
      leases: table("leases", { encoding: "json" }),
      leased: table("leased", { encoding: "json" }),
      acknowledged: table("acknowledged", { encoding: "json" }),
    };
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw corruptDatabase(logDir, messageOf(error), error);
  }
}

export function corruptDatabase(logDir: string, reason: string, cause?: unknown): StoreError {
  return new StoreError(
    `${databaseFile(logDir)} is corrupt: ${reason}. Delete this file and open the run again: ` +
      "it is rebuilt from the journal beside it",
    { code: "ERR_LOG_CORRUPT", cause },
  );
}

function missing(name: string): never {
  throw new StoreError(`the log has no table "${name}"`, { code: "ERR_LOG_CORRUPT" });
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

export type DatabaseState =
  | { readonly state: "absent" }
  | { readonly state: "whole" }
  /**
   * Shorter than its header says, by few pages: LMDB leaves free pages at the end unwritten. Extend the file with zeros
   * before mapping it: a zeroed page in use is an error that LMDB reports, a missing one kills the process (SIGBUS).
   */
  | { readonly state: "short"; readonly missingBytes: number }
  | { readonly state: "corrupt"; readonly reason: string };

// Layout of LMDB's meta pages (mdb.c, MDB_meta behind a page header of 24 bytes), data format 2.
const metaBytes = 168;
const magic = 0xbeefc0de;
const toleratedPages = 32;

/** Read the header without LMDB, which may abort the process on a file that is none of its own. */
export function inspectDatabase(logDir: string): DatabaseState {
  let descriptor: number;
  try {
    descriptor = openSync(databaseFile(logDir), "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { state: "absent" };
    throw new StoreError(`the log cannot be read: ${messageOf(error)}`, { code: "ERR_LOG_UNREADABLE", cause: error });
  }
  try {
    const { size } = fstatSync(descriptor);
    const first = readMeta(descriptor, 0);
    if (first === undefined)
      return { state: "corrupt", reason: `its first page is no database header (${size} bytes)` };
    const second = readMeta(descriptor, first.pageBytes);
    if (second === undefined) return { state: "corrupt", reason: "its second page is no database header" };
    const newest = first.transaction >= second.transaction ? first : second;
    const missingBytes = (newest.lastPage + 1) * newest.pageBytes - size;
    if (missingBytes <= 0) return { state: "whole" };
    if (missingBytes <= toleratedPages * newest.pageBytes) return { state: "short", missingBytes };
    return { state: "corrupt", reason: `${missingBytes} bytes are missing at its end` };
  } finally {
    closeSync(descriptor);
  }
}

function readMeta(
  descriptor: number,
  offset: number,
): { pageBytes: number; lastPage: number; transaction: number } | undefined {
  const bytes = Buffer.alloc(metaBytes);
  if (readSync(descriptor, bytes, 0, metaBytes, offset) < metaBytes) return undefined;
  if (bytes.readUInt32LE(24) !== magic || (bytes.readUInt32LE(28) & 0xffff) !== 2) return undefined;
  const pageBytes = bytes.readUInt32LE(48);
  if (pageBytes < 512 || pageBytes > 65536 || (pageBytes & (pageBytes - 1)) !== 0) return undefined;
  return {
    pageBytes,
    lastPage: Number(bytes.readBigUInt64LE(144)),
    transaction: Number(bytes.readBigUInt64LE(152)),
  };
}
