/** Every way of misbehaving that no retry mends, with the error that a client must make of it. */
import type { Scripted } from "./script.ts";

export interface Misbehaviour {
  readonly name: string;
  readonly scripted: Scripted;
  /** With `stream: true` or without. */
  readonly streamed: boolean;
  readonly code: string;
}

const completion = '{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}]}';

export const misbehaviours: readonly Misbehaviour[] = [
  {
    name: "a garbage body",
    scripted: { kind: "body", contentType: "application/json", body: "\u0000<<not json" },
    streamed: false,
    code: "ERR_ENDPOINT_GARBAGE",
  },
  {
    name: "JSON of another shape",
    scripted: { kind: "body", contentType: "application/json", body: '{"choices":[{"message":42}]}' },
    streamed: false,
    code: "ERR_ENDPOINT_GARBAGE",
  },
  {
    name: "no choices",
    scripted: { kind: "body", contentType: "application/json", body: '{"choices":[]}' },
    streamed: false,
    code: "ERR_ENDPOINT_GARBAGE",
  },
  {
    name: "a web page",
    scripted: { kind: "body", contentType: "text/html", body: "<html>welcome</html>" },
    streamed: false,
    code: "ERR_ENDPOINT_GARBAGE",
  },
  {
    name: "a whole body that claims to be a stream",
    scripted: { kind: "body", contentType: "text/event-stream", body: completion },
    streamed: true,
    code: "ERR_ENDPOINT_GARBAGE",
  },
  {
    name: "garbage in a stream",
    scripted: { kind: "body", contentType: "text/event-stream", body: "data: {oops\n\n" },
    streamed: true,
    code: "ERR_ENDPOINT_GARBAGE",
  },
  {
    name: "an error inside a 200",
    scripted: { kind: "body", contentType: "application/json", body: '{"error":{"message":"engine died","code":500}}' },
    streamed: false,
    code: "ERR_ENDPOINT_SERVER",
  },
  {
    name: "an error inside a stream",
    scripted: { kind: "body", contentType: "text/event-stream", body: 'data: {"error":{"message":"engine died"}}\n\n' },
    streamed: true,
    code: "ERR_ENDPOINT_SERVER",
  },
  {
    name: "half a stream",
    scripted: { kind: "half-stream", content: "" },
    streamed: true,
    code: "ERR_ENDPOINT_BROKEN",
  },
  { name: "half a body", scripted: { kind: "half-body" }, streamed: false, code: "ERR_ENDPOINT_BROKEN" },
  {
    name: "a stream without its end",
    scripted: { kind: "unfinished-stream", content: "" },
    streamed: true,
    code: "ERR_ENDPOINT_BROKEN",
  },
  { name: "a closed connection", scripted: { kind: "reset" }, streamed: false, code: "ERR_ENDPOINT_BROKEN" },
  {
    name: "429 for ever",
    scripted: { kind: "status", status: 429, headers: { "retry-after": "1" } },
    streamed: false,
    code: "ERR_ENDPOINT_RATE_LIMITED",
  },
  { name: "500 for ever", scripted: { kind: "status", status: 500 }, streamed: false, code: "ERR_ENDPOINT_SERVER" },
  { name: "401", scripted: { kind: "status", status: 401 }, streamed: false, code: "ERR_ENDPOINT_AUTH" },
  { name: "404", scripted: { kind: "status", status: 404 }, streamed: false, code: "ERR_ENDPOINT_REJECTED" },
  { name: "silence", scripted: { kind: "silence" }, streamed: false, code: "ERR_ENDPOINT_TIMEOUT" },
  {
    name: "a stream that goes silent",
    scripted: { kind: "stall", content: "" },
    streamed: true,
    code: "ERR_ENDPOINT_TIMEOUT",
  },
  { name: "a slow drip", scripted: { kind: "drip", everyMs: 10 }, streamed: false, code: "ERR_ENDPOINT_TIMEOUT" },
  { name: "a huge body", scripted: { kind: "huge" }, streamed: false, code: "ERR_ENDPOINT_TOO_LARGE" },
  {
    name: "a redirect",
    scripted: { kind: "redirect", location: "http://127.0.0.1:9/v1/chat/completions" },
    streamed: false,
    code: "ERR_ENDPOINT_REDIRECT",
  },
];
