import { setMaxListeners } from "node:events";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { EnvError, SandboxError } from "../../src/core/errors.ts";
import { memoryBlobs } from "../../src/core/memory-blobs.ts";
import { createRandom } from "../../src/core/random.ts";
import { EnvironmentPool, type PoolOptions } from "../../src/rollout/environment-pool.ts";
import { countingGame } from "../support/counting-game.ts";
import { fakeDriver } from "../support/fake-driver.ts";
import { manualClock } from "../support/manual-clock.ts";

const never = new AbortController().signal;
setMaxListeners(0, never);

function poolOf(options: Partial<PoolOptions> = {}): EnvironmentPool {
  return new EnvironmentPool({
    maxOpen: 4,
    driver: null,
    blobs: memoryBlobs(),
    clock: systemClock,
    seed: 1,
    ...options,
  });
}

const later = (turns: number) =>
  new Promise<void>((resolve) => {
    const next = (left: number) => (left > 0 ? setImmediate(() => next(left - 1)) : resolve());
    next(turns);
  });

describe("the environment pool", () => {
  it("never exceeds its cap, under random failures, delays and aborts, and serves everyone", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(
          fc.record({
            which: fc.integer({ min: 0, max: 1 }),
            hold: fc.integer({ min: 0, max: 8 }),
            abortAfter: fc.option(fc.integer({ min: 0, max: 10 }), { nil: null }),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        fc.integer(),
        async (maxOpen, spares, maxStarting, users, seed) => {
          const random = createRandom(seed);
          const driver = fakeDriver({
            start: async () => {
              await later(random.integer(4));
              if (random.next() < 0.15) throw new SandboxError("no", { code: "ERR_SANDBOX_START" });
            },
          });
          let open = 0;
          let peak = 0;
          const misbehave = async (call: string) => {
            if (call === "open") peak = Math.max(peak, ++open);
            if (call === "open" || call === "close") await later(random.integer(4));
            const fails = random.next() < 0.15;
            if (call === "close" || (call === "open" && fails)) open--;
            if ((call === "open" || call === "close") && fails) throw new Error(`${call} failed`);
          };
          const games = [0, 1].map(() => countingGame({ sandbox: true, on: misbehave }));
          const pool = poolOf({ maxOpen, spares, maxStarting, driver });
          let exceeded = 0;
          const watch = () => (exceeded = Math.max(exceeded, pool.stats().open, driver.open()));
          for (const { definition } of games) pool.prewarm(definition);
          await Promise.all(
            users.map(async ({ which, hold, abortAfter }) => {
              const abort = new AbortController();
              if (abortAfter !== null) void later(abortAfter).then(() => abort.abort(new Error("gave up")));
              try {
                const lease = await pool.lease(games[which]!.definition, { signal: abort.signal });
                watch();
                await later(hold);
                watch();
                await lease.release();
              } catch {
                // A failed opening or an abort: the user goes away.
              }
            }),
          );
          expect(await pool.close()).toBe(0);
          expect(exceeded).toBeLessThanOrEqual(maxOpen);
          expect(driver.peak()).toBeLessThanOrEqual(maxOpen);
          expect(peak).toBeLessThanOrEqual(maxOpen);
          expect(driver.open()).toBe(0);
          expect(open).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("hands out a spare at once and opens the next", async () => {
    const game = countingGame();
    const pool = poolOf({ maxOpen: 3, spares: 1 });
    pool.prewarm(game.definition);
    await expect.poll(() => pool.stats().spare).toBe(1);
    const lease = await pool.lease(game.definition, { signal: never });
    expect(game.log[0]).toBe("open 0");
    await expect.poll(() => pool.stats()).toMatchObject({ spare: 1, leased: 1 });
    await lease.release();
    expect(await pool.close()).toBe(0);
    expect(game.open()).toBe(0);
  });

  it("opens no more spares once it is told that the end is near", async () => {
    const game = countingGame();
    const pool = poolOf({ maxOpen: 3, spares: 1 });
    pool.prewarm(game.definition);
    await expect.poll(() => pool.stats().spare).toBe(1);
    pool.stopPrewarming();
    const lease = await pool.lease(game.definition, { signal: never });
    await lease.release();
    expect(game.opened()).toBe(1);
    await pool.close();
  });

  it("starts no more at once than it may, whatever the cap", async () => {
    let starting = 0;
    let most = 0;
    const game = countingGame({
      on: async (call) => {
        if (call !== "open") return;
        most = Math.max(most, ++starting);
        await later(5);
        starting--;
      },
    });
    const pool = poolOf({ maxOpen: 20, maxStarting: 2 });
    const leases = await Promise.all(Array.from({ length: 12 }, () => pool.lease(game.definition, { signal: never })));
    expect(most).toBe(2);
    await Promise.all(leases.map((lease) => lease.release()));
    await pool.close();
  });

  it("closes a spare of another definition when the cap is reached", async () => {
    const [a, b] = [countingGame(), countingGame()];
    const pool = poolOf({ maxOpen: 1, spares: 1 });
    pool.prewarm(a.definition);
    await expect.poll(() => pool.stats().spare).toBe(1);
    const lease = await pool.lease(b.definition, { signal: never });
    expect([a.open(), b.open()]).toEqual([0, 1]);
    await lease.release();
    await pool.close();
  });

  it("passes an instance whose caller gave up to the next one", async () => {
    let open = (): void => undefined;
    const game = countingGame({
      on: (call) => (call === "open" ? new Promise<void>((resolve) => (open = resolve)) : undefined),
    });
    const pool = poolOf({ maxOpen: 1 });
    const abort = new AbortController();
    const first = pool.lease(game.definition, { signal: abort.signal });
    const second = pool.lease(game.definition, { signal: never });
    abort.abort(new Error("gave up"));
    await expect(first).rejects.toThrow("gave up");
    open();
    const lease = await second;
    expect(game.opened()).toBe(1);
    await lease.release();
    await pool.close();
  });

  it("takes back a lease that is not renewed, and leaves one that is", async () => {
    const clock = manualClock();
    const game = countingGame();
    const pool = poolOf({ clock, leaseTtlMs: 1_000 });
    const [forgotten, kept] = await Promise.all([
      pool.lease(game.definition, { signal: never }),
      pool.lease(game.definition, { signal: never }),
    ]);
    await clock.advance(800);
    kept.renew();
    await clock.advance(400);
    expect(forgotten.expired.reason).toMatchObject({ code: "ERR_LEASE_EXPIRED", retryable: true });
    expect(kept.expired.aborted).toBe(false);
    expect(pool.stats()).toMatchObject({ leased: 1, reaped: 1 });
    expect(game.open()).toBe(1);
    expect(await forgotten.release()).toBeNull();
    await kept.release();
    await pool.close();
    expect(clock.sleeping()).toBe(0);
  });

  it("closes the instance, then its sandbox, also when the instance hangs in close", async () => {
    const clock = manualClock();
    const game = countingGame({
      sandbox: true,
      on: (call) => (call === "close" ? new Promise(() => undefined) : undefined),
    });
    const driver = fakeDriver();
    const pool = poolOf({ clock, driver, closeTimeoutMs: 2_000 });
    const lease = await pool.lease(game.definition, { signal: never });
    const released = lease.release();
    await clock.advance(1_000);
    expect(driver.open()).toBe(1);
    await clock.advance(1_500);
    expect(await released).toMatchObject({ code: "ERR_ENV_CLOSE" });
    expect(driver.open()).toBe(0);
    expect(pool.stats().open).toBe(0);
    await pool.close();
  });

  it("closes an instance that opens after its opening was given up", async () => {
    const clock = manualClock();
    let open = (): void => undefined;
    const game = countingGame({
      on: (call) => (call === "open" ? new Promise<void>((resolve) => (open = resolve)) : undefined),
    });
    const pool = poolOf({ clock });
    const lease = expect(pool.lease(game.definition, { signal: never })).rejects.toBeInstanceOf(EnvError);
    await clock.advance(120_000);
    await lease;
    expect(pool.stats().open).toBe(0);
    open();
    await later(3);
    expect(game.open()).toBe(0);
    await pool.close();
  });

  it("says what is missing when a definition needs a sandbox and there is none", async () => {
    const pool = poolOf();
    const lease = pool.lease(countingGame({ sandbox: true }).definition, { signal: never });
    await expect(lease).rejects.toMatchObject({ code: "ERR_SANDBOX_REQUIRED", boundary: "config" });
    await pool.close();
  });

  it("refuses those who wait and those who come late once it is closed", async () => {
    const game = countingGame();
    const pool = poolOf({ maxOpen: 1 });
    await pool.lease(game.definition, { signal: never });
    const waiting = expect(pool.lease(game.definition, { signal: never })).rejects.toMatchObject({
      code: "ERR_POOL_CLOSED",
    });
    expect(await pool.close()).toBe(0);
    await waiting;
    await expect(pool.lease(game.definition, { signal: never })).rejects.toMatchObject({ code: "ERR_POOL_CLOSED" });
    expect(game.open()).toBe(0);
  });
});
