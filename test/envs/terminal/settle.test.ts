import { describe, expect, test } from "vitest";
import type { Clock } from "../../../src/core/clock.ts";
import { type Glance, type SettleOptions, Settler } from "../../../src/envs/terminal/settle.ts";

/** Time that passes only by sleeping, and how long each sleep was. */
function fakeClock(): Clock & { readonly sleeps: number[] } {
  let time = 0;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => time,
    monotonic: () => time,
    sleep: async (ms, signal) => {
      await Promise.resolve();
      if (signal?.aborted) throw signal.reason;
      sleeps.push(ms);
      time += ms;
    },
  };
}

/** Time that passes only by `pass`. */
function manualClock(): Clock & { timers: number; pass(ms: number): Promise<void> } {
  let time = 0;
  const sleeping: { readonly until: number; readonly wake: () => void }[] = [];
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    timers: 0,
    now: () => time,
    monotonic: () => time,
    sleep(ms) {
      this.timers++;
      return new Promise((wake) => sleeping.push({ until: time + ms, wake }));
    },
    async pass(ms) {
      for (let passed = 0; passed < ms; passed++) {
        await turn();
        time++;
        for (const { until, wake } of sleeping) if (until === time) wake();
      }
    },
  };
}

function settle(options: Partial<SettleOptions> & { readonly settler?: Settler }) {
  const clock = fakeClock();
  const { settler = new Settler(), ...rest } = options;
  const settled = settler.settle({
    clock,
    deadline: 10_000,
    signal: new AbortController().signal,
    glance: () => "busy",
    probe: async () => false,
    ...rest,
  });
  return { clock, settled };
}

describe("coming to rest", () => {
  test("at once, without a question, when the marks say so", async () => {
    let questions = 0;
    const { settled, clock } = settle({ glance: () => "rest", probe: async () => ++questions > 0 });
    expect(await settled).toBe(true);
    expect([questions, clock.sleeps]).toEqual([0, []]);
  });

  test("a silent terminal is asked at growing intervals until the deadline", async () => {
    const { settled, clock } = settle({ deadline: 3_000 });
    expect(await settled).toBe(false);
    expect(clock.sleeps.slice(0, 6)).toEqual([30, 60, 120, 240, 480, 500]);
    expect(clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBe(3_000);
  });

  test("a hint shortens one wait, not all", async () => {
    const glance = (): Glance => "check";
    const { settled, clock } = settle({ glance, deadline: 200 });
    await settled;
    expect(clock.sleeps.slice(0, 3)).toEqual([4, 60, 120]);
  });

  test("a terminal that prints without a pause is not asked about", async () => {
    const settler = new Settler();
    let looks = 0;
    let questions = 0;
    const { settled } = settle({
      settler,
      glance: () => {
        queueMicrotask(() => settler.notify());
        return ++looks === 50 ? "rest" : "busy";
      },
      probe: async () => ++questions > 0,
    });
    expect(await settled).toBe(true);
    expect(questions).toBe(0);
  });

  test("where the kernel's answer takes long, silence has to last longer before the next wait asks", async () => {
    const settler = new Settler();
    const first: ReturnType<typeof settle> = settle({
      settler,
      probe: async () => {
        await first.clock.sleep(40);
        return true;
      },
    });
    await first.settled;
    const second = settle({ settler, probe: async () => true });
    await second.settled;
    const third = settle({ settler, probe: async () => true });
    await third.settled;
    expect([second.clock.sleeps, third.clock.sleeps]).toEqual([
      [300, 500, 500],
      [30, 60, 120],
    ]);
  });

  test("data restarts the silence, and needs no timer of its own", async () => {
    const settler = new Settler();
    const clock = manualClock();
    let askedAt: number | null = null;
    const { settled } = settle({
      settler,
      clock,
      probe: async () => {
        askedAt = clock.monotonic();
        return true;
      },
    });
    for (const ms of [10, 10, 9, 30]) {
      await clock.pass(ms);
      if (ms < 30) settler.notify();
    }
    expect(await settled).toBe(true);
    expect([askedAt, clock.timers]).toEqual([59, 2]);
  });

  test("an answer of the kernel that data overtook is not believed", async () => {
    const settler = new Settler();
    let questions = 0;
    const { settled } = settle({
      settler,
      probe: async () => {
        if (++questions === 1) settler.notify();
        return true;
      },
    });
    expect(await settled).toBe(true);
    expect(questions).toBe(2);
  });

  test("an abort rejects with its reason, even while the kernel does not answer", async () => {
    const abort = new AbortController();
    const { settled } = settle({
      signal: abort.signal,
      probe: () => {
        abort.abort(new Error("stop"));
        return new Promise(() => {});
      },
    });
    await expect(settled).rejects.toThrow("stop");
  });
});
