/**
 * The log's contract. `append` resolves when the event survives `kill -9` of this process;
 * `flush` resolves when everything appended so far survives power loss (the group commit).
 */
import type { BlobStore } from "./blobs.ts";
import type { Stored, LogEvent, LogEventType, Logged } from "./events.ts";
import type { JsonObject, JsonValue } from "./json.ts";

export interface EventFilter<T extends LogEventType = LogEventType> {
  readonly types?: readonly T[];
  readonly episodeId?: string;
  /** Only events with a larger seq. */
  readonly afterSeq?: number;
}

export type EventOfType<T extends LogEventType> = Logged<Extract<LogEvent, { type: T }>>;

export interface EventLog extends AsyncDisposable {
  readonly blobs: BlobStore;
  append(event: LogEvent): Promise<number>;
  /** Several events in one commit: all of them or none. Returns the seq of the last. */
  appendAll(events: readonly LogEvent[]): Promise<number>;
  /** In seq order; a consistent snapshot as of the call. */
  events<T extends LogEventType = LogEventType>(filter?: EventFilter<T>): Iterable<EventOfType<T>>;
  lastSeq(): number;
  /** Keep small values in place, large ones as blobs. */
  store(value: JsonValue): Promise<Stored>;
  load(stored: Stored): Promise<JsonValue>;
  /** The run manifest: resolved config, seeds, versions, commit, hashes. */
  readManifest(): JsonObject | null;
  writeManifest(manifest: JsonObject): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}
