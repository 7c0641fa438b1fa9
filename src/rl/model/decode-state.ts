/** One sequence while it is decoded: its tokens, how many of them the cache holds, and the cache itself. */
import { PolicyError } from "../../core/errors.ts";
import { areStopStrings } from "../../core/stop-strings.ts";
import type { Completion, CompletionRequest, ModelConfig } from "./contract.ts";
import type { EndOfCompletion } from "./end-of-completion.ts";
import { newCache, type KeyValueCache } from "./key-value-cache.ts";

export class DecodeState {
  readonly request: CompletionRequest;
  /** Prompt, then what was sampled. */
  readonly tokens: number[];
  /** Made when the sequence is admitted: who waits holds no memory. */
  #cache: KeyValueCache | null = null;
  /** Tokens whose keys and values are in the cache. */
  length = 0;
  readonly logprobs: number[] = [];
  readonly versions: number[] = [];
  readonly signal: AbortSignal | undefined;
  readonly #config: ModelConfig;
  readonly #maxTokens: number;
  readonly #settle: { resolve: (completion: Completion) => void; reject: (reason: unknown) => void };

  /** @throws PolicyError ERR_PROMPT_EMPTY, ERR_CONTEXT_TOO_LONG, ERR_TOKEN_UNKNOWN, ERR_SAMPLING */
  constructor(
    config: ModelConfig,
    request: CompletionRequest,
    signal: AbortSignal | undefined,
    settle: { resolve: (completion: Completion) => void; reject: (reason: unknown) => void },
  ) {
    const { promptTokenIds, sampling } = request;
    checkPrompt(config, promptTokenIds);
    if (!(sampling.temperature >= 0) || !Number.isFinite(sampling.temperature))
      throw new PolicyError(`temperature ${sampling.temperature} is not a number from 0 up`, { code: "ERR_SAMPLING" });
    if (!(sampling.maxTokens >= 1))
      throw new PolicyError(`maxTokens ${sampling.maxTokens} is below 1`, { code: "ERR_SAMPLING" });
    if (!areStopStrings(sampling.stop ?? [])) throw new PolicyError("a stop string is empty", { code: "ERR_SAMPLING" });
    this.#config = config;
    this.request = request;
    this.signal = signal;
    this.#settle = settle;
    this.tokens = [...promptTokenIds];
    this.#maxTokens = Math.min(Math.floor(sampling.maxTokens), config.maxContext - promptTokenIds.length);
  }

  get cache(): KeyValueCache {
    return (this.#cache ??= newCache(this.#config, this.request.promptTokenIds.length + this.#maxTokens));
  }

  get generated(): number {
    return this.tokens.length - this.request.promptTokenIds.length;
  }

  append(token: number, logprob: number, version: number): void {
    this.tokens.push(token);
    this.logprobs.push(logprob);
    this.versions.push(version);
  }

  /** The finished completion, or null while it goes on. */
  completion(hasEnded: EndOfCompletion): Completion | null {
    const stopped = this.generated > 0 && hasEnded(this.tokens, this.request);
    if (!stopped && this.generated < this.#maxTokens) return null;
    return {
      tokenIds: this.tokens.slice(this.request.promptTokenIds.length),
      logprobs: this.logprobs,
      versions: this.versions,
      finishReason: stopped ? "stop" : "length",
    };
  }

  /** Takes over the first `length` rows of another sequence's cache. */
  adopt(cache: KeyValueCache, length: number): void {
    this.cache.copyFrom(cache, length);
    this.length = length;
  }

  resolve(completion: Completion): void {
    this.#leave();
    this.#settle.resolve(completion);
  }

  reject(reason: unknown): void {
    this.#leave();
    this.#settle.reject(reason);
  }

  #leave(): void {
    this.#cache?.release();
    this.#cache = null;
  }
}

function checkPrompt(config: ModelConfig, prompt: readonly number[]): void {
  if (prompt.length === 0) throw new PolicyError("the prompt has no tokens", { code: "ERR_PROMPT_EMPTY" });
  if (prompt.length >= config.maxContext)
    throw new PolicyError(`the prompt has ${prompt.length} tokens; the model reads ${config.maxContext} in all`, {
      code: "ERR_CONTEXT_TOO_LONG",
    });
  const unknown = prompt.find((id) => !Number.isInteger(id) || id < 0 || id >= config.vocabSize);
  if (unknown !== undefined)
    throw new PolicyError(`token ${unknown} is not in the vocabulary of ${config.vocabSize}`, {
      code: "ERR_TOKEN_UNKNOWN",
    });
}
