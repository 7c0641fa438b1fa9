import { expect, test } from "vitest";
import { LatencyLedger } from "../../../src/rl/serve/latency-ledger.ts";

function ledgerWithClock() {
  const clock = { now: 0 };
  return { clock, ledger: new LatencyLedger(() => clock.now) };
}

/** One request of `ms`, with a moment of this kind in its middle. */
function meet(ledger: LatencyLedger, clock: { now: number }, kind: "startSwap" | "startPlacebo", ms: number): void {
  const finished = ledger.start();
  clock.now += ms / 2;
  ledger[kind]()();
  clock.now += ms / 2;
  finished("answered");
}

test("a swap that costs nothing adds nothing, although long requests meet it more often", () => {
  const { ledger, clock } = ledgerWithClock();
  for (let i = 0; i < 50; i++) {
    ledger.start()("answered");
    meet(ledger, clock, "startSwap", 400);
    meet(ledger, clock, "startPlacebo", 400);
  }
  expect(ledger.report()).toEqual({ requests: 150, failed: 0, swaps: 50, p99AddedMs: 0 });
});

test("what requests take longer through a swap than through a placebo is what it adds", () => {
  const { ledger, clock } = ledgerWithClock();
  for (let i = 0; i < 50; i++) {
    meet(ledger, clock, "startSwap", 430);
    meet(ledger, clock, "startPlacebo", 400);
  }
  expect(ledger.report().p99AddedMs).toBe(30);
});

test("a request that began during the swap met it too; a cancelled one counts nowhere", () => {
  const { ledger, clock } = ledgerWithClock();
  const [swapped, calm] = [ledger.startSwap(), ledger.startPlacebo()];
  const [late, gone] = [ledger.start(), ledger.start()];
  calm();
  swapped();
  clock.now += 70;
  late("failed");
  gone("cancelled");
  expect(ledger.report()).toEqual({ requests: 1, failed: 1, swaps: 1, p99AddedMs: 0 });
});
