/**
 * Tool calls as models write them, read back out of a completion. Four ways are known:
 *
 *   <tool_call>{"name": …, "arguments": {…}}</tool_call>, any number, text around them   (Hermes, Qwen 2.5 and 3)
 *   <tool_call><function=NAME><parameter=KEY>VALUE</parameter>…</function></tool_call>   (Qwen 3 Coder, Qwen 3.5)
 *   [TOOL_CALLS][{"name": …, "arguments": {…}}, …], text before it                       (Mistral)
 *   {"name": …, "parameters": {…}}, alone, maybe after <|python_tag|>                    (Llama 3)
 *
 * What looks like a call and is no JSON stays a call with the arguments as written, so that the agent is told.
 */
import type { JsonValue } from "../core/json.ts";
import type { Message, ToolCall, ToolSpec } from "../core/message.ts";

export interface ParsedCompletion {
  /** null when nothing is left beside the calls. */
  readonly content: string | null;
  readonly toolCalls: readonly ToolCall[];
}

/** @param tools what was offered; with none, all that was written is content */
export function assistantMessage(text: string, tools: readonly ToolSpec[]): Extract<Message, { role: "assistant" }> {
  const { content, toolCalls } = tools.length > 0 ? parseToolCalls(text, tools) : { content: text, toolCalls: [] };
  return toolCalls.length > 0 ? { role: "assistant", content, toolCalls } : { role: "assistant", content };
}

/** @param tools what was offered: their schemas say which values of the tagged way are text. */
export function parseToolCalls(text: string, tools: readonly ToolSpec[]): ParsedCompletion {
  const tagged = [...text.matchAll(/<tool_call>([\s\S]*?)(?:<\/tool_call>|$)/g)];
  if (tagged.length > 0)
    return completionOf(
      text.slice(0, tagged[0]!.index),
      tagged.map(([, call]) => readTagged(call!, tools) ?? readCall(call!)),
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

/** null when it is not written in tags. Each value stands on lines of its own. */
function readTagged(text: string, tools: readonly ToolSpec[]): NamedCall | null {
  const name = /<function=([^>\s]+)>/.exec(text)?.[1];
  if (name === undefined) return null;
  const properties = tools.find((tool) => tool.name === name)?.parameters["properties"] as
    | Readonly<Record<string, { readonly type?: JsonValue } | undefined>>
    | undefined;
  const values = [...text.matchAll(/<parameter=([^>\s]+)>\n?([\s\S]*?)\n?<\/parameter>/g)].map(([, key, value]) => {
    const isText = properties?.[key!]?.type === "string";
    return [key!, isText ? value! : (tryJson(value!) ?? value!)] as const;
  });
  return { name, arguments: JSON.stringify(Object.fromEntries(values)) };
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
