/** What a vLLM server answers (0.11 and later), for the model of distribution.ts. */
import type { ReceivedRequest, Scripted } from "../openai-server/script.ts";
import { completion, distribution, texts } from "./distribution.ts";

type Json = Record<string, unknown>;

export interface FakeVllmOptions {
  /** `--logprobs-mode`. */
  readonly mode?: "raw_logprobs" | "processed_logprobs";
  /** Spoils a reply of `/v1/completions`. */
  readonly spoil?: (reply: { choices: Json[]; usage: Json }, body: Json) => unknown;
  /** Answers to a request are held until this resolves. */
  readonly hold?: (body: Json) => Promise<void>;
}

/** A log-probability as the server writes it: JSON has no minus infinity. */
const written = (logprob: number): number => Math.max(logprob, -9999);

export function fakeVllm(options: FakeVllmOptions = {}): (request: ReceivedRequest) => Promise<Scripted> {
  const json = (value: unknown): Scripted => ({
    kind: "body",
    contentType: "application/json",
    body: JSON.stringify(value),
  });
  const logsOf = (body: Json): number[] => {
    const topK = Number(body["top_k"] ?? -1);
    return options.mode === "processed_logprobs"
      ? distribution({ temperature: Number(body["temperature"] ?? 1), ...(topK > 0 ? { topK } : {}) })
      : distribution({ temperature: 1 });
  };
  const complete = (body: Json) => {
    const prompt = body["prompt"] as number[];
    const made = Number(body["top_k"]) === 1 ? [0] : completion.slice(0, body["max_tokens"] as number);
    const logs = logsOf(body);
    const raw = distribution({ temperature: 1 });
    const count = body["logprobs"] as number | undefined;
    const wanted = body["prompt_logprobs"] as number | undefined;
    const entry = (id: number) => ({ logprob: written(raw[id]!), rank: id + 1, decoded_token: texts[id] });
    return {
      id: "cmpl-1",
      object: "text_completion",
      model: body["model"],
      choices: [
        {
          index: 0,
          text: made.map((id) => texts[id]).join(""),
          logprobs:
            count === undefined
              ? null
              : {
                  text_offset: made.map((_, i) => i),
                  token_logprobs: made.map((id) => written(logs[id]!)),
                  tokens: made.map((id) => texts[id]),
                  top_logprobs: made.map(() =>
                    Object.fromEntries(logs.slice(0, count).map((logprob, id) => [texts[id], written(logprob)])),
                  ),
                },
          finish_reason: made.at(-1) === 3 ? "stop" : "length",
          stop_reason: null,
          token_ids: body["return_token_ids"] ? [...made] : null,
          prompt_token_ids: body["return_token_ids"] ? prompt : null,
          prompt_logprobs:
            wanted === undefined
              ? null
              : prompt.map((id, i) =>
                  i === 0
                    ? null
                    : Object.fromEntries(
                        [...new Set([id, ...raw.keys()].slice(0, wanted + 1))].map((one) => [one, entry(one)]),
                      ),
                ),
        } as Json,
      ],
      usage: { prompt_tokens: prompt.length, total_tokens: 0, completion_tokens: made.length } as Json,
    };
  };

  return async ({ path, body }) => {
    await options.hold?.(body);
    switch (path) {
      case "/v1/completions": {
        const reply = complete(body);
        return json(options.spoil?.(reply, body) ?? reply);
      }
      case "/v1/chat/completions": {
        const logs = logsOf(body);
        const ids = body["return_token_ids"] === true;
        return json({
          id: "chatcmpl-1",
          object: "chat.completion",
          model: body["model"],
          choices: [
            {
              index: 0,
              message: { role: "assistant", content: "ba", tool_calls: [], reasoning: null },
              logprobs: { content: completion.map((id) => ({ token: texts[id], logprob: written(logs[id]!) })) },
              finish_reason: "stop",
              stop_reason: null,
              token_ids: ids ? completion : null,
            },
          ],
          usage: { prompt_tokens: 2, total_tokens: 5, completion_tokens: 3 },
          prompt_logprobs: null,
          prompt_token_ids: ids ? [2, 2] : null,
        });
      }
      case "/v1/load_lora_adapter":
        return String(body["lora_path"]).includes("missing")
          ? { kind: "status", status: 404, body: '{"error":{"message":"no adapter there","type":"NotFoundError"}}' }
          : { kind: "body", contentType: "text/plain", body: `Success: LoRA adapter added successfully.` };
      case "/v1/unload_lora_adapter":
        return { kind: "body", contentType: "text/plain", body: `Success: LoRA adapter removed successfully.` };
      default:
        return { kind: "status", status: 404 };
    }
  };
}
