import { describe, expect, it } from "vitest";
import { percentilesOf } from "../../src/rollout/percentiles.ts";
import { startProgress, type ProgressSnapshot } from "../../src/rollout/progress.ts";
import { manualClock } from "../support/manual-clock.ts";

const snapshot: ProgressSnapshot = {
  done: 25,
  running: 4,
  scored: 20,
  passed: 15,
  steps: 120,
  retries: 1,
  errors: { ERR_A: 1, ERR_B: 3 },
};

function screen(isTTY: boolean, columns = 200) {
  const written: string[] = [];
  return { written, stream: { write: (text: string) => written.push(text), isTTY, columns } };
}

describe("progress", () => {
  it("is a plain line every five seconds where there is no terminal, and a final one", async () => {
    const clock = manualClock();
    const { written, stream } = screen(false);
    const progress = startProgress({ stream, clock, total: 100 });
    progress.update(snapshot);
    await clock.advance(4_000);
    expect(written).toEqual([]);
    await clock.advance(7_000);
    expect(written).toHaveLength(2);
    expect(written[1]).toBe(
      "rollout 25/100  success 75.0%  4 running  12.0 steps/s  errors ERR_B:3 ERR_A:1  1 retried  eta 30s\n",
    );
    progress.update({ ...snapshot, done: 100, running: 0 });
    progress.stop();
    progress.stop();
    expect(written).toHaveLength(3);
    expect(written[2]).toMatch(/^rollout 100\/100 .* 11s\n$/);
    expect(clock.sleeping()).toBe(0);
  });

  it("is one line on a terminal, redrawn in place and cut to its width", async () => {
    const clock = manualClock();
    const { written, stream } = screen(true, 40);
    const progress = startProgress({ stream, clock, total: 100 });
    progress.update(snapshot);
    await clock.advance(1_000);
    progress.stop();
    expect(written.at(-1)).toBe("\n");
    const lines = written.slice(0, -1);
    expect(lines).toHaveLength(11);
    for (const line of lines) {
      expect(line.startsWith("\r\u001B[2K[#####---")).toBe(true);
      expect(line.length).toBeLessThanOrEqual(5 + 39);
      expect(line).not.toContain("\n");
    }
  });

  it("promises no end where there is none in sight", async () => {
    const clock = manualClock();
    const { written, stream } = screen(false);
    const endless = startProgress({ stream, clock, total: null, label: "train" });
    await clock.advance(5_000);
    endless.stop();
    expect(written[0]).toBe("train 0  success -  0.0 steps/s  5s\n");
    const fresh = startProgress({ stream, clock, total: 3 });
    fresh.stop();
    expect(written.at(-1)).toContain("eta -");
  });
});

describe("percentiles", () => {
  it("are the nearest ranks", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentilesOf(hundred)).toEqual({ p50: 50, p95: 95, p99: 99 });
    expect(percentilesOf([7])).toEqual({ p50: 7, p95: 7, p99: 7 });
    expect(percentilesOf([])).toEqual({ p50: null, p95: null, p99: null });
  });
});
