/**
 * Is the database to be trusted, and if not, make it again from the journal.
 *
 * `log/state.json` names the boot under which the database was last written. After another boot, only a database that
 * was closed cleanly is trusted: its pages were never fsynced in order. What the journal holds whole is the log.
 */
import {
  appendFileSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { StoreError } from "../core/errors.ts";
import { temporaryPath } from "./atomic-file.ts";
import { appended, corruptDatabase, databaseFile, inspectDatabase, openTables } from "./database.ts";
import { indexEvent } from "./index-event.ts";
import { readJournal } from "./journal.ts";
import { optionalText } from "./optional-text.ts";
import { bootId } from "./owner.ts";

const stateSchema = z.object({ boot: z.string().nullable(), cleanBytes: z.number().nullable() });

export const journalFile = (logDir: string): string => join(logDir, "journal");
const stateFile = (logDir: string): string => join(logDir, "state.json");

export type Trust = "trusted" | "rebuild";

/** @throws StoreError ERR_LOG_CORRUPT, with what to do, when the files contradict what a crash could have left. */
export function assessLog(logDir: string): Trust {
  const journalBytes = sizeOf(journalFile(logDir));
  const database = inspectDatabase(logDir);
  if (journalBytes === undefined)
    throw new StoreError(`${logDir} holds no log: ${journalFile(logDir)} is missing`, { code: "ERR_LOG_CORRUPT" });
  if (database.state === "corrupt") {
    // Killed while the database was being created: there is nothing in it yet.
    if (journalBytes === 0 && sizeOf(databaseFile(logDir)) === 0) return "rebuild";
    throw corruptDatabase(logDir, database.reason);
  }
  if (database.state === "absent") return "rebuild";
  // Appending can overwrite nothing, even when a live process makes the file longer at this moment.
  if (database.state === "short") appendFileSync(databaseFile(logDir), Buffer.alloc(database.missingBytes));
  const state = readState(logDir);
  if (state === undefined) return "rebuild";
  if (state.boot === bootId()) return "trusted";
  return state.cleanBytes === journalBytes ? "trusted" : "rebuild";
}

/** Replace the database by one made from the journal, and cut off what the journal does not hold whole. */
export async function rebuildDatabase(logDir: string): Promise<void> {
  const temporary = temporaryPath(join(logDir, "rebuild"));
  mkdirSync(temporary, { recursive: true });
  try {
    const tables = openTables(temporary);
    try {
      let validBytes = 0;
      let seq = 0;
      const commits = readJournal(journalFile(logDir), (valid, total) => {
        validBytes = valid;
        if (valid === 0 && total > 0)
          throw new StoreError(
            `${journalFile(logDir)} is no journal of a run (${total} bytes, none of them a record): restore it from a copy`,
            { code: "ERR_LOG_CORRUPT" },
          );
      });
      for (const commit of commits)
        tables.root.transactionSync(() => {
          for (const { event, line } of commit.events) {
            tables.events.putSync(event.seq, line, appended);
            indexEvent(tables, event, event.seq);
            seq = event.seq;
          }
          tables.meta.putSync("head", { seq, journalBytes: commit.endOffset });
        });
      tables.meta.putSync("head", { seq, journalBytes: validBytes });
      await syncDatabase(tables.root);
      if (validBytes < (sizeOf(journalFile(logDir)) ?? 0)) await cutJournal(logDir, validBytes);
    } finally {
      await tables.root.close();
    }
    rmSync(join(logDir, "lock.mdb"), { force: true });
    renameSync(databaseFile(temporary), databaseFile(logDir));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Cut the journal, keeping what is cut off in a file beside it: it may be of use to a person. */
async function cutJournal(logDir: string, validBytes: number): Promise<void> {
  const path = journalFile(logDir);
  const rest = `${path}-rest-from-${validBytes}`;
  await pipeline(createReadStream(path, { start: validBytes }), createWriteStream(rest));
  truncateSync(path, validBytes);
}

/** fsync of the database itself, off the event loop. LMDB's binding has it, its type declarations do not. */
export function syncDatabase(root: object): Promise<void> {
  return new Promise((resolve, reject) => {
    (root as { sync(callback: (error?: Error) => void): void }).sync((error) => (error ? reject(error) : resolve()));
  });
}

/** Note that the database is being written under this boot (`cleanBytes` null), or was closed cleanly at that size. */
export function writeState(logDir: string, cleanBytes: number | null): void {
  const path = stateFile(logDir);
  const content = JSON.stringify({ boot: bootId(), cleanBytes });
  if (optionalText(path) === content) return;
  const temporary = temporaryPath(path);
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function readState(logDir: string): z.infer<typeof stateSchema> | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(optionalText(stateFile(logDir)) ?? "")).data;
  } catch {
    return undefined;
  }
}

export function hasLog(logDir: string): boolean {
  return existsSync(journalFile(logDir)) || existsSync(databaseFile(logDir));
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
