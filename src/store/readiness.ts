/**
 * Which groups are ready for training, kept up to date from the log by a cursor: each event is read once.
 *
 * An attempt is settled when its latest try has ended and each of its steps has a judgement by the run's judge, or the
 * judge's deadline after that end has passed. Two endings leave an attempt open, because a further try is expected:
 * `cancelled` (a resumed run plays it again), and a retryable error while tries are left.
 * Whether a judgement came in time is read off the log's timestamps, so that every process, at any time, sees a group
 * with the same rewards.
 */
import type { EpisodeEndEvent, EpisodeStartEvent, JudgementEvent, Logged } from "../core/events.ts";
import { stepIdOf } from "../core/events.ts";
import type { EventLog } from "../core/log.ts";

export interface ReadinessOptions {
  /** Null: outcomes alone; no step waits for a judgement. */
  readonly judgeId: string | null;
  /** From the end of the episode, ms. */
  readonly judgeDeadlineMs: number;
  /** Only episodes of this purpose are samples. */
  readonly purpose: string;
  /** How many tries the runner adds to an attempt that a retryable error ended. */
  readonly maxRetries: number;
}

export interface ReadyGroup {
  readonly groupId: string;
  readonly readySeq: number;
  /** The latest try of each attempt, by attempt. */
  readonly episodeIds: readonly string[];
}

interface Try {
  readonly start: Logged<EpisodeStartEvent>;
  end: Logged<EpisodeEndEvent> | null;
  /** Steps that have a judgement in time. */
  readonly judged: Set<string>;
  lastJudgementSeq: number;
}

interface Group {
  readonly size: number;
  /** Latest try by attempt. */
  readonly tries: Map<number, Try>;
}

export class Readiness {
  readonly #log: EventLog;
  readonly #options: ReadinessOptions;
  readonly #isAcknowledged: (groupId: string) => boolean;
  readonly #groups = new Map<string, Group>();
  readonly #byEpisode = new Map<string, Try>();
  #cursor = 0;

  constructor(log: EventLog, options: ReadinessOptions, isAcknowledged: (groupId: string) => boolean) {
    this.#log = log;
    this.#options = options;
    this.#isAcknowledged = isAcknowledged;
  }

  /** Ready groups that no acknowledgement has reached, in the order in which they became ready. */
  ready(now: number): ReadyGroup[] {
    this.#advance();
    const ready: ReadyGroup[] = [];
    for (const [groupId, group] of this.#groups) {
      const readySeq = this.#readySeq(group, now);
      if (readySeq === null) continue;
      const tries = [...group.tries.values()].sort((a, b) => a.start.attempt - b.start.attempt);
      ready.push({ groupId, readySeq, episodeIds: tries.map((one) => one.start.episodeId) });
    }
    return ready.sort((a, b) => a.readySeq - b.readySeq);
  }

  #advance(): void {
    const last = this.#log.lastSeq();
    if (last === this.#cursor) return;
    const types = ["episode-start", "episode-end", "judgement", "sample-ack"] as const;
    for (const event of this.#log.events({ types, afterSeq: this.#cursor })) {
      if (event.type === "episode-start") this.#start(event);
      else if (event.type === "episode-end") this.#end(event);
      else if (event.type === "judgement") this.#judgement(event);
      else {
        for (const groupId of event.groupIds) this.#forget(groupId);
        for (const { groupId } of event.dropped) this.#forget(groupId);
      }
      this.#cursor = event.seq;
    }
    this.#cursor = Math.max(this.#cursor, last);
  }

  #start(event: Logged<EpisodeStartEvent>): void {
    if (event.purpose !== this.#options.purpose || this.#isAcknowledged(event.groupId)) return;
    let group = this.#groups.get(event.groupId);
    if (!group) this.#groups.set(event.groupId, (group = { size: event.groupSize, tries: new Map() }));
    const earlier = group.tries.get(event.attempt);
    if (earlier && earlier.start.retry > event.retry) return;
    if (earlier) this.#byEpisode.delete(earlier.start.episodeId);
    const one: Try = { start: event, end: null, judged: new Set(), lastJudgementSeq: 0 };
    group.tries.set(event.attempt, one);
    this.#byEpisode.set(event.episodeId, one);
  }

  #end(event: Logged<EpisodeEndEvent>): void {
    const one = this.#byEpisode.get(event.episodeId);
    if (one) one.end = event;
  }

  #judgement(event: Logged<JudgementEvent>): void {
    const one = this.#byEpisode.get(event.episodeId);
    const { stepId, judgeId } = event.judgement;
    if (!one || judgeId !== this.#options.judgeId || one.judged.has(stepId) || !this.#inTime(one, event.at)) return;
    one.judged.add(stepId);
    one.lastJudgementSeq = event.seq;
  }

  #inTime(one: Try, at: number): boolean {
    return one.end === null || at <= one.end.at + this.#options.judgeDeadlineMs;
  }

  #readySeq(group: Group, now: number): number | null {
    if (group.tries.size < group.size) return null;
    let readySeq = 0;
    for (const one of group.tries.values()) {
      if (!this.#settled(one, now)) return null;
      readySeq = Math.max(readySeq, one.end!.seq, one.lastJudgementSeq);
    }
    return readySeq;
  }

  #settled(one: Try, now: number): boolean {
    const { end } = one;
    if (end === null || end.stopReason === "cancelled") return false;
    if (end.error !== null) return !end.error.retryable || one.start.retry >= this.#options.maxRetries;
    if (this.#options.judgeId === null || now > end.at + this.#options.judgeDeadlineMs) return true;
    for (let index = 0; index < end.steps; index++)
      if (!one.judged.has(stepIdOf(one.start.episodeId, index))) return false;
    return true;
  }

  #forget(groupId: string): void {
    for (const one of this.#groups.get(groupId)?.tries.values() ?? []) this.#byEpisode.delete(one.start.episodeId);
    this.#groups.delete(groupId);
  }
}
