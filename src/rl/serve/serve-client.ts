/** Starts a serving process and speaks to it: a `Policy` for actors, `publish` for whoever trains. */
import type { ChildProcess } from "node:child_process";
import { childEntry } from "../../core/child-entry.ts";
import { PolicyError } from "../../core/errors.ts";
import type { Generation, GenerateRequest, UpdatablePolicy } from "../../core/policy.ts";
import type { BackendPreference } from "../backend/load-backend.ts";
import { childEnd, endChild, forkChild, RemoteError } from "../process/child.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { ServingLedger, type ServingReport } from "./serving-ledger.ts";
import type { ServeReply, ServeRequest } from "./protocol.ts";

export interface ServingOptions {
  /** For the log: the policy spec. */
  readonly id: string;
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

type Generated = Extract<ServeReply, { type: "generated" }>;
type Loaded = Extract<ServeReply, { type: "loaded" }>;

export async function startServing(options: ServingOptions): Promise<Serving> {
  const child = forkChild(childEntry(new URL("./serve-main.js", import.meta.url)));
  const channel = new Channel(child);
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
        { type: "generate", id: 0, promptTokenIds, sampling, seed },
        signal,
      )) as Generated;
      this.#ledger.request("answered");
      const rawText = this.#tokenizer.decode(answer.tokenIds);
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
    const { pausedMs } = (await this.#channel.ask({ type: "load", id: 0, directory, version })) as Loaded;
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

/** Request and reply by id over the IPC channel; a lost process rejects everything that waits. */
class Channel {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (reply: ServeReply) => void; reject: (error: Error) => void }>();
  readonly #ended: Promise<void>;
  #nextId = 1;
  #lost: PolicyError | null = null;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (reply: ServeReply) => this.#settle(reply));
    this.#ended = childEnd(child).then((how) => {
      this.#lost = new PolicyError(`the serving process ended (${how})`, { code: "ERR_SERVING_LOST" });
      for (const { reject } of this.#waiting.values()) reject(this.#lost);
      this.#waiting.clear();
    });
  }

  /** `start` has no id on the wire: it is the first request, and "ready" answers it. */
  ask(request: ServeRequest, signal?: AbortSignal): Promise<ServeReply> {
    if (this.#lost) return Promise.reject(this.#lost);
    const id = request.type === "start" ? 0 : this.#nextId++;
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(id);
        this.#child.send({ type: "cancel", id } satisfies ServeRequest);
        reject(signal!.reason as Error);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const done = () => signal?.removeEventListener("abort", onAbort);
      this.#waiting.set(id, {
        resolve: (reply) => (done(), resolve(reply)),
        reject: (error) => (done(), reject(error)),
      });
      this.#child.send("id" in request ? { ...request, id } : request);
    });
  }

  close(): Promise<void> {
    return endChild(this.#child, this.#ended);
  }

  #settle(reply: ServeReply): void {
    const id = reply.type === "ready" ? 0 : (reply.id ?? 0);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (reply.type === "failed") waiting?.reject(new RemoteError(reply.error));
    else waiting?.resolve(reply);
  }
}
