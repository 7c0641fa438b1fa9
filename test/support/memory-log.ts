/** An event log in memory, for tests of rooms that write to one. Keeps order, snapshots and JSON, not durability. */
import { memoryBlobs } from "../../src/core/memory-blobs.ts";
import { StoreError } from "../../src/core/errors.ts";
import type { LogEvent, LogEventType, Logged, Stored } from "../../src/core/events.ts";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import type { EventFilter, EventLog, EventOfType } from "../../src/core/log.ts";

export interface MemoryLog extends EventLog {
  /** From now on every append fails, as a full disk would make it. */
  breakDown(): void;
  all(): Logged[];
  ofType<T extends LogEventType>(type: T): EventOfType<T>[];
}

export function memoryLog(options: { readonly inlineBytes?: number } = {}): MemoryLog {
  const { inlineBytes = 4_096 } = options;
  const events: Logged[] = [];
  const blobs = memoryBlobs();
  let manifest: JsonObject | null = null;
  let broken = false;

  async function appendAll(added: readonly LogEvent[]): Promise<number> {
    // A turn of the event loop, as a real commit takes: nothing may rely on an append being synchronous.
    await new Promise((resolve) => setImmediate(resolve));
    if (broken) throw new StoreError("the log is broken", { code: "ERR_LOG_WRITE" });
    for (const event of added)
      events.push({ seq: events.length + 1, at: 0, ...(JSON.parse(JSON.stringify(event)) as LogEvent) });
    return events.length;
  }

  function* read<T extends LogEventType>(filter: EventFilter<T> = {}): Iterable<EventOfType<T>> {
    const { types, episodeId, afterSeq = 0 } = filter;
    for (const event of events.slice()) {
      if (event.seq <= afterSeq || (types && !types.includes(event.type as T))) continue;
      if (episodeId !== undefined && !("episodeId" in event && event.episodeId === episodeId)) continue;
      yield event as EventOfType<T>;
    }
  }

  const close = async () => undefined;
  return {
    blobs,
    append: (event) => appendAll([event]),
    appendAll,
    events: read,
    lastSeq: () => events.length,
    async store(value: JsonValue): Promise<Stored> {
      const bytes = Buffer.from(JSON.stringify(value));
      if (bytes.length <= inlineBytes) return { inline: value };
      return { blob: await blobs.put(bytes, "application/json") };
    },
    async load(stored) {
      if ("inline" in stored) return stored.inline;
      return JSON.parse(Buffer.from(await blobs.get(stored.blob.ref)).toString()) as JsonValue;
    },
    readManifest: () => manifest,
    async writeManifest(written) {
      manifest = written;
    },
    flush: async () => undefined,
    close,
    [Symbol.asyncDispose]: close,
    breakDown() {
      broken = true;
    },
    all: () => [...events],
    ofType: (type) => [...read({ types: [type] })],
  };
}
