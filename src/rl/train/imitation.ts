/**
 * Imitation of a demonstrator, for a fixed number of tokens: the start of training.
 *
 * Demonstrations are episodes in the log, played for real; their model calls carry the tokens. Each is used once, in
 * the order in which they ended. The budget is a number of tokens fixed beforehand, never "until it looks right": stopping early
 * would leave room that any further training fills.
 */
import { systemClock } from "../../core/clock.ts";
import type { EventLog } from "../../core/log.ts";
import { inputLength } from "../model/batch.ts";
import type { BranchCall, ImitationSequence, Trainer } from "../model/contract.ts";
import { joinCalls } from "./branches.ts";

export interface ImitationReport {
  readonly steps: number;
  readonly sequences: number;
  /** All tokens that went through the model. */
  readonly tokens: number;
  readonly loss: number;
}

/** Follows the log for new demonstrations; `take` waits until there are enough. */
export class DemonstrationReader {
  readonly #log: EventLog;
  readonly #purpose: string;
  readonly #maxContext: number;
  /** Episodes under way, with their calls so far. */
  readonly #episodes = new Map<string, BranchCall[]>();
  readonly #ready: ImitationSequence[] = [];
  #afterSeq = 0;
  #toSkip = 0;

  /** @param maxContext demonstrations longer than this, in tokens, cannot be learned and are left out. */
  constructor(log: EventLog, purpose: string, maxContext: number) {
    this.#log = log;
    this.#purpose = purpose;
    this.#maxContext = maxContext;
  }

  /** Pass over the next `count`: an earlier session of the run has used them. */
  skip(count: number): void {
    this.#toSkip += count;
  }

  async take(count: number, signal: AbortSignal): Promise<ImitationSequence[]> {
    for (;;) {
      this.#read();
      if (this.#ready.length >= count) return this.#ready.splice(0, count);
      await systemClock.sleep(pollMs, signal);
    }
  }

  #read(): void {
    const types = ["episode-start", "model-call", "episode-end"] as const;
    for (const event of this.#log.events({ types, afterSeq: this.#afterSeq })) {
      this.#afterSeq = event.seq;
      if (event.type === "episode-start") {
        if (event.purpose === this.#purpose) this.#episodes.set(event.episodeId, []);
        continue;
      }
      const calls = this.#episodes.get(event.episodeId);
      if (calls === undefined) continue;
      if (event.type === "model-call") {
        const { promptTokenIds, tokenIds } = event.call;
        if (promptTokenIds && tokenIds) calls.push({ promptTokenIds, tokenIds });
        continue;
      }
      this.#episodes.delete(event.episodeId);
      for (const branch of joinCalls(calls)) {
        if (inputLength(branch) >= this.#maxContext) continue;
        if (this.#toSkip > 0) this.#toSkip -= 1;
        else this.#ready.push(branch);
      }
    }
  }
}

/** What earlier sessions of a run imitated, by what they published with their weights. */
export function earlierImitation(log: EventLog): { readonly start: ImitationReport | null; readonly used: number } {
  let start: ImitationReport | null = null;
  let used = 0;
  for (const { version, manifest } of log.events({ types: ["weights-published"] })) {
    if (version === 0) start = (manifest["imitation"] ?? null) as ImitationReport | null;
    else if (manifest["groups"] === 0) used += Number(manifest["sequences"]);
  }
  return { start, used: used + (start?.sequences ?? 0) };
}

const pollMs = 20;

/** Optimiser steps on fresh demonstrations until `tokens` have gone through the model. */
export async function imitate(
  trainer: Trainer,
  demonstrations: DemonstrationReader,
  options: {
    readonly tokens: number;
    readonly sequencesPerStep: number;
    readonly signal: AbortSignal;
    readonly onStep: (report: ImitationReport) => void;
  },
): Promise<void> {
  let sequences = 0;
  let tokens = 0;
  for (let steps = 1; tokens < options.tokens; steps++) {
    const batch = await demonstrations.take(options.sequencesPerStep, options.signal);
    const metrics = await trainer.step({ type: "imitation", sequences: batch });
    sequences += batch.length;
    tokens += metrics.tokens;
    options.onStep({ steps, sequences, tokens, loss: metrics.loss });
  }
}
