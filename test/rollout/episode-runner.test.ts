import { afterEach, describe, expect, it } from "vitest";
import { nopActor } from "../../src/agent/nop-actor.ts";
import { oracleActor } from "../../src/agent/oracle-actor.ts";
import { scriptedActor, scriptedTurn } from "../../src/agent/turn.ts";
import type { Actor, Turn } from "../../src/core/agent.ts";
import { systemClock, type Clock } from "../../src/core/clock.ts";
import { PolicyError, SandboxError } from "../../src/core/errors.ts";
import type { Split } from "../../src/core/task.ts";
import { EnvironmentPool } from "../../src/rollout/environment-pool.ts";
import type { EpisodeReport } from "../../src/rollout/episode-report.ts";
import { runEpisode } from "../../src/rollout/episode-runner.ts";
import { countingGame, type Call, type CountingGame, type CountingOptions } from "../support/counting-game.ts";
import { fakeDriver } from "../support/fake-driver.ts";
import { manualClock } from "../support/manual-clock.ts";
import { memoryLog } from "../support/memory-log.ts";

const hang = () => new Promise<never>(() => undefined);

interface Stage {
  readonly game: CountingGame;
  readonly log: ReturnType<typeof memoryLog>;
  readonly driver: ReturnType<typeof fakeDriver>;
  readonly abort: AbortController;
  play(actor: Actor): Promise<EpisodeReport>;
}

const pools: EnvironmentPool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close(0)));
});

function stage(options: CountingOptions = {}, clock: Clock = systemClock): Stage {
  const game = countingGame({ sandbox: true, ...options });
  const [log, driver, abort] = [memoryLog(), fakeDriver(), new AbortController()];
  const pool = new EnvironmentPool({ maxOpen: 1, driver, blobs: log.blobs, clock, seed: 0, leaseTtlMs: 50_000 });
  pools.push(pool);
  return {
    game,
    log,
    driver,
    abort,
    async play(actor) {
      const task = await game.definition.tasks.train.get(0, { seed: 0 });
      const where = { groupId: "g000000", groupSize: 1, attempt: 0, retry: 0, split: "train" as Split };
      const plan = { ...where, task, purpose: "rollout", seed: 7 };
      const { definition } = game;
      return runEpisode(plan, {
        definition,
        actor,
        log,
        pool,
        driver,
        clock,
        checkSubgoals: true,
        signal: abort.signal,
      });
    },
  };
}

/** Fails, hangs or waits in one call, the `nth` of its kind. */
const at =
  (call: Call, what: (signal: AbortSignal | null) => unknown, nth = 0): NonNullable<CountingOptions["on"]> =>
  (now, _instance, signal) =>
    now === call && nth-- === 0 ? what(signal) : undefined;

const untilAborted = (signal: AbortSignal | null) =>
  new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason as Error)));

function expectAllClosed({ game, driver }: Stage): void {
  expect(game.open()).toBe(0);
  expect(driver.open()).toBe(0);
  expect(game.log.filter((line) => line.startsWith("close"))).toHaveLength(1);
}

describe("an episode", () => {
  it("is in the log in order, with its states, subgoals and outcome", async () => {
    const s = stage({ target: 2 });
    const report = await s.play(oracleActor());
    const turn = ["step", "next-state"];
    const types = ["episode-start", "episode-reset", ...turn, ...turn, ...turn, "outcome", "episode-end"];
    expect(s.log.all().map(({ type }) => type)).toEqual(types);
    expect(s.log.ofType("episode-start")[0]).toMatchObject({ episodeId: "g000000.0", actor: "oracle", seed: 7 });
    const states = s.log.ofType("next-state");
    expect(states.map(({ subgoals }) => subgoals)).toEqual([{ counted: false }, { counted: true }, { counted: true }]);
    expect(states.map(({ observation }) => observation)).toMatchObject(
      [1, 2, 2].map((count) => ({ inline: { count } })),
    );
    expect(states.at(-1)).toMatchObject({ terminated: true, truncated: false, stopReason: "submitted" });
    expect(s.log.ofType("episode-end")[0]).toMatchObject({ steps: 3, artifacts: { inline: { count: 2 } } });
    expect(report).toMatchObject({ stopReason: "submitted", error: null, outcome: { score: 1, passed: true } });
    expect(report).toMatchObject({ steps: 3, envReward: 1 });
    expectAllClosed(s);
  });

  it("has each next state in the log before the next turn begins", async () => {
    const s = stage();
    const seen: number[] = [];
    const oracle = oracleActor();
    const act: Actor["act"] = (input) => {
      seen.push(s.log.ofType("next-state").length);
      return oracle.act(input);
    };
    await s.play({ ...oracle, act });
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it("records model calls with their step, and counts their tokens against the budget", async () => {
    const s = stage({ limits: { maxTokens: 25 } });
    const call = (callId: string) => ({
      callId,
      policyId: "p",
      messages: null,
      rawText: "",
      promptTokenIds: null,
      tokenIds: null,
      logprobs: null,
      message: { role: "assistant", content: "" } as const,
      versionSpans: [],
      sampling: { temperature: 1, maxTokens: 9 },
      finishReason: "stop" as const,
      durationMs: 1,
      usage: { promptTokens: 7, completionTokens: 3 },
    });
    const actor = scriptedActor("model", ({ view }): Turn => {
      const turn = scriptedTurn(view.stepIndex, [{ type: "add", amount: 1 }]);
      return { ...turn, modelCalls: [call(`call-${view.stepIndex}`)] };
    });
    expect(await s.play(actor)).toMatchObject({ stopReason: "max_tokens", steps: 3 });
    expect(s.log.ofType("model-call").map(({ stepId }) => stepId)).toEqual([0, 1, 2].map((i) => `g000000.0/${i}`));
    expect(s.log.ofType("step")[1]).toMatchObject({ callIds: ["call-1"] });
  });

  it("truncates at the step budget and is still scored", async () => {
    const s = stage({ limits: { maxSteps: 2 } });
    const report = await s.play(oracleActor());
    expect(report).toMatchObject({ stopReason: "max_steps", steps: 2, outcome: { status: "scored", score: 0 } });
    expect(s.log.ofType("next-state").at(-1)).toMatchObject({ terminated: false, truncated: true });
  });

  it("counts a turn that could not be parsed as a step that changes nothing", async () => {
    const s = stage({ limits: { maxSteps: 1 } });
    await s.play(scriptedActor("garbled", ({ view }) => scriptedTurn(view.stepIndex, [], "no such tool")));
    expect(s.log.ofType("step")[0]).toMatchObject({ actions: [], parseError: "no such tool" });
    expect(s.log.ofType("next-state")[0]).toMatchObject({ observation: { inline: { count: 0 } }, results: [] });
  });

  it("shows the agent its own past, and never the solution", async () => {
    const s = stage({ limits: { maxSteps: 2 } });
    const views: unknown[] = [];
    const actor = scriptedActor("watching", ({ view }) => {
      views.push(view);
      return scriptedTurn(view.stepIndex, [{ type: "add", amount: 99 }]);
    });
    await s.play(actor);
    expect(views[1]).toMatchObject({
      stepIndex: 1,
      maxSteps: 2,
      firstObservation: { count: 0 },
      history: [{ results: [{ callId: "c0.0", status: "invalid_action" }], observation: { count: 0 } }],
    });
    expect(JSON.stringify(views)).not.toContain("oracle");
  });

  it.each(["open", "reset", "step", "subgoals", "finish"] as const)(
    "ends with environment_error and everything closed when %s throws",
    async (call) => {
      const s = stage({
        on: at(call, () => {
          throw new SandboxError("gone", { code: "ERR_SANDBOX_GONE", retryable: true });
        }),
      });
      const report = await s.play(oracleActor());
      const error = { code: "ERR_SANDBOX_GONE", boundary: "sandbox", retryable: true };
      expect(report).toMatchObject({ stopReason: "environment_error", error, outcome: null });
      expect(s.log.all().at(-1)).toMatchObject({ type: "episode-end", stopReason: "environment_error", error });
      expect(s.log.ofType("outcome")).toEqual([]);
      expect(s.game.open()).toBe(0);
      expect(s.driver.open()).toBe(0);
    },
  );

  it("keeps its result when close throws, and reports that", async () => {
    const s = stage({
      on: at("close", () => {
        throw new Error("stuck");
      }),
    });
    const report = await s.play(oracleActor());
    expect(report).toMatchObject({ stopReason: "submitted", closeError: { boundary: "env" } });
    expect(s.driver.open()).toBe(0);
  });

  it.each(["reset", "step", "subgoals", "finish"] as const)("cuts a %s that hangs at the call limit", async (call) => {
    const clock = manualClock();
    const s = stage({ limits: { callTimeoutMs: 3_000 }, on: at(call, hang) }, clock);
    const playing = s.play(oracleActor());
    await clock.advance(10_000);
    expect(await playing).toMatchObject({ stopReason: "environment_error", error: { code: "ERR_ENV_TIMEOUT" } });
    expectAllClosed(s);
  });

  it.each(["reset", "step", "subgoals", "finish"] as const)(
    "is cancelled within a second during a %s, with everything closed",
    async (call) => {
      const clock = manualClock();
      const s = stage({ on: at(call, hang) }, clock);
      const playing = s.play(oracleActor());
      await clock.advance(100);
      s.abort.abort(new Error("Ctrl-C"));
      await clock.advance(1_000);
      expect(await playing).toMatchObject({ stopReason: "cancelled", error: null, outcome: null });
      expect(s.log.all().at(-1)).toMatchObject({ type: "episode-end", stopReason: "cancelled" });
      expectAllClosed(s);
    },
  );

  it("is cancelled while its actor thinks", async () => {
    const clock = manualClock();
    const s = stage({}, clock);
    const playing = s.play({ ...nopActor(), act: hang });
    await clock.advance(100);
    s.abort.abort(new Error("Ctrl-C"));
    await clock.advance(1_000);
    expect(await playing).toMatchObject({ stopReason: "cancelled", steps: 0 });
    expectAllClosed(s);
  });

  it("passes the abort on to the running step", async () => {
    const s = stage({ on: at("step", untilAborted) });
    const playing = s.play(oracleActor());
    await expect.poll(() => s.log.ofType("step").length).toBe(1);
    s.abort.abort(new Error("Ctrl-C"));
    expect(await playing).toMatchObject({ stopReason: "cancelled" });
    expectAllClosed(s);
  });

  it("stops at its time budget, and is scored by the state it left", async () => {
    const clock = manualClock();
    const s = stage({ limits: { maxTimeMs: 5_000 }, on: at("step", untilAborted, 1) }, clock);
    const playing = s.play(oracleActor());
    await clock.advance(7_000);
    expect(await playing).toMatchObject({ stopReason: "max_time", error: null, outcome: { score: 0 }, steps: 1 });
    expect(s.log.ofType("episode-end")[0]).toMatchObject({ artifacts: { inline: { count: 1 } } });
    expectAllClosed(s);
  });

  it("lets a step that its time budget cut come to rest before it asks for the final state", async () => {
    const clock = manualClock();
    const calls: string[] = [];
    const slow = async (signal: AbortSignal | null) => {
      await untilAborted(signal).catch(() => clock.sleep(800));
      calls.push("step is still");
    };
    const hooks = at("step", slow);
    const s = stage(
      {
        limits: { maxTimeMs: 5_000 },
        on: (call, instance, signal) => {
          if (call === "finish") calls.push(call);
          return hooks(call, instance, signal);
        },
      },
      clock,
    );
    const playing = s.play(oracleActor());
    await clock.advance(8_000);
    expect(await playing).toMatchObject({ stopReason: "max_time", outcome: { status: "scored" } });
    expect(calls).toEqual(["step is still", "finish"]);
  });

  it("is unscored, not zero, when the scorer fails or gives no number", async () => {
    const throwing = stage({
      score: () => {
        throw new Error("no checker");
      },
    });
    const outcome = { status: "unscored", reason: "the scorer failed: no checker" };
    expect(await throwing.play(oracleActor())).toMatchObject({ stopReason: "submitted", error: null, outcome });
    const nan = stage({ score: () => Number.NaN });
    expect(await nan.play(oracleActor())).toMatchObject({ outcome: { status: "unscored" } });
  });

  it("ends with policy_error when the actor fails, and context_overflow when its context is spent", async () => {
    const failing = (code: string): Actor => ({
      ...nopActor(),
      act: async () => Promise.reject(new PolicyError("no", { code, retryable: true })),
    });
    const error = { code: "ERR_DOWN", boundary: "policy", retryable: true };
    expect(await stage().play(failing("ERR_DOWN"))).toMatchObject({ stopReason: "policy_error", error });
    const spent = { stopReason: "context_overflow", error: null, outcome: { status: "scored" } };
    expect(await stage().play(failing("ERR_CONTEXT_OVERFLOW"))).toMatchObject(spent);
  });

  it("rejects when the log fails, after closing everything", async () => {
    const s = stage({ on: at("step", () => s.log.breakDown()) });
    await expect(s.play(oracleActor())).rejects.toMatchObject({ boundary: "store" });
    expectAllClosed(s);
  });

  it("ends as a retryable error when its lease is reaped", async () => {
    const clock = manualClock();
    const s = stage({ limits: { callTimeoutMs: 600_000 }, on: at("step", hang) }, clock);
    const playing = s.play(oracleActor());
    await clock.advance(60_000);
    const error = { code: "ERR_LEASE_EXPIRED", retryable: true };
    expect(await playing).toMatchObject({ stopReason: "environment_error", error });
    expectAllClosed(s);
  });
});
