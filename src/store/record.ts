/**
 * One event as bytes, the same in the database and in the journal: a line
 *
 *     <crc32, 8 hex digits><mark><JSON with seq and at first>\n
 *
 * The checksum covers mark and JSON. The mark is "+" when more events of the same commit follow, "." on the last.
 */
import { StoreError } from "../core/errors.ts";
import type { LogEvent, LogEventType, Logged } from "../core/events.ts";
import { crc32 } from "./checksum.ts";

const prefixBytes = 9;

const eventTypes: Readonly<Record<LogEventType, true>> = {
  "episode-start": true,
  "episode-reset": true,
  "model-call": true,
  step: true,
  "next-state": true,
  judgement: true,
  outcome: true,
  "episode-end": true,
  "sample-ack": true,
  "weights-published": true,
};

/** An event before it has a seq. Serialised outside the transaction, so that a bad one fails alone. */
export interface PendingEvent {
  readonly event: LogEvent;
  /** The event's JSON without its opening brace. */
  readonly tail: string;
}

/** @throws StoreError ERR_EVENT_INVALID when the event has an unknown type or is no JSON. */
export function pendingEvent(event: LogEvent): PendingEvent {
  if (!Object.hasOwn(eventTypes, event.type))
    throw new StoreError(`the log knows no event of type "${(event as { type: string }).type}"`, {
      code: "ERR_EVENT_INVALID",
    });
  let json: string;
  try {
    json = JSON.stringify(event);
  } catch (error) {
    throw new StoreError(`an event of type "${event.type}" is no JSON`, { code: "ERR_EVENT_INVALID", cause: error });
  }
  return { event, tail: json.slice(1) };
}

/** The line of one event, newline included. */
export function encodeRecord(pending: PendingEvent, seq: number, at: number, last: boolean): Buffer {
  const line = Buffer.from(`00000000${last ? "." : "+"}{"seq":${seq},"at":${at},${pending.tail}\n`, "utf8");
  line.write(checksumOf(line, line.length - 1), 0, "latin1");
  return line;
}

export interface DecodedRecord {
  readonly event: Logged;
  /** True when the commit ends with this event. */
  readonly last: boolean;
}

/** Undefined when the bytes are not a record that was written whole. */
export function decodeRecord(line: Uint8Array): DecodedRecord | undefined {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  const end = bytes[bytes.length - 1] === 0x0a ? bytes.length - 1 : bytes.length;
  if (end <= prefixBytes) return undefined;
  if (bytes.toString("latin1", 0, 8) !== checksumOf(bytes, end)) return undefined;
  try {
    const event = JSON.parse(bytes.toString("utf8", prefixBytes, end)) as Logged;
    if (typeof event.seq !== "number" || !Object.hasOwn(eventTypes, event.type)) return undefined;
    return { event, last: bytes[8] === 0x2e };
  } catch {
    return undefined;
  }
}

function checksumOf(line: Uint8Array, end: number): string {
  return crc32(line, prefixBytes - 1, end)
    .toString(16)
    .padStart(8, "0");
}
