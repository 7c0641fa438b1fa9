/** What a model's state takes in memory, as float32: what must fit before anything is computed. Activations come on top. */
import { AfterstateError, messageOf } from "../../core/errors.ts";
import { loraTargets, type LoraConfig, type ModelConfig } from "./contract.ts";
import { adapterSpecs } from "./lora.ts";
import { parameterSpecs, type ParameterSpec } from "./parameters.ts";

/** Bytes. */
export interface MemoryNeeds {
  /** To generate and to score. */
  readonly parameters: number;
  /** To train every parameter: each with its gradient and two moments. */
  readonly training: number;
  /** To train an adapter in their place. */
  readonly lora: number;
}

const bytesPerValue = 4;
/** A parameter, its gradient, and AdamW's two moments. */
const valuesPerTrained = 4;
/** On every matrix, of a rank that is common. */
export const typicalLora: LoraConfig = { rank: 16, alpha: 32, targets: loraTargets };

/** @throws TrainerError ERR_MODEL_CONFIG, ERR_LORA_CONFIG */
export function memoryNeeds(config: ModelConfig, lora: LoraConfig = typicalLora): MemoryNeeds {
  const parameters = bytesPerValue * countOf(parameterSpecs(config));
  const adapter = bytesPerValue * countOf(adapterSpecs(config, lora));
  return {
    parameters,
    training: valuesPerTrained * parameters,
    lora: parameters + valuesPerTrained * adapter,
  };
}

/** For people. */
export function describeNeeds({ parameters, training, lora }: MemoryNeeds): string {
  return (
    `its parameters alone need ${formatBytes(parameters)}, training an adapter (rank ${typicalLora.rank}) ` +
    `${formatBytes(lora)} and training it whole ${formatBytes(training)}, beside activations`
  );
}

/** Backends have no common error for it; these are the words of V8, libtorch, Dawn, and WebAssembly, which only aborts. */
export function isOutOfMemory(error: unknown): boolean {
  return !(error instanceof AfterstateError) && /allocat|out of memory|\bOOM\b|^Aborted\(/i.test(messageOf(error));
}

export function formatBytes(bytes: number): string {
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toPrecision(3)} MiB` : `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
}

function countOf(specs: readonly ParameterSpec[]): number {
  return specs.reduce((sum, { size }) => sum + size, 0);
}
