/**
 * Leases of ready groups, over the log's own database: any number of consumer processes, each group acknowledged once.
 *
 * A lease is a record with an expiry. Leasing a group again after its lease expired voids the whole earlier lease, so a
 * consumer that comes back late learns it by ERR_LEASE_EXPIRED, and its other groups return to the queue. A lease that
 * expired but was not given to anybody else may still be acknowledged.
 */
import { type Clock, systemClock } from "../core/clock.ts";
import { StoreError } from "../core/errors.ts";
import type { LogEvent } from "../core/events.ts";
import type { AckOptions, Lease, LeaseOptions, SampleQueue } from "../core/sample.ts";
import type { LeaseRecord, Tables } from "./database.ts";
import type { DurableLog } from "./log.ts";
import { releaseSnapshot } from "./read-events.ts";
import { Readiness, type ReadinessOptions, type ReadyGroup } from "./readiness.ts";
import { buildSampleGroup } from "./sample-group.ts";

export interface SampleQueueOptions extends Omit<ReadinessOptions, "maxRetries" | "purpose"> {
  /** Only episodes of this purpose are samples; default "train". */
  readonly purpose?: string;
  /** How many tries the runner adds to an attempt that a retryable error ended; default 0. */
  readonly maxRetries?: number;
  readonly clock?: Clock;
}

const defaultTtlMs = 600_000;

export function createSampleQueue(log: DurableLog, options: SampleQueueOptions): SampleQueue {
  const clock = options.clock ?? systemClock;
  const tables = log.tables;
  const readinessOptions = { purpose: "train", maxRetries: 0, ...options };
  const readiness = new Readiness(log, readinessOptions, (groupId) => isAcknowledged(tables, groupId));

  return {
    async lease({ consumer, maxGroups, minGroups = 1, ttlMs = defaultTtlMs }: LeaseOptions): Promise<Lease | null> {
      const now = clock.now();
      const ready = readiness.ready(now);
      if (ready.length < minGroups || maxGroups < 1) return null;
      const taken = log.transact(({ tables }) => {
        const free = ready.filter(({ groupId }) => isFree(tables, groupId, now)).slice(0, maxGroups);
        if (free.length < minGroups || free.length === 0) return null;
        for (const { groupId } of free) voidLease(tables, tables.leased.get(groupId));
        const record: LeaseRecord = {
          leaseId: nextLeaseId(tables),
          consumer,
          groupIds: free.map(({ groupId }) => groupId),
          expiresAt: now + ttlMs,
        };
        tables.leases.putSync(record.leaseId, record);
        for (const groupId of record.groupIds) tables.leased.putSync(groupId, record.leaseId);
        return { record, free };
      });
      if (taken === null) return null;
      const { leaseId, expiresAt } = taken.record;
      const groups = taken.free.map((group: ReadyGroup) => buildSampleGroup(log, group, options));
      releaseSnapshot(tables);
      return { leaseId, expiresAt, groups };
    },

    async ack(leaseId: string, { checkpoint, dropped = [], publish }: AckOptions = {}): Promise<void> {
      log.transact(({ tables, append }) => {
        const record = tables.leases.get(leaseId);
        if (record === undefined)
          throw new StoreError(`lease ${leaseId} is no longer held: throw its update away`, {
            code: "ERR_LEASE_EXPIRED",
          });
        const left = new Set(record.groupIds);
        for (const { groupId } of dropped)
          if (!left.delete(groupId))
            throw new StoreError(`group ${groupId} is not in lease ${leaseId}`, { code: "ERR_LEASE_GROUP" });
        const events: LogEvent[] = [
          {
            type: "sample-ack",
            consumer: record.consumer,
            leaseId,
            groupIds: [...left],
            dropped,
            checkpoint: checkpoint ?? null,
          },
        ];
        if (publish) events.push({ type: "weights-published", ...publish });
        append(events);
        voidLease(tables, leaseId);
      });
      await log.flush();
    },

    async nack(leaseId: string): Promise<void> {
      log.transact(({ tables }) => voidLease(tables, leaseId));
    },

    counts() {
      const now = clock.now();
      const ready = readiness.ready(now);
      const leased = ready.filter(({ groupId }) => !isFree(tables, groupId, now)).length;
      return { ready: ready.length - leased, leased, acknowledged: tables.acknowledged.getKeysCount() };
    },
  };
}

/**
 * Gives back what an earlier process of this consumer leased and did not acknowledge, for one that takes its place: it
 * need not wait for the leases to expire, and a late acknowledgement by the other is refused. Returns how many leases.
 */
export function releaseLeases(log: DurableLog, consumer: string): number {
  return log.transact(({ tables }) => {
    const held = [...tables.leases.getRange()].filter(({ value }) => value.consumer === consumer);
    for (const { value } of held) voidLease(tables, value.leaseId);
    return held.length;
  });
}

function isAcknowledged(tables: Tables, groupId: string): boolean {
  return tables.acknowledged.get(groupId) !== undefined;
}

function isFree(tables: Tables, groupId: string, now: number): boolean {
  if (isAcknowledged(tables, groupId)) return false;
  const leaseId = tables.leased.get(groupId);
  const lease = leaseId === undefined ? undefined : tables.leases.get(leaseId);
  return lease === undefined || lease.expiresAt <= now;
}

/** Forget a lease; its groups that were not acknowledged are free. */
function voidLease(tables: Tables, leaseId: string | undefined): void {
  const record = leaseId === undefined ? undefined : tables.leases.get(leaseId);
  if (record === undefined) return;
  for (const groupId of record.groupIds) tables.leased.removeSync(groupId);
  tables.leases.removeSync(record.leaseId);
}

function nextLeaseId(tables: Tables): string {
  const previous = tables.meta.get("lease-counter");
  const count = (typeof previous === "number" ? previous : 0) + 1;
  tables.meta.putSync("lease-counter", count);
  return `lease-${String(count).padStart(6, "0")}`;
}
