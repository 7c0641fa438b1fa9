/**
 * Where an OpenAI-compatible endpoint is, as people write it: `BASE_URL#MODEL`.
 *
 * This room speaks the chat-completions protocol for policies and judges alike, and knows neither of them.
 */
import { ConfigError } from "../core/errors.ts";

export interface Endpoint {
  /** Without a trailing slash, credentials, query or fragment, for example "http://127.0.0.1:8000/v1". */
  readonly baseUrl: string;
  readonly model: string;
}

/**
 * @param text `BASE_URL#MODEL`
 * @param context the whole spec and its kind, for the message, and the code of the error
 * @throws ConfigError when it does not name an http(s) URL and a model.
 */
export function parseEndpoint(
  text: string,
  context: { readonly spec: string; readonly kind: string; readonly code: string },
): Endpoint {
  const { spec, kind, code } = context;
  const refuse = (problem: string): never => {
    throw new ConfigError(
      `"${spec}": ${problem}; write ${kind}:BASE_URL#MODEL, for example ${kind}:http://127.0.0.1:8000/v1#qwen3`,
      { code },
    );
  };
  const hash = text.indexOf("#");
  const model = hash < 0 ? "" : text.slice(hash + 1).trim();
  if (model === "") return refuse("the model is missing");
  const url = readBaseUrl(hash < 0 ? text : text.slice(0, hash));
  return url.ok ? { baseUrl: url.baseUrl, model } : refuse(url.problem);
}

/** @throws ConfigError ERR_ENDPOINT_URL */
export function normalizeBaseUrl(text: string): string {
  const url = readBaseUrl(text);
  if (url.ok) return url.baseUrl;
  throw new ConfigError(`base URL "${redactUserInfo(text)}": ${url.problem}`, { code: "ERR_ENDPOINT_URL" });
}

function readBaseUrl(text: string): { ok: true; baseUrl: string } | { ok: false; problem: string } {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    return { ok: false, problem: "the base URL cannot be read" };
  }
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return { ok: false, problem: "the base URL must start with http:// or https://" };
  if (url.username !== "" || url.password !== "")
    return { ok: false, problem: "a URL with credentials would end up in logs: name the key's environment variable" };
  if (url.search !== "" || url.hash !== "") return { ok: false, problem: "the base URL has a query or a fragment" };
  const path = url.pathname.replace(/\/chat\/completions\/*$/, "").replace(/\/+$/, "");
  return { ok: true, baseUrl: `${url.origin}${path}` };
}

const redactUserInfo = (text: string): string => text.replace(/\/\/[^/@]*@/, "//[…]@");
