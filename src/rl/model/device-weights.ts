/** A model's parameters on the backend: its own and, where it has one, its adapter's. */
import { TrainerError } from "../../core/errors.ts";
import { tf } from "../backend/tf.ts";
import type { LoraConfig, ModelConfig, WeightSet } from "./contract.ts";
import type { ModelParameters } from "./linear.ts";
import { adapterLayout, adapterSpecs, isAdapter, type AdapterLayout } from "./lora.ts";
import { ParameterStore } from "./parameter-store.ts";
import { checkWeights, parameterSpecs, type ParameterSpec } from "./parameters.ts";

export interface CapturedWeights extends ModelParameters {
  dispose(): void;
}

interface Adapter {
  readonly lora: LoraConfig;
  readonly layout: AdapterLayout;
  readonly weights: ParameterStore;
}

export class DeviceWeights {
  /** Moves whenever the values do: caches made from older values are then stale. */
  revision = 0;
  /** A file with the model's own values as they are now, whoever wrote it; null where none is known. */
  file: string | null = null;
  readonly #config: ModelConfig;
  readonly #base: ParameterStore;
  #adapter: Adapter | null = null;

  /** @throws TrainerError ERR_MODEL_CONFIG, ERR_WEIGHTS_MISMATCH */
  constructor(config: ModelConfig, weights: WeightSet | ParameterStore) {
    this.#config = config;
    this.#base = weights instanceof ParameterStore ? weights : ParameterStore.of(parameterSpecs(config), weights);
  }

  get lora(): LoraConfig | null {
    return this.#adapter?.lora ?? null;
  }

  get count(): number {
    return this.#base.count + (this.#adapter?.weights.count ?? 0);
  }

  get parameters(): ModelParameters {
    return {
      named: { ...this.#base.named, ...this.#adapter?.weights.named },
      adapter: this.#adapter?.layout ?? null,
    };
  }

  /** What a trainer moves: the adapter alone, where there is one. */
  get trained(): ParameterStore {
    return this.#adapter?.weights ?? this.#base;
  }

  /** Puts an adapter on, or another in its place. @throws TrainerError ERR_LORA_CONFIG, ERR_WEIGHTS_MISMATCH */
  adapt(lora: LoraConfig, weights: WeightSet): void {
    const layout = adapterLayout(this.#config, lora);
    const store = ParameterStore.of(adapterSpecs(this.#config, lora), weights);
    this.#adapter?.weights.dispose();
    this.#adapter = { lora, layout, weights: store };
    this.revision++;
  }

  /** What `change` makes of each trained parameter, whose ownership goes there and back. */
  updateTrained(change: (parameter: tf.Tensor, spec: ParameterSpec, index: number) => tf.Tensor): void {
    this.revision++;
    if (this.#adapter === null) this.file = null;
    this.trained.update(change);
  }

  /** The values as they are now, for who goes on with them after a replacement. Shares the memory; to be disposed. */
  capture(): CapturedWeights {
    const { named, adapter } = this.parameters;
    const kept = Object.fromEntries(Object.entries(named).map(([name, tensor]) => [name, tf.clone(tensor)]));
    return { named: kept, adapter, dispose: () => tf.dispose(kept) };
  }

  /** @throws TrainerError ERR_WEIGHTS_MISMATCH: these are neither the model's nor its adapter's. */
  check(weights: WeightSet): void {
    checkWeights(this.#named(weights).specs, weights);
  }

  /** Weights already checked. */
  load(weights: WeightSet): void {
    const replaced = this.#named(weights);
    if (replaced === this.#base) this.file = null;
    replaced.load(weights);
    this.revision++;
  }

  async read(): Promise<WeightSet> {
    return this.#base.read();
  }

  /** @throws TrainerError ERR_ADAPTER_MISSING */
  async readAdapter(): Promise<WeightSet> {
    if (!this.#adapter) throw new TrainerError("the model has no adapter", { code: "ERR_ADAPTER_MISSING" });
    return this.#adapter.weights.read();
  }

  dispose(): void {
    this.#base.dispose();
    this.#adapter?.weights.dispose();
  }

  /** Which of the two a set of weights speaks of. */
  #named(weights: WeightSet): ParameterStore {
    if (!isAdapter(weights)) return this.#base;
    if (this.#adapter) return this.#adapter.weights;
    throw new TrainerError("weights do not fit the model: they are an adapter's, and the model has none", {
      code: "ERR_WEIGHTS_MISMATCH",
    });
  }
}
