/** What a run that goes on still has to play: first the attempts that were cut off, then new groups. */
import type { EventLog } from "../../core/log.ts";
import { planResume, type GroupPlan } from "../../rollout/plan.ts";
import { episodeSummaries } from "../../store/episode-summaries.ts";

/** @param source deterministic: it yields the groups of earlier sessions again, under the same ids. */
export function restOfGroups(
  log: EventLog,
  purpose: string,
  source: AsyncIterable<GroupPlan>,
): AsyncIterable<GroupPlan> {
  const stored = episodeSummaries(log).filter((episode) => episode.purpose === purpose);
  return planResume(source, stored);
}
