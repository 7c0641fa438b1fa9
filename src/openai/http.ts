/**
 * One POST over node:http: one host, no redirects, no decompression, bounded bytes.
 * (`fetch` follows redirects by default and fixes a five-minute header timeout; long completions need neither.)
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { messageOf } from "../core/errors.ts";
import { ChatFailure } from "./failure.ts";

export interface Transport {
  /** Resolves with the response's head. The body must be read to its end, or `destroy`ed. */
  post(
    url: URL,
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage>;
  close(): void;
}

/** @param base every URL that is posted to has its protocol. */
export function createTransport(base: URL): Transport {
  const secure = base.protocol === "https:";
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const send = secure ? httpsRequest : httpRequest;
  return {
    post(url, body, headers, signal) {
      const bytes = Buffer.from(body, "utf8");
      return new Promise((resolve, reject) => {
        const request = send(url, {
          agent,
          method: "POST",
          signal,
          headers: {
            ...headers,
            "content-type": "application/json",
            "accept-encoding": "identity",
            "content-length": String(bytes.length),
          },
        });
        request.once("response", resolve);
        request.once("error", reject);
        request.end(bytes);
      });
    },
    close: () => agent.destroy(),
  };
}

/** The body's text, piece by piece, never split inside a character; at most `maxBytes` in all. */
export async function* readText(response: IncomingMessage, maxBytes: number): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8");
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes)
        throw new ChatFailure("ERR_ENDPOINT_TOO_LARGE", `the reply is larger than ${maxBytes} bytes`);
      yield decoder.decode(chunk, { stream: true });
    }
    yield decoder.decode();
  } finally {
    response.destroy();
  }
}

const unreachableCodes = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "EADDRNOTAVAIL",
]);

/** What node:http threw, classified. A host with several addresses fails with an AggregateError that carries the code. */
export function classifyNetworkError(error: unknown): ChatFailure {
  if (error instanceof ChatFailure) return error;
  const code = (error as { code?: unknown }).code;
  const detail = messageOf(error) || String(code);
  if (typeof code === "string" && unreachableCodes.has(code))
    return new ChatFailure("ERR_ENDPOINT_UNREACHABLE", `nothing answers (${code})`, { cause: error });
  if (typeof code === "string" && /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return new ChatFailure("ERR_ENDPOINT_UNREACHABLE", `no trusted TLS connection (${code})`, { cause: error });
  if (typeof code === "string" && code.startsWith("HPE_"))
    return new ChatFailure("ERR_ENDPOINT_GARBAGE", `the server does not speak HTTP (${code})`, { cause: error });
  return new ChatFailure("ERR_ENDPOINT_BROKEN", `the connection broke (${detail})`, { cause: error });
}
