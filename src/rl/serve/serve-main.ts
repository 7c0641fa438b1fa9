/**
 * The serving process: one model, requests in, completions out. Started by serve-client.ts.
 *
 * New weights are imported while requests run: the model takes them between two tokens, so no request is refused and
 * none waits longer than one batch. It dies with its parent.
 */
import { toErrorRecord } from "../../core/errors.ts";
import type { VersionSpan } from "../../core/policy.ts";
import { createRandom } from "../../core/random.ts";
import { readWeights } from "../model/checkpoint.ts";
import type { LanguageModel } from "../model/contract.ts";
import { openModel } from "../model/open-model.ts";
import { joinParent } from "../../core/process/parent.ts";
import type { ServeReply, ServeRequest, ServeStart } from "./protocol.ts";

let model: LanguageModel | null = null;
const running = new Map<number, AbortController>();

const reply = joinParent<ServeRequest, ServeReply>((message) => {
  handle(message).catch((error: unknown) => {
    reply({ type: "failed", id: message.id, error: toErrorRecord(error, "policy") });
  });
});

async function handle(message: ServeRequest): Promise<void> {
  switch (message.type) {
    case "start":
      return start(message);
    case "cancel":
      running.get(message.id)?.abort(new Error("cancelled"));
      return;
    case "load": {
      const { id, version } = message;
      const pausedMs = await ready().importWeights(await readWeights(message.directory), version);
      return reply({ type: "loaded", id, version, pausedMs });
    }
    case "generate": {
      const controller = new AbortController();
      running.set(message.id, controller);
      try {
        const { promptTokenIds, sampling, seed } = message;
        const [completion] = await ready().generate([{ promptTokenIds, sampling, random: createRandom(seed) }], {
          signal: controller.signal,
        });
        const { tokenIds, logprobs, finishReason, versions } = completion!;
        return reply({
          type: "generated",
          id: message.id,
          tokenIds,
          logprobs,
          finishReason,
          versionSpans: spansOf(versions),
        });
      } finally {
        running.delete(message.id);
      }
    }
  }
}

async function start({ id, modelDirectory, backend }: ServeStart): Promise<void> {
  model = await openModel(modelDirectory, { backend });
  const { version, parameterCount } = model;
  reply({ type: "ready", id, backend: model.backend, version, parameterCount });
}

function ready(): LanguageModel {
  if (!model) throw new Error("the serving process has no model yet");
  return model;
}

/** Runs of equal versions as half-open spans. */
function spansOf(versions: readonly number[]): VersionSpan[] {
  const spans: { version: number; from: number; to: number }[] = [];
  for (const [index, version] of versions.entries()) {
    const last = spans.at(-1);
    if (last?.version === version) last.to = index + 1;
    else spans.push({ version, from: index, to: index + 1 });
  }
  return spans;
}
