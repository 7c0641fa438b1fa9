/**
 * Imitation of a demonstrator, for a fixed number of tokens: the start of training.
 *
 * Demonstrations are episodes in the log, played for real; their model calls carry the tokens. Each is used once, in
 * the order in which they ended. The budget is a number of tokens fixed beforehand, never "until it looks right": stopping early
 * would leave room that any further training fills.
 */
import { systemClock } from "../../core/clock.ts";
import { TrainerError } from "../../core/errors.ts";
import type { EventLog } from "../../core/log.ts";
import { inputLength } from "../model/batch.ts";
import type { BranchCall, ImitationSequence, Trainer } from "../model/contract.ts";
import { joinCalls } from "./branches.ts";

export interface ImitationReport {
  readonly steps: number;
  /** Demonstrations used. */
  readonly episodes: number;
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
  readonly #open = new Map<string, BranchCall[]>();
  /** What each that ended gives, in the order in which they did: nothing, where none of it fits the model. */
  readonly #ready: (readonly ImitationSequence[])[] = [];
  #afterSeq = 0;
  #toSkip = 0;

  /** @param maxContext most tokens of a sequence; what is longer is cut after its last call that fits. */
  constructor(log: EventLog, purpose: string, maxContext: number) {
    this.#log = log;
    this.#purpose = purpose;
    this.#maxContext = maxContext;
  }

  /** Pass over the next `episodes`: an earlier session of the run has used them. */
  skip(episodes: number): void {
    this.#toSkip += episodes;
  }

  /** The sequences of the next `episodes` demonstrations. */
  async take(episodes: number, signal: AbortSignal): Promise<ImitationSequence[]> {
    for (;;) {
      this.#read();
      if (this.#ready.length >= episodes) return this.#ready.splice(0, episodes).flat();
      await systemClock.sleep(pollMs, signal);
    }
  }

  #read(): void {
    const types = ["episode-start", "model-call", "episode-end"] as const;
    for (const event of this.#log.events({ types, afterSeq: this.#afterSeq })) {
      this.#afterSeq = event.seq;
      if (event.type === "episode-start") {
        if (event.purpose === this.#purpose) this.#open.set(event.episodeId, []);
        continue;
      }
      const calls = this.#open.get(event.episodeId);
      if (calls === undefined) continue;
      if (event.type === "model-call") {
        const { promptTokenIds, tokenIds } = event.call;
        if (promptTokenIds && tokenIds) calls.push({ promptTokenIds, tokenIds });
        continue;
      }
      this.#open.delete(event.episodeId);
      if (this.#toSkip > 0) this.#toSkip -= 1;
      else this.#ready.push(joinCalls(calls).flatMap((branch) => this.#fitting(branch)));
    }
  }

  #fitting({ calls }: ImitationSequence): ImitationSequence[] {
    let kept = calls.length;
    while (kept > 0 && inputLength({ calls: calls.slice(0, kept) }) >= this.#maxContext) kept--;
    return kept === 0 ? [] : [{ calls: calls.slice(0, kept) }];
  }
}

/** What earlier sessions of a run imitated, by what they published with their weights. */
export function earlierImitation(log: EventLog): { readonly start: ImitationReport | null; readonly used: number } {
  let start: ImitationReport | null = null;
  let used = 0;
  for (const { version, manifest } of log.events({ types: ["weights-published"] })) {
    if (version === 0) start = (manifest["imitation"] ?? null) as ImitationReport | null;
    else used += Number(manifest["demonstrations"]);
  }
  return { start, used: used + (start?.episodes ?? 0) };
}

const pollMs = 20;
const unreadable = "none of the demonstrations fits the model; raise model.maxContext";

/** Optimiser steps on fresh demonstrations until `tokens` have gone through the model. */
export async function imitate(
  trainer: Trainer,
  demonstrations: DemonstrationReader,
  options: {
    readonly tokens: number;
    readonly episodesPerStep: number;
    readonly signal: AbortSignal;
    readonly onStep: (report: ImitationReport) => void;
  },
): Promise<void> {
  const { episodesPerStep, signal } = options;
  let sequences = 0;
  let tokens = 0;
  for (let steps = 1; tokens < options.tokens; steps++) {
    const batch = await demonstrations.take(episodesPerStep, signal);
    if (batch.length === 0) throw new TrainerError(unreadable, { code: "ERR_DEMONSTRATIONS_TOO_LONG" });
    const metrics = await trainer.step({ type: "imitation", sequences: batch });
    sequences += batch.length;
    tokens += metrics.tokens;
    options.onStep({ steps, episodes: steps * episodesPerStep, sequences, tokens, loss: metrics.loss });
  }
}
