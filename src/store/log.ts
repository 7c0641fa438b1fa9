/**
 * The durable log: events in LMDB, journalled for power loss, blobs beside it.
 *
 * Appends of one turn of the event loop share a transaction. A transaction is synchronous and does no fsync: it holds
 * the lock between processes for microseconds, whatever else this process computes. A background flush follows
 * within `flushIntervalMs` of a commit; when it fails, every later append and flush fails with it.
 */
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { StoreError, messageOf } from "../core/errors.ts";
import type { LogEvent, LogEventType, Stored } from "../core/events.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { EventFilter, EventLog, EventOfType } from "../core/log.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { type FileBlobStore, openBlobs } from "./blobs.ts";
import { appended, type Head, openTables, type Tables } from "./database.ts";
import { indexEvent } from "./index-event.ts";
import { type Journal, openJournal } from "./journal.ts";
import { guarded, readEvent, readEvents } from "./read-events.ts";
import { encodeRecord, pendingEvent, type PendingEvent } from "./record.ts";
import { journalFile, syncDatabase, writeState } from "./recovery.ts";

const inlineBytes = 4096;

export interface LogOptions {
  readonly readOnly: boolean;
  /** Longest time that a commit waits for its fsync, ms. */
  readonly flushIntervalMs: number;
  /** True for the process that owns the run: it leaves a clean mark behind. */
  readonly owner: boolean;
  readonly onClose: () => void;
}

/** What a transaction may do beside reading and writing `tables`. */
export interface Transaction {
  readonly tables: Tables;
  /** Returns the seq of the last. */
  readonly append: (events: readonly LogEvent[]) => number;
}

interface Waiting {
  readonly events: readonly PendingEvent[];
  resolve(lastSeq: number): void;
  reject(error: unknown): void;
}

export class DurableLog implements EventLog {
  readonly runDir: string;
  readonly blobs: FileBlobStore;
  readonly #options: LogOptions;
  readonly #tables: Tables;
  readonly #journal: Journal;
  #waiting: Waiting[] = [];
  #scheduled: NodeJS.Immediate | null = null;
  #flushTimer: NodeJS.Timeout | null = null;
  #flushFailure: StoreError | null = null;
  #flushing: Promise<void> = Promise.resolve();
  #closed: Promise<void> | null = null;

  /** Use `openStore`, which checks the directory first. @throws StoreError ERR_LOG_CORRUPT */
  constructor(runDir: string, options: LogOptions) {
    const logDir = join(runDir, "log");
    this.runDir = runDir;
    this.#options = options;
    this.#journal = openJournal(journalFile(logDir), options.readOnly ? "r" : "w");
    try {
      this.#tables = openTables(logDir);
    } catch (error) {
      this.#journal.close();
      throw error;
    }
    this.blobs = openBlobs(join(runDir, "blobs"), { readOnly: options.readOnly });
    try {
      this.#checkEnd();
      if (!options.readOnly) writeState(logDir, null);
    } catch (error) {
      this.#journal.close();
      void this.#tables.root.close();
      throw error;
    }
  }

  append(event: LogEvent): Promise<number> {
    return this.appendAll([event]);
  }

  appendAll(events: readonly LogEvent[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#assertWritable();
      if (events.length === 0) return resolve(this.lastSeq());
      this.#waiting.push({ events: events.map(pendingEvent), resolve, reject });
      this.#scheduled ??= setImmediate(() => this.#commitWaiting());
    });
  }

  /**
   * Run `body` in one write transaction, after the appends that came before it: everything it did is committed, or, when
   * it throws, nothing. Synchronous; other processes wait meanwhile.
   */
  transact<T>(body: (transaction: Transaction) => T): T {
    this.#assertWritable();
    this.#commitWaiting();
    return this.#commit((append) =>
      body({ tables: this.#tables, append: (events) => append([events.map(pendingEvent)])[0]! }),
    );
  }

  /** For readers inside this room. */
  get tables(): Tables {
    return this.#tables;
  }

  events<T extends LogEventType = LogEventType>(filter: EventFilter<T> = {}): Iterable<EventOfType<T>> {
    return readEvents(this.#tables, filter, this.lastSeq());
  }

  lastSeq(): number {
    // Reads of one turn share a snapshot; drop it, so that other processes' commits are seen.
    this.#tables.root.resetReadTxn();
    return this.#head().seq;
  }

  async store(value: JsonValue): Promise<Stored> {
    const json = Buffer.from(JSON.stringify(value), "utf8");
    return json.length < inlineBytes ? { inline: value } : { blob: await this.blobs.put(json, "application/json") };
  }

  async load(stored: Stored): Promise<JsonValue> {
    if ("inline" in stored) return stored.inline;
    return JSON.parse(Buffer.from(await this.blobs.get(stored.blob.ref)).toString("utf8")) as JsonValue;
  }

  readManifest(): JsonObject | null {
    const path = join(this.runDir, "run.json");
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw new StoreError(`${path} cannot be read: ${messageOf(error)}`, { code: "ERR_MANIFEST_UNREADABLE" });
    }
    try {
      return JSON.parse(text) as JsonObject;
    } catch (error) {
      throw new StoreError(`${path} is no JSON: ${messageOf(error)}`, { code: "ERR_MANIFEST_CORRUPT", cause: error });
    }
  }

  async writeManifest(manifest: JsonObject): Promise<void> {
    this.#assertWritable();
    await writeFileAtomic(join(this.runDir, "run.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  }

  async flush(): Promise<void> {
    if (this.#options.readOnly) return;
    this.#commitWaiting();
    // One at a time, and never fewer than asked for: what was committed after the running one began is not in it.
    this.#flushing = this.#flushing.then(() => this.#sync());
    await this.#flushing;
    if (this.#flushFailure) throw this.#flushFailure;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    try {
      await this.flush();
      if (this.#options.owner) await this.#markClean();
    } finally {
      if (this.#flushTimer) clearTimeout(this.#flushTimer);
      await this.#tables.root.close();
      this.#journal.close();
      this.#options.onClose();
    }
  }

  /** Without the mark the database is rebuilt after the next boot, which costs time and nothing else. */
  async #markClean(): Promise<void> {
    try {
      await syncDatabase(this.#tables.root);
      writeState(join(this.runDir, "log"), this.#head().journalBytes);
    } catch {
      return;
    }
  }

  #commitWaiting(): void {
    if (this.#scheduled) clearImmediate(this.#scheduled);
    this.#scheduled = null;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    try {
      const seqs = this.#commit((append) => append(waiting.map((one) => one.events)));
      waiting.forEach((one, index) => one.resolve(seqs[index]!));
    } catch (error) {
      for (const one of waiting) one.reject(error);
    }
  }

  #commit<T>(body: (append: (groups: readonly (readonly PendingEvent[])[]) => number[]) => T): T {
    let result: T;
    try {
      result = this.#tables.root.transactionSync(() => body((groups) => this.#write(groups)));
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError(`the log cannot be written: ${messageOf(error)}`, { code: "ERR_LOG_WRITE", cause: error });
    }
    this.#flushTimer ??= setTimeout(() => {
      this.#flushTimer = null;
      this.flush().catch(() => undefined); // kept in #flushFailure: the next append or flush reports it
    }, this.#options.flushIntervalMs).unref();
    return result;
  }

  /** Inside a transaction. Each group is all or nothing after power loss too. Returns each group's last seq. */
  #write(groups: readonly (readonly PendingEvent[])[]): number[] {
    const head = this.#head();
    const at = Date.now();
    const lines: Buffer[] = [];
    let { seq } = head;
    const lastSeqs = groups.map((group) => {
      group.forEach((pending, index) => {
        seq++;
        const line = encodeRecord(pending, seq, at, index === group.length - 1);
        lines.push(line);
        this.#tables.events.putSync(seq, line, appended);
        indexEvent(this.#tables, pending.event, seq);
      });
      return seq;
    });
    const bytes = lines.length === 1 ? lines[0]! : Buffer.concat(lines);
    this.#journal.writeAt(bytes, head.journalBytes);
    this.#tables.meta.putSync("head", { seq, journalBytes: head.journalBytes + bytes.length });
    return lastSeqs;
  }

  #head(): Head {
    return guarded(() => this.#tables.meta.get("head") as Head | undefined) ?? { seq: 0, journalBytes: 0 };
  }

  /** The last event reads, and the journal holds at least what the database does. */
  #checkEnd(): void {
    const head = this.#head();
    if (head.seq > 0) readEvent(this.#tables, head.seq);
    if (this.#journal.size() < head.journalBytes)
      throw new StoreError(
        `the log is corrupt: ${journalFile(join(this.runDir, "log"))} has ${this.#journal.size()} of ` +
          `${head.journalBytes} bytes. Restore it from a copy, or export the run from a copy of log/data.mdb`,
        { code: "ERR_LOG_CORRUPT" },
      );
  }

  async #sync(): Promise<void> {
    if (this.#flushFailure) return;
    try {
      await this.blobs.sync();
      await this.#journal.sync();
    } catch (error) {
      this.#flushFailure = new StoreError(`the log cannot be flushed to disk: ${messageOf(error)}`, {
        code: "ERR_LOG_FLUSH",
        cause: error,
      });
    }
  }

  #assertWritable(): void {
    if (this.#options.readOnly) throw new StoreError("the run is open for reading only", { code: "ERR_LOG_READ_ONLY" });
    if (this.#closed) throw new StoreError("the log is closed", { code: "ERR_LOG_CLOSED" });
    if (this.#flushFailure) throw this.#flushFailure;
  }
}
