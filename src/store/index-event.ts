import type { LogEvent } from "../core/events.ts";
import type { Tables } from "./database.ts";

/** What an event adds to the tables beside `events`; the same when it is appended and when the log is rebuilt. */
export function indexEvent(tables: Tables, event: LogEvent, seq: number): void {
  tables.byType.putSync(event.type, seq);
  if ("episodeId" in event) tables.byEpisode.putSync(event.episodeId, seq);
  if (event.type !== "sample-ack") return;
  for (const groupId of event.groupIds) tables.acknowledged.putSync(groupId, seq);
  for (const { groupId } of event.dropped) tables.acknowledged.putSync(groupId, seq);
}
