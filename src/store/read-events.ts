/** Reading the log by range, by episode and by type, page by page, so that no read transaction stays open. */
import { StoreError } from "../core/errors.ts";
import type { LogEventType, Logged } from "../core/events.ts";
import type { EventFilter, EventOfType } from "../core/log.ts";
import type { Tables } from "./database.ts";
import { decodeRecord } from "./record.ts";

const pageEvents = 256;

/** Events up to `lastSeq`: the log only grows, so that is a snapshot however long the caller takes. */
export function* readEvents<T extends LogEventType>(
  tables: Tables,
  filter: EventFilter<T>,
  lastSeq: number,
): Iterable<EventOfType<T>> {
  const types = filter.types === undefined ? undefined : new Set<LogEventType>(filter.types);
  let after = filter.afterSeq ?? 0;
  for (;;) {
    const seqs = nextSeqs(tables, filter, after, lastSeq);
    if (seqs.length === 0) return;
    after = seqs.at(-1)!;
    const page = seqs.map((seq) => readEvent(tables, seq));
    releaseSnapshot(tables);
    for (const event of page) if (types === undefined || types.has(event.type)) yield event as EventOfType<T>;
  }
}

/**
 * Lets go of the pages that were just read. LMDB would do it at the next turn of the event loop, but a process that
 * computes for seconds without one (a trainer) pins every page that its writers free meanwhile: seen to grow a database
 * of 130 MB to 1.8 GB.
 */
export function releaseSnapshot({ root }: Tables): void {
  root.resetReadTxn();
}

/** @throws StoreError ERR_LOG_CORRUPT when the record is missing or damaged. */
export function readEvent(tables: Tables, seq: number): Logged {
  const line = guarded(() => tables.events.getBinary(seq));
  const record = line === undefined ? undefined : decodeRecord(line);
  if (record === undefined || record.event.seq !== seq) throw corrupt(`event ${seq} is damaged or missing`);
  return record.event;
}

export function corrupt(what: string, cause?: unknown): StoreError {
  return new StoreError(
    `the log is corrupt: ${what}. Delete log/data.mdb of the run and open it again: ` +
      "it is rebuilt from the journal beside it",
    { code: "ERR_LOG_CORRUPT", cause },
  );
}

/** LMDB reports a damaged page as a plain error. */
export function guarded<R>(read: () => R): R {
  try {
    return read();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw corrupt("a page of the database cannot be read", error);
  }
}

/** The next page of seqs in (after, lastSeq], ascending. */
function nextSeqs(tables: Tables, filter: EventFilter, after: number, lastSeq: number): number[] {
  if (after >= lastSeq) return [];
  if (filter.episodeId !== undefined) return indexed(tables.byEpisode, filter.episodeId, after, lastSeq);
  if (filter.types === undefined) {
    const count = Math.min(pageEvents, lastSeq - after);
    return Array.from({ length: count }, (_, index) => after + 1 + index);
  }
  // The first page of the union lies within the first pages of its parts.
  const seqs = [...new Set(filter.types)].flatMap((type) => indexed(tables.byType, type, after, lastSeq));
  return seqs.sort((a, b) => a - b).slice(0, pageEvents);
}

function indexed(table: Tables["byType"], key: string, after: number, lastSeq: number): number[] {
  return guarded(() => {
    const seqs: number[] = [];
    for (const seq of table.getValues(key, { start: after + 1, limit: pageEvents })) {
      if (seq > lastSeq) break;
      seqs.push(seq);
    }
    return seqs;
  });
}
