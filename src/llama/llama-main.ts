/** The llama.cpp process: one model, requests in, completions out. Started by llama-client.ts; dies with its parent. */
import { PolicyError, toErrorRecord } from "../core/errors.ts";
import { joinParent } from "../core/process/parent.ts";
import { LlamaEngine } from "./engine.ts";
import type { LlamaReply, LlamaRequest } from "./protocol.ts";

let engine: LlamaEngine | null = null;
const running = new Map<number, AbortController>();

const reply = joinParent<LlamaRequest, LlamaReply>((message) => {
  handle(message).catch((error: unknown) => {
    reply({ type: "failed", id: message.id, error: toErrorRecord(error, "policy") });
  });
});

async function handle(message: LlamaRequest): Promise<void> {
  const { id } = message;
  switch (message.type) {
    case "start": {
      engine = await LlamaEngine.open(message.source);
      return reply({ type: "ready", id, device: engine.device, contextTokens: engine.contextTokens });
    }
    case "cancel":
      running.get(id)?.abort(new PolicyError("cancelled", { code: "ERR_CANCELLED" }));
      return;
    case "load":
      await ready().load(message.path, message.version);
      return reply({ type: "loaded", id });
    case "generate":
      return cancellable(id, async (signal) => {
        const { prompt, sampling, seed } = message;
        reply({ type: "generated", id, completion: await ready().generate({ prompt, sampling, seed, signal }) });
      });
    case "score":
      return cancellable(id, async (signal) => {
        reply({ type: "scored", id, scores: await ready().score(message.request, signal) });
      });
  }
}

async function cancellable(id: number, body: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    await body(controller.signal);
  } finally {
    running.delete(id);
  }
}

function ready(): LlamaEngine {
  if (!engine) throw new Error("the llama.cpp process has no model yet");
  return engine;
}
