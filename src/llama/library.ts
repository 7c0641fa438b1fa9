/** node-llama-cpp, loaded when it is needed: nobody has to install it who does not use it. */
import { ConfigError, messageOf } from "../core/errors.ts";

export type Library = typeof import("node-llama-cpp");
export type Runtime = Awaited<ReturnType<Library["getLlama"]>>;

/** The version that the tests run against: its bindings and its llama.cpp belong together. */
export const install = "npm install --no-save node-llama-cpp@3.22.1";

/** @throws ConfigError ERR_LLAMA_MISSING that says what to install. */
export async function loadLibrary(): Promise<Library> {
  try {
    return await import("node-llama-cpp");
  } catch (error) {
    throw new ConfigError(`GGUF models need node-llama-cpp, which is not installed; ${install}`, {
      code: "ERR_LLAMA_MISSING",
      cause: error,
    });
  }
}

/** Prebuilt binaries only: nothing is compiled or downloaded. A GPU is used where its package is installed. */
export async function startRuntime(library: Library): Promise<Runtime> {
  try {
    return await library.getLlama({
      gpu: "auto",
      build: "never",
      skipDownload: true,
      progressLogs: false,
      logLevel: library.LlamaLogLevel.error,
    });
  } catch (error) {
    throw new ConfigError(`llama.cpp does not start (${messageOf(error)}); ${install}`, {
      code: "ERR_LLAMA_MISSING",
      cause: error,
    });
  }
}
