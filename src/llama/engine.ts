/**
 * Generation and scoring over one llama.cpp runtime. It runs in a process of its own: see llama-main.ts.
 *
 * llama.cpp samples, and says how probable its choice was among what top-k and top-p left, after temperature: that is
 * what `logprobs` holds, from a float32 softmax. It cuts before it heats, where Afterstate's own sampler heats first;
 * with top-p and a temperature other than 1 the two keep different tokens. Greedy choices are reported at temperature 1.
 * A seed repeats a completion as long as the requests beside it are the same: a batch of another shape rounds otherwise.
 */
import type { ControlledEvaluateInputItem, Token } from "node-llama-cpp";
import { ConfigError, PolicyError } from "../core/errors.ts";
import type { Sampling, ScoreRequest, Scores } from "../core/policy.ts";
import { createRandom } from "../core/random.ts";
import { areStopStrings, stopIsWritten, textBeforeStop } from "../core/stop-strings.ts";
import { renderChat } from "./chat-template.ts";
import { loadLibrary, startRuntime, type Library, type Runtime } from "./library.ts";
import type { LlamaCompletion, LlamaPrompt, LlamaSource } from "./protocol.ts";
import { loadModel, openWeights, type Weights } from "./weights.ts";

export interface GenerateOptions {
  readonly prompt: LlamaPrompt;
  readonly sampling: Sampling;
  readonly seed: string;
  readonly signal: AbortSignal;
}

export class LlamaEngine {
  readonly #library: Library;
  readonly #runtime: Runtime;
  /** Its adapters are those of the model that is loaded now, short of one that was loaded after it. */
  #source: LlamaSource;
  #weights: Weights;
  /** The load that was asked for last: they take their turns. */
  #loading: Promise<void> = Promise.resolve();

  private constructor(library: Library, runtime: Runtime, source: LlamaSource, weights: Weights) {
    this.#library = library;
    this.#runtime = runtime;
    this.#source = source;
    this.#weights = weights;
  }

  /** @throws ConfigError ERR_LLAMA_MISSING, PolicyError ERR_LLAMA_MODEL */
  static async open(source: LlamaSource): Promise<LlamaEngine> {
    const library = await loadLibrary();
    const runtime = await startRuntime(library);
    const weights = await openWeights(await loadModel(runtime, source.modelPath), source, 0);
    return new LlamaEngine(library, runtime, source, weights);
  }

  get device(): string {
    return this.#runtime.gpu === false ? "cpu" : this.#runtime.gpu;
  }

  get contextTokens(): number {
    return this.#weights.contextTokens;
  }

  /** @throws PolicyError ERR_CONTEXT_OVERFLOW, ERR_CHAT_TEMPLATE, ERR_POLICY_REQUEST; the signal's reason on abort. */
  generate(options: GenerateOptions): Promise<LlamaCompletion> {
    const weights = this.#weights;
    return weights.hold(async () => {
      const promptTokenIds = promptTokens(weights, options.prompt);
      const room = weights.contextTokens - promptTokenIds.length;
      if (room < 1) throw overflow(weights, promptTokenIds.length);
      const { stop = [] } = options.sampling;
      if (!areStopStrings(stop)) throw badRequest("a stop string is empty");
      const maxTokens = Math.min(options.sampling.maxTokens, room);
      const { model } = weights.shared;
      const textOf = (ids: readonly number[]): string => model.detokenize(ids as Token[], true);
      return weights.slots.use(promptTokenIds, async (sequence) => {
        options.signal.throwIfAborted();
        const tokenIds: Token[] = [];
        const logprobs: number[] = [];
        let ended: "token" | "text" | null = null;
        const rest = promptTokenIds.slice(sequence.nextTokenIndex) as Token[];
        const steps = sequence.evaluateWithMetadata(rest, { confidence: true }, toLlamaSampling(options));
        for await (const { token, confidence } of steps) {
          options.signal.throwIfAborted();
          tokenIds.push(token);
          logprobs.push(Math.min(0, Math.log(confidence)));
          if (model.isEogToken(token)) ended = "token";
          else if (stopIsWritten(tokenIds, stop, textOf)) ended = "text";
          if (ended !== null || tokenIds.length >= maxTokens) break;
        }
        return {
          promptTokenIds,
          tokenIds,
          logprobs,
          text: textBeforeStop(textOf(ended === "token" ? tokenIds.slice(0, -1) : tokenIds), stop),
          finishReason: ended === null ? "length" : "stop",
          version: weights.version,
        };
      });
    });
  }

  /** @throws PolicyError ERR_CONTEXT_OVERFLOW */
  score(request: Omit<ScoreRequest, "signal">, signal: AbortSignal): Promise<Scores> {
    const { promptTokenIds, tokenIds, topK, supportIds } = request;
    const weights = this.#weights;
    return weights.hold(async () => {
      const all = [...promptTokenIds, ...tokenIds] as Token[];
      checkTokens(weights, all);
      if (all.length > weights.contextTokens) throw overflow(weights, all.length);
      return weights.slots.use(promptTokenIds, async (sequence) => {
        signal.throwIfAborted();
        const known = sequence.nextTokenIndex;
        // The last token predicts nothing that is asked for.
        const input = all.slice(known, -1).map((token, index): ControlledEvaluateInputItem => {
          const scored = known + index - (promptTokenIds.length - 1);
          if (scored < 0) return token;
          const tokens = [tokenIds[scored]!, ...(supportIds?.[scored] ?? [])] as Token[];
          const logits = { filter: { tokens, includeTop: Math.max(1, topK ?? 0) } };
          return [token, { generateNext: { logits, totalLogitWeight: true } }];
        });
        const outputs = (await sequence.controlledEvaluate(input)).slice(-tokenIds.length);
        const positions = outputs.map((output) => logprobsOf(output?.next));
        return {
          logprobs: positions.map((position, i) => position.get(tokenIds[i] as Token)!),
          top: topK === undefined ? null : positions.map((position) => best(position, topK)),
          support: supportIds?.map((ids, i) => ids.map((id) => positions[i]!.get(id as Token)!)) ?? null,
          version: weights.version,
        };
      });
    });
  }

  /**
   * Resolves when the new weights answer. What runs ends on the old ones, which stay in memory until then.
   * @throws ConfigError or PolicyError ERR_LLAMA_MODEL; then the old ones stay.
   */
  load(path: string, version: number): Promise<void> {
    const load = this.#loading.then(() => this.#load(path, version));
    this.#loading = load.catch(() => undefined);
    return load;
  }

  async #load(path: string, version: number): Promise<void> {
    const isAdapter = await this.#isAdapter(path);
    const old = this.#weights;
    const shared = isAdapter ? old.shared : await loadModel(this.#runtime, path);
    // An adapter takes the place of the one that was loaded before it, and another model has none yet.
    const kept = isAdapter ? this.#source.loraPaths : [];
    const loraPaths = isAdapter ? [...kept, path] : kept;
    this.#weights = await openWeights(shared, { ...this.#source, loraPaths }, version);
    this.#source = { ...this.#source, loraPaths: kept };
    old.retire();
  }

  async #isAdapter(path: string): Promise<boolean> {
    // The library would take a URL too.
    const options = { readTensorInfo: false, sourceType: "filesystem" } as const;
    const { metadata } = await this.#library.readGgufFileInfo(path, options).catch((error: unknown) => {
      throw new ConfigError(`${path} is no GGUF file that can be read`, { code: "ERR_LLAMA_MODEL", cause: error });
    });
    const { type } = metadata.general as { readonly type?: unknown };
    return type === "adapter";
  }
}

function promptTokens(weights: Weights, prompt: LlamaPrompt): readonly number[] {
  if ("tokenIds" in prompt) {
    if (prompt.tokenIds.length === 0) throw badRequest("the prompt is empty");
    checkTokens(weights, prompt.tokenIds);
    return prompt.tokenIds;
  }
  const { model } = weights.shared;
  const source = model.fileInfo.metadata.tokenizer?.chat_template;
  if (source === undefined)
    throw new PolicyError(`${model.filename ?? "the model"} has no chat template: it takes prompts of tokens only`, {
      code: "ERR_CHAT_TEMPLATE",
    });
  const { bosString, eosString } = model.tokens;
  const template = { source, bosToken: bosString ?? "", eosToken: eosString ?? "" };
  return model.tokenize(renderChat(template, prompt.messages, prompt.tools), true);
}

/** llama.cpp reads past its tables for an id that the vocabulary does not have. */
function checkTokens({ shared: { model } }: Weights, tokenIds: readonly number[]): void {
  const size = model.fileInfo.metadata.tokenizer?.ggml.tokens.length ?? Number.POSITIVE_INFINITY;
  const bad = tokenIds.find((id) => !(Number.isInteger(id) && id >= 0 && id < size));
  if (bad !== undefined) throw badRequest(`the model has no token ${bad}`);
}

/** All of it is said: what is left out has a default in the library, and not the one of the contract. */
function toLlamaSampling({ sampling, seed }: GenerateOptions) {
  const { temperature, topP = 1, topK = 0 } = sampling;
  return {
    temperature,
    topP,
    topK: Math.max(0, topK),
    minP: 0,
    seed: createRandom(seed).integer(2 ** 31),
    yieldEogToken: true,
  };
}

interface NextLogits {
  readonly logits?: ReadonlyMap<Token, number>;
  /** Sum of exp(logit - max) over the vocabulary. */
  readonly totalLogitWeight?: number;
}

/** log softmax of the logits that came: the highest is always among them. */
function logprobsOf(next: NextLogits | undefined): Map<Token, number> {
  const { logits, totalLogitWeight: total } = next ?? {};
  if (logits === undefined || total === undefined)
    throw new PolicyError("llama.cpp gave no logits", { code: "ERR_POLICY_SCORES" });
  const norm = Math.max(...logits.values()) + Math.log(total);
  return new Map([...logits].map(([token, logit]) => [token, Math.min(0, logit - norm)]));
}

function best(position: ReadonlyMap<Token, number>, count: number) {
  return [...position]
    .map(([tokenId, logprob]) => ({ tokenId: tokenId as number, logprob }))
    .sort((a, b) => b.logprob - a.logprob)
    .slice(0, count);
}

const overflow = (weights: Weights, tokens: number): PolicyError =>
  new PolicyError(`${tokens} tokens do not fit the context of ${weights.contextTokens}`, {
    code: "ERR_CONTEXT_OVERFLOW",
  });

const badRequest = (message: string): PolicyError => new PolicyError(message, { code: "ERR_POLICY_REQUEST" });
