/** A model of the open-weight world as one of ours: read tensor by tensor, so that no more than one is in memory twice. */
import { messageOf, TrainerError } from "../../core/errors.ts";
import { loadBackend, type BackendName } from "../backend/load-backend.ts";
import type { Architecture } from "../checkpoints/architecture.ts";
import { readPretrained } from "../checkpoints/pretrained.ts";
import type { NamedTensor } from "../checkpoints/tensors.ts";
import type { LoadOptions } from "./checkpoint.ts";
import type { ModelConfig } from "./contract.ts";
import { LocalModel } from "./local-model.ts";
import { describeNeeds, formatBytes, isOutOfMemory, memoryNeeds } from "./memory-needs.ts";
import { ParameterStore } from "./parameter-store.ts";
import { parameterSpecs } from "./parameters.ts";

export interface PretrainedOptions extends LoadOptions {
  /** Most tokens of prompt and completion together; the model's own limit holds too. Default: the model's own. */
  readonly maxContext?: number;
  /** Main memory that the model may take. Default: what the system has to give. */
  readonly availableBytes?: number;
}

/**
 * @param path a Hugging Face directory, or a GGUF file.
 * @throws TrainerError ERR_OUT_OF_MEMORY, which says what would fit; else as `readPretrained` and `loadBackend`.
 */
export async function loadPretrained(path: string, options: PretrainedOptions = {}): Promise<LocalModel> {
  const { architecture, tokenizer, parameters } = await readPretrained(path);
  const config = configOf(architecture, options.maxContext);
  const { name: backend } = await loadBackend(options.backend);
  const available = options.availableBytes ?? process.availableMemory();
  const needs = memoryNeeds(config);
  if (computesInMainMemory[backend] && needs.parameters > available)
    throw outOfMemory(path, config, `${formatBytes(available)} are free`);
  const weights = await storeOf(config, path, parameters());
  return new LocalModel({ config, tokenizer, weights, version: 0, backend });
}

/** Ends of completions are the tokenizer's to know. */
export function configOf(architecture: Architecture, maxContext: number = architecture.maxContext): ModelConfig {
  const { bosId: _, eosIds: __, ...shape } = architecture;
  return { ...shape, maxContext: Math.min(maxContext, architecture.maxContext), copyHead: false, history: "last" };
}

const computesInMainMemory: Readonly<Record<BackendName, boolean>> = {
  "node-gpu": false,
  torch: true,
  webgpu: false,
  wasm: true,
  cpu: true,
};

async function storeOf(
  config: ModelConfig,
  path: string,
  parameters: AsyncIterable<NamedTensor>,
): Promise<ParameterStore> {
  try {
    return await ParameterStore.stream(parameterSpecs(config), parameters);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    throw outOfMemory(path, config, messageOf(error), error);
  }
}

function outOfMemory(path: string, config: ModelConfig, why: string, cause?: unknown): TrainerError {
  return new TrainerError(`${path} does not fit in memory (${why}): ${describeNeeds(memoryNeeds(config))}`, {
    code: "ERR_OUT_OF_MEMORY",
    cause,
  });
}
