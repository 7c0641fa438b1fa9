/** llama.cpp as a program under measurement, on the CPU and one thread: `llama.ts DIRECTORY`. It only decodes. */
import { join } from "node:path";
import { getLlama, LlamaLogLevel, type LlamaContextSequence, type Token } from "node-llama-cpp";
import { residentBytes, serveProgram } from "./serve-program.ts";
import { readTask } from "./task.ts";

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error("usage: llama.ts DIRECTORY");
const llama = await getLlama({
  gpu: false,
  build: "never",
  skipDownload: true,
  progressLogs: false,
  maxThreads: 1,
  logLevel: LlamaLogLevel.error,
});
const runtimeBytes = residentBytes();
const task = await readTask(directory);
const model = await llama.loadModel({ modelPath: join(directory, "model.gguf") });

/** By batch: the context is made once, as ours is. */
const contexts = new Map<number, LlamaContextSequence[]>();

async function sequencesOf(batch: number): Promise<LlamaContextSequence[]> {
  const made = contexts.get(batch);
  if (made !== undefined) return made;
  const contextSize = task.promptTokens + task.newTokens;
  const batchSize = Math.max(512, batch * task.promptTokens);
  const context = await model.createContext({ sequences: batch, contextSize, batchSize, threads: 1 });
  const sequences = Array.from({ length: batch }, () => context.getSequence());
  contexts.set(batch, sequences);
  return sequences;
}

async function complete(sequence: LlamaContextSequence, prompt: readonly number[]): Promise<number[]> {
  await sequence.clearHistory();
  const tokens: number[] = [];
  // An end is a token like any other here.
  const steps = sequence.evaluate(prompt as Token[], { temperature: 0, yieldEogToken: true });
  for await (const token of steps) if (tokens.push(token) >= task.newTokens) break;
  return tokens;
}

await serveProgram(
  { ready: "llama.cpp on one thread", runtimeBytes },
  {
    async decode(batch = 1, first = 0) {
      const sequences = await sequencesOf(batch);
      return { tokens: await Promise.all(sequences.map((one, i) => complete(one, task.prompts[first + i]!))) };
    },
  },
);
