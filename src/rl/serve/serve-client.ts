/** Starts a serving process and speaks to it: a `Policy` for actors, `publish` for whoever trains. */
import { childEntry } from "../../core/child-entry.ts";
import { PolicyError } from "../../core/errors.ts";
import type { Generation, GenerateRequest, UpdatablePolicy } from "../../core/policy.ts";
import { textBeforeStop } from "../../core/stop-strings.ts";
import type { BackendPreference } from "../backend/load-backend.ts";
import { RequestChannel } from "../../core/process/channel.ts";
import { forkChild } from "../../core/process/child.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { ServingLedger, type ServingReport } from "./serving-ledger.ts";
import type { ServeReply, ServeRequest } from "./protocol.ts";

export interface ServingOptions {
  /** For the log: the policy spec. */
  readonly id: string;
  /** Of ours or of Hugging Face; or a GGUF file. */
  readonly modelDirectory: string;
  readonly tokenizer: Tokenizer;
  /** Default "auto". */
  readonly backend?: BackendPreference;
}

export interface Serving extends UpdatablePolicy {
  readonly backend: string;
  readonly parameterCount: number;
  report(): ServingReport;
}

type Channel = RequestChannel<ServeRequest, ServeReply>;
type Generated = Extract<ServeReply, { type: "generated" }>;
type Loaded = Extract<ServeReply, { type: "loaded" }>;

export async function startServing(options: ServingOptions): Promise<Serving> {
  const child = forkChild(childEntry(new URL("./serve-main.js", import.meta.url)));
  const channel: Channel = new RequestChannel(child, "the serving process");
  const hello = await channel.ask({
    type: "start",
    modelDirectory: options.modelDirectory,
    backend: options.backend ?? "auto",
  });
  if (hello.type !== "ready") throw new TypeError(`unexpected ${hello.type} from the serving process`);
  return new ServedPolicy(options, channel, hello);
}

class ServedPolicy implements Serving {
  readonly id: string;
  readonly backend: string;
  readonly parameterCount: number;
  readonly #tokenizer: Tokenizer;
  readonly #channel: Channel;
  readonly #ledger = new ServingLedger();
  #version: number;
  #draws = 0;

  constructor(options: ServingOptions, channel: Channel, hello: Extract<ServeReply, { type: "ready" }>) {
    this.id = options.id;
    this.backend = hello.backend;
    this.parameterCount = hello.parameterCount;
    this.#tokenizer = options.tokenizer;
    this.#channel = channel;
    this.#version = hello.version;
  }

  version(): number {
    return this.#version;
  }

  async generate(request: GenerateRequest): Promise<Generation> {
    const { promptTokenIds, sampling, signal } = request;
    if (!promptTokenIds)
      throw new PolicyError("a local policy reads promptTokenIds; give it a token agent", { code: "ERR_NEEDS_TOKENS" });
    signal.throwIfAborted();
    const seed = sampling.seed === undefined ? `draw/${this.#draws++}` : String(sampling.seed);
    try {
      const answer = (await this.#channel.ask(
        { type: "generate", promptTokenIds, sampling, seed },
        signal,
      )) as Generated;
      this.#ledger.request("answered");
      const rawText = textBeforeStop(this.#tokenizer.decode(answer.tokenIds), sampling.stop);
      return {
        message: { role: "assistant", content: rawText },
        rawText,
        promptTokenIds,
        tokenIds: answer.tokenIds,
        logprobs: answer.logprobs,
        versionSpans: answer.versionSpans,
        finishReason: answer.finishReason,
        usage: { promptTokens: promptTokenIds.length, completionTokens: answer.tokenIds.length },
      };
    } catch (error) {
      if (!signal.aborted) this.#ledger.request("failed");
      throw error;
    }
  }

  async publish(directory: string, version: number): Promise<void> {
    const { pausedMs } = (await this.#channel.ask({ type: "load", directory, version })) as Loaded;
    this.#ledger.swap(pausedMs);
    this.#version = version;
  }

  report(): ServingReport {
    return this.#ledger.report();
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
