/**
 * A GGUF model in a llama.cpp process of its own, for policy and judge alike.
 *
 * This room knows llama.cpp; what a completion is good for, it does not know.
 */
import { existsSync } from "node:fs";
import { childEntry } from "../core/child-entry.ts";
import { ConfigError } from "../core/errors.ts";
import type { Sampling, ScoreRequest, Scores } from "../core/policy.ts";
import { RequestChannel } from "../core/process/channel.ts";
import { forkChild } from "../core/process/child.ts";
import type { GgufSpec } from "./gguf-spec.ts";
import type { LlamaCompletion, LlamaPrompt, LlamaReply, LlamaRequest } from "./protocol.ts";

export interface LlamaOptions extends GgufSpec {
  /** Requests that are decoded in one batch; further ones wait. Default 8. */
  readonly sequences?: number | undefined;
  /** Threads that compute. Default: all cores but one. */
  readonly threads?: number | undefined;
}

export interface LlamaClient extends AsyncDisposable {
  /** "cpu", or the kind of GPU. */
  readonly device: string;
  readonly contextTokens: number;
  /** @param seed null: every call draws its own. */
  generate(
    request: { readonly prompt: LlamaPrompt; readonly sampling: Sampling },
    signal: AbortSignal,
  ): Promise<LlamaCompletion>;
  score(request: ScoreRequest): Promise<Scores>;
  /** Another model, or an adapter for the one that is loaded: resolves when it answers. Each version its own path. */
  load(path: string, version: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * @throws ConfigError ERR_LLAMA_MODEL when a file is missing, ERR_LLAMA_MISSING when node-llama-cpp is; PolicyError
 * ERR_LLAMA_MODEL when llama.cpp cannot read the model.
 */
export async function startLlama(options: LlamaOptions): Promise<LlamaClient> {
  const { modelPath, loraPaths, contextTokens, sequences = 8, threads = null } = options;
  for (const path of [modelPath, ...loraPaths])
    if (!existsSync(path)) throw new ConfigError(`${path}: there is no such file`, { code: "ERR_LLAMA_MODEL" });
  const child = forkChild(childEntry(new URL("./llama-main.js", import.meta.url)));
  const channel = new RequestChannel<LlamaRequest, LlamaReply>(child, "the llama.cpp process");
  const ask = async <Type extends LlamaReply["type"]>(
    type: Type,
    request: Parameters<typeof channel.ask>[0],
    signal?: AbortSignal,
  ): Promise<Extract<LlamaReply, { type: Type }>> => {
    const reply = await channel.ask(request, signal);
    if (reply.type === type) return reply as Extract<LlamaReply, { type: Type }>;
    throw new TypeError(`unexpected ${reply.type} from the llama.cpp process`);
  };
  let draws = 0;
  try {
    const source = { modelPath, loraPaths, contextTokens, sequences, threads };
    const hello = await ask("ready", { type: "start", source });
    const close = (): Promise<void> => channel.close();
    return {
      device: hello.device,
      contextTokens: hello.contextTokens,
      async generate({ prompt, sampling }, signal) {
        signal.throwIfAborted();
        const seed = sampling.seed === undefined ? `draw/${draws++}` : String(sampling.seed);
        return (await ask("generated", { type: "generate", prompt, sampling, seed }, signal)).completion;
      },
      async score({ signal, ...request }) {
        signal.throwIfAborted();
        return (await ask("scored", { type: "score", request }, signal)).scores;
      },
      async load(path, version) {
        await ask("loaded", { type: "load", path, version });
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await channel.close();
    throw error;
  }
}
