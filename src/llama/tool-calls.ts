/**
 * Tool calls as models write them, read back out of a completion. Three ways are known:
 *
 *   <tool_call>{"name": …, "arguments": {…}}</tool_call>, any number, text around them   (Hermes, Qwen)
 *   [TOOL_CALLS][{"name": …, "arguments": {…}}, …], text before it                       (Mistral)
 *   {"name": …, "parameters": {…}}, alone, maybe after <|python_tag|>                    (Llama 3)
 *
 * What looks like a call and is no JSON stays a call with the arguments as written, so that the agent is told.
 */
import type { ToolCall } from "../core/message.ts";

export interface ParsedCompletion {
  /** null when nothing is left beside the calls. */
  readonly content: string | null;
  readonly toolCalls: readonly ToolCall[];
}

export function parseToolCalls(text: string): ParsedCompletion {
  const tagged = [...text.matchAll(/<tool_call>([\s\S]*?)(?:<\/tool_call>|$)/g)];
  if (tagged.length > 0)
    return completionOf(
      text.slice(0, tagged[0]!.index),
      tagged.map(([, call]) => readCall(call!)),
    );
  const listed = text.indexOf("[TOOL_CALLS]");
  if (listed >= 0) return completionOf(text.slice(0, listed), readList(text.slice(listed + "[TOOL_CALLS]".length)));
  const alone = text.replace("<|python_tag|>", "").trim();
  const call = alone.startsWith("{") ? tryCall(tryJson(alone)) : null;
  return call === null ? { content: text, toolCalls: [] } : completionOf("", [call]);
}

type NamedCall = Omit<ToolCall, "id">;

function completionOf(before: string, calls: readonly NamedCall[]): ParsedCompletion {
  const content = before.trim();
  return {
    content: content === "" ? null : content,
    toolCalls: calls.map((call, index) => ({ id: `call_${index}`, ...call })),
  };
}

function readCall(text: string): NamedCall {
  const call = tryCall(tryJson(text));
  if (call !== null) return call;
  const name = /"name"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? "";
  return { name, arguments: text.trim() };
}

function readList(text: string): NamedCall[] {
  const list = tryJson(text);
  const calls = Array.isArray(list) ? list.map(tryCall) : [tryCall(list)];
  return calls.every((call) => call !== null) ? calls : [readCall(text)];
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tryCall(value: unknown): NamedCall | null {
  if (typeof value !== "object" || value === null) return null;
  const { name, arguments: args, parameters } = value as Readonly<Record<string, unknown>>;
  if (typeof name !== "string") return null;
  const given = args ?? parameters ?? {};
  return { name, arguments: typeof given === "string" ? given : JSON.stringify(given) };
}
