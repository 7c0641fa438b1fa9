/** The language model of this process: parameters on the backend, a decoder for sampling, a forward pass for scoring. */
import { TrainerError } from "../../core/errors.ts";
import { tf } from "../backend/tf.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { completionLength, inputLength, layOut, packBatches, perToken, type PackedBatch } from "./batch.ts";
import type {
  Branch,
  Completion,
  CompletionRequest,
  LanguageModel,
  LoraConfig,
  ModelConfig,
  SupportRequest,
  SupportScore,
  WeightSet,
} from "./contract.ts";
import { Decoder } from "./decoder.ts";
import { DeviceWeights } from "./device-weights.ts";
import { endOfCompletion } from "./end-of-completion.ts";
import { forward } from "./forward.ts";
import { Mutex } from "./mutex.ts";
import type { ParameterStore } from "./parameter-store.ts";
import { initialWeights } from "./parameters.ts";
import { checkSupport, readSupport } from "./support-score.ts";

const scoreTokens = 2048;

export interface LocalModelInputs {
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  /** Values, which are copied; or parameters that are on the backend already, in the order of `parameterSpecs`, which are taken over. */
  readonly weights: WeightSet | ParameterStore;
  readonly version: number;
  /** As `loadBackend` named it. */
  readonly backend: string;
}

export class LocalModel implements LanguageModel {
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  readonly backend: string;
  /** For the trainer of the same process; held together with `mutex`. */
  readonly weights: DeviceWeights;
  readonly mutex = new Mutex();
  readonly #decoder: Decoder;
  #version: number;

  /** @throws TrainerError ERR_MODEL_CONFIG, ERR_WEIGHTS_MISMATCH */
  constructor({ config, tokenizer, weights, version, backend }: LocalModelInputs) {
    if (config.vocabSize !== tokenizer.vocabSize)
      throw new TrainerError(`model vocabSize is ${config.vocabSize}, the tokenizer has ${tokenizer.vocabSize}`, {
        code: "ERR_MODEL_CONFIG",
      });
    this.config = config;
    this.tokenizer = tokenizer;
    this.backend = backend;
    this.weights = new DeviceWeights(config, weights);
    this.#version = version;
    this.#decoder = new Decoder({
      config,
      weights: this.weights,
      hasEnded: endOfCompletion(tokenizer),
      mutex: this.mutex,
      version: () => this.#version,
    });
  }

  get parameterCount(): number {
    return this.weights.count;
  }

  get lora(): LoraConfig | null {
    return this.weights.lora;
  }

  get version(): number {
    return this.#version;
  }

  async generate(
    requests: readonly CompletionRequest[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Completion[]> {
    return Promise.all(requests.map((request) => this.#decoder.generate(request, options.signal)));
  }

  async score(branches: readonly Branch[]): Promise<number[][]> {
    const scores = await this.scoreSupport(branches, {});
    return scores.map(({ logprobs }) => logprobs);
  }

  async scoreSupport(branches: readonly Branch[], request: SupportRequest): Promise<SupportScore[]> {
    checkSequences(this.config, branches);
    checkSupport(this.config, branches, request);
    const result: SupportScore[] = [];
    for (const packed of packBatches(branches, scoreTokens)) {
      const read = await this.mutex.run(() => {
        const inverse = inverseTemperatures(packed, branches);
        return readSupport(packed, request, () => forward(this.config, this.weights.parameters, packed, inverse));
      });
      packed.indices.forEach((index, b) => (result[index] = read(b, completionLength(branches[index]!))));
    }
    return result;
  }

  async exportWeights(): Promise<WeightSet> {
    return this.mutex.run(() => this.weights.read());
  }

  async exportAdapter(): Promise<WeightSet> {
    return this.mutex.run(() => this.weights.readAdapter());
  }

  /**
   * Puts an adapter on: from now on it is what serves with the weights and what a new trainer trains.
   * @throws TrainerError ERR_LORA_CONFIG, ERR_WEIGHTS_MISMATCH
   */
  async adapt(lora: LoraConfig, weights: WeightSet): Promise<void> {
    await this.mutex.run(async () => {
      this.weights.adapt(lora, weights);
      await this.#decoder.renew();
    });
  }

  async importWeights(weights: WeightSet, version: number): Promise<number> {
    this.weights.check(weights);
    return this.mutex.run(async () => {
      const startedMs = performance.now();
      this.weights.load(weights);
      this.#version = version;
      await this.#decoder.renew();
      return performance.now() - startedMs;
    });
  }

  dispose(): void {
    this.#decoder.dispose();
    this.weights.dispose();
  }
}

/** A fresh model with seeded weights, version 0. Start a backend first: see src/rl/backend/load-backend.ts. */
export function createLanguageModel(
  config: ModelConfig,
  tokenizer: Tokenizer,
  seed: number,
  backend: string = tf.getBackend(),
): LocalModel {
  return new LocalModel({ config, tokenizer, weights: initialWeights(config, seed), version: 0, backend });
}

/** @throws TrainerError ERR_BATCH_INVALID that names the sequence. */
export function checkSequences(config: ModelConfig, sequences: readonly Branch[]): void {
  sequences.forEach((branch, index) => {
    const fail = (why: string): never => {
      throw new TrainerError(`sequence ${index}: ${why}`, { code: "ERR_BATCH_INVALID" });
    };
    const bad = (id: number) => !Number.isInteger(id) || id < 0 || id >= config.vocabSize;
    if (branch.calls.length === 0) fail("it has no calls");
    for (const { promptTokenIds, tokenIds, temperature } of branch.calls) {
      if (promptTokenIds.length === 0 || tokenIds.length === 0) fail("prompt and completion need at least one token");
      if (promptTokenIds.some(bad) || tokenIds.some(bad))
        fail(`a token is not in the vocabulary of ${config.vocabSize}`);
      if (temperature !== undefined && !(temperature > 0 && Number.isFinite(temperature)))
        fail(`temperature ${temperature} cannot be trained; it must be above 0`);
    }
    const length = inputLength(branch) + 1;
    if (length > config.maxContext) fail(`${length} tokens; the model reads ${config.maxContext}`);
  });
}

/** [B*M], or null when every temperature is 1. */
export function inverseTemperatures(packed: PackedBatch, branches: readonly Branch[]): Float32Array | null {
  const all = packed.indices.flatMap((index) => branches[index]!.calls);
  if (all.every(({ temperature = 1 }) => temperature === 1)) return null;
  return layOut(packed, (index) => perToken(branches[index]!, ({ temperature = 1 }) => 1 / temperature), 1);
}
