/** What an SGLang server answers (0.5.13 and later), for the model of distribution.ts. */
import type { ReceivedRequest, Scripted } from "../openai-server/script.ts";
import { completion, distribution, texts } from "./distribution.ts";

type Json = Record<string, unknown>;

export interface FakeSglangOptions {
  /** SGLANG_RETURN_ORIGINAL_LOGPROB=1: log-probabilities before temperature. */
  readonly original?: boolean;
  /** "default" until an update sets it. */
  readonly weightVersion?: string;
  /** Before 0.5.13: the chat endpoint does not know the token fields, and ignores them. */
  readonly withoutTokenFields?: boolean;
  /** Spoils a reply of `/generate`. */
  readonly spoil?: (reply: { text: string; output_ids: number[]; meta_info: Json }, body: Json) => unknown;
}

export function fakeSglang(options: FakeSglangOptions = {}): (request: ReceivedRequest) => Scripted {
  let weightVersion = options.weightVersion ?? "default";
  const json = (value: unknown): Scripted => ({
    kind: "body",
    contentType: "application/json",
    body: JSON.stringify(value),
  });
  const logsOf = (temperature: number): number[] => distribution({ temperature: options.original ? 1 : temperature });

  const generate = (body: Json) => {
    const ids = body["input_ids"] as number[];
    const sampling = body["sampling_params"] as { temperature: number; max_new_tokens: number };
    const made = completion.slice(0, sampling.max_new_tokens);
    const logs = logsOf(sampling.temperature);
    const raw = distribution({ temperature: 1 });
    const best = (all: number[]) =>
      all.map((logprob, id) => [logprob, id, null]).slice(0, Number(body["top_logprobs_num"] ?? 0));
    const start = body["logprob_start_len"] as number;
    const scored = start >= 0 ? ids.slice(start) : [];
    const asked = body["token_ids_logprob"] as number[] | undefined;
    return {
      text: made.map((id) => texts[id]).join(""),
      output_ids: [...made],
      meta_info: {
        id: "7f",
        finish_reason: made.at(-1) === 3 ? { type: "stop", matched: 3 } : { type: "length", length: made.length },
        prompt_tokens: ids.length,
        weight_version: weightVersion,
        total_retractions: 0,
        completion_tokens: made.length,
        cached_tokens: 1,
        e2e_latency: 0.01,
        output_token_logprobs: made.map((id) => [logs[id], id, null]),
        output_token_logprobs_length: made.length,
        input_token_logprobs: scored.map((id, i) => [i === 0 ? null : raw[id], id, null]),
        ...(body["top_logprobs_num"] === undefined
          ? {}
          : {
              output_top_logprobs: made.map(() => best(logs)),
              input_top_logprobs: scored.map((_, i) => (i === 0 ? null : best(raw))),
            }),
        ...(asked === undefined
          ? {}
          : {
              input_token_ids_logprobs: scored.map((_, i) => (i === 0 ? [] : asked.map((id) => [raw[id], id, null]))),
            }),
      } as Json,
    };
  };

  return ({ path, body }) => {
    switch (path) {
      case "/generate": {
        const reply = generate(body);
        return json(options.spoil?.(reply, body) ?? reply);
      }
      case "/v1/chat/completions": {
        const logs = logsOf(body["temperature"] as number);
        const asked = !options.withoutTokenFields;
        return json({
          id: "7f",
          object: "chat.completion",
          model: body["model"],
          choices: [
            {
              index: 0,
              message: { role: "assistant", content: "ba", reasoning_content: null, tool_calls: null },
              // Of the content alone: the end token is missing.
              logprobs: { content: [1, 0].map((id) => ({ token: texts[id], logprob: logs[id], top_logprobs: [] })) },
              finish_reason: "stop",
              matched_stop: 3,
              ...(asked && body["return_prompt_token_ids"] ? { prompt_token_ids: [2, 2] } : {}),
              ...(asked && body["return_meta_info"]
                ? { meta_info: { output_token_logprobs: completion.map((id) => [logs[id], id, null]) } }
                : {}),
            },
          ],
          usage: { prompt_tokens: 2, total_tokens: 5, completion_tokens: 3 },
          metadata: { weight_version: weightVersion },
        });
      }
      case "/update_weights_from_disk":
        if (String(body["model_path"]).includes("missing"))
          return {
            kind: "status",
            status: 400,
            body: JSON.stringify({ success: false, message: "no such directory", num_paused_requests: 0 }),
          };
        weightVersion = body["weight_version"] as string;
        return json({ success: true, message: "Succeeded to update model weights.", num_paused_requests: 0 });
      default:
        return { kind: "status", status: 404 };
    }
  };
}
