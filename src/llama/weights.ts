/** One version of the weights, loaded: a model, a context over it with its adapters, and its sequences. */
import type { LlamaModel } from "node-llama-cpp";
import { atBoundary, PolicyError } from "../core/errors.ts";
import type { Runtime } from "./library.ts";
import type { LlamaSource } from "./protocol.ts";
import { createSlots, type Slots } from "./slots.ts";

/** A model, which several contexts may share: it is freed with the last of them. */
export interface SharedModel {
  readonly model: LlamaModel;
  contexts: number;
}

export interface Weights {
  readonly version: number;
  readonly shared: SharedModel;
  readonly slots: Slots;
  /** Tokens of one sequence. */
  readonly contextTokens: number;
  /** Counts the caller as running on these weights while `body` runs. */
  hold<T>(body: () => Promise<T>): Promise<T>;
  /** Frees the context once nothing runs on it. Adapters stay in memory until their model goes. */
  retire(): void;
}

/** @throws PolicyError ERR_LLAMA_MODEL when the file is none that llama.cpp can read. */
export async function loadModel(runtime: Runtime, modelPath: string): Promise<SharedModel> {
  const model = await atBoundary(PolicyError, "ERR_LLAMA_MODEL", modelPath, () => runtime.loadModel({ modelPath }));
  return { model, contexts: 0 };
}

/** @throws PolicyError ERR_LLAMA_MODEL when an adapter does not fit, or there is no memory for the context. */
export async function openWeights(
  shared: SharedModel,
  source: Omit<LlamaSource, "modelPath">,
  version: number,
): Promise<Weights> {
  const { model } = shared;
  const { loraPaths, contextTokens, sequences, threads } = source;
  const what = [model.filename ?? "model", ...loraPaths].join(" with ");
  const context = await atBoundary(PolicyError, "ERR_LLAMA_MODEL", what, () =>
    model.createContext({
      sequences,
      threads: threads ?? Math.max(1, model.llama.cpuMathCores - 1),
      contextSize: { max: Math.min(contextTokens, model.trainContextSize) },
      ...(loraPaths.length === 0 ? {} : { lora: { adapters: loraPaths.map((filePath) => ({ filePath })) } }),
    }),
  ).catch(async (error: unknown) => {
    if (shared.contexts === 0) await model.dispose();
    throw error;
  });
  const slots = createSlots(Array.from({ length: sequences }, () => context.getSequence()));
  let running = 0;
  let retired = false;
  shared.contexts++;
  const freeWhenIdle = async (): Promise<void> => {
    if (!retired || running > 0) return;
    await context.dispose();
    if (--shared.contexts === 0) await model.dispose();
  };
  return {
    version,
    shared,
    slots,
    contextTokens: Math.min(context.contextSize, contextTokens),
    async hold(body) {
      running++;
      try {
        return await body();
      } finally {
        running--;
        void freeWhenIdle();
      }
    },
    retire() {
      retired = true;
      void freeWhenIdle();
    },
  };
}
