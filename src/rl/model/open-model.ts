/** A model by its path, whoever wrote it. */
import { loadModel, type LoadOptions } from "./checkpoint.ts";
import { loadPretrained } from "./load-pretrained.ts";
import type { LocalModel } from "./local-model.ts";
import { isSavedModel } from "./model-head.ts";

/**
 * @param path a directory of ours, a Hugging Face directory, or a GGUF file.
 * @throws as `loadModel` and `loadPretrained`.
 */
export function openModel(path: string, options: LoadOptions = {}): Promise<LocalModel> {
  return isSavedModel(path) ? loadModel(path, options) : loadPretrained(path, options);
}
