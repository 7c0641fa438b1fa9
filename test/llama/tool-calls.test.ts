import { describe, expect, it } from "vitest";
import { parseToolCalls } from "../../src/llama/tool-calls.ts";

const call = (index: number, name: string, args: string) => ({ id: `call_${index}`, name, arguments: args });

const tools = [
  {
    name: "write",
    description: "",
    parameters: { type: "object", properties: { text: { type: "string" }, line: { type: "integer" } } },
  },
];

describe("parseToolCalls", () => {
  it.each([
    [
      "Hermes and Qwen",
      'I look.\n<tool_call>\n{"name": "run", "arguments": {"command": "ls"}}\n</tool_call>',
      { content: "I look.", toolCalls: [call(0, "run", '{"command":"ls"}')] },
    ],
    [
      "several of them",
      '<tool_call>{"name": "a", "arguments": {}}</tool_call>\n<tool_call>{"name": "b", "arguments": {"x": 1}}</tool_call>',
      { content: null, toolCalls: [call(0, "a", "{}"), call(1, "b", '{"x":1}')] },
    ],
    [
      "one that the length cut off",
      '<tool_call>{"name": "run", "arguments": {"command": "l',
      { content: null, toolCalls: [call(0, "run", '{"name": "run", "arguments": {"command": "l')] },
    ],
    [
      "Mistral",
      'So: [TOOL_CALLS][{"name": "run", "arguments": {"command": "ls"}}, {"name": "submit", "arguments": {}}]',
      { content: "So:", toolCalls: [call(0, "run", '{"command":"ls"}'), call(1, "submit", "{}")] },
    ],
    [
      "a Mistral list that is none",
      '[TOOL_CALLS][{"name": "run"',
      { content: null, toolCalls: [call(0, "run", '[{"name": "run"')] },
    ],
    [
      "Llama 3",
      '<|python_tag|>{"name": "run", "parameters": {"command": "ls"}}',
      { content: null, toolCalls: [call(0, "run", '{"command":"ls"}')] },
    ],
    [
      "arguments that are text",
      '<tool_call>{"name": "run", "arguments": "{\\"command\\": \\"ls\\"}"}</tool_call>',
      { content: null, toolCalls: [call(0, "run", '{"command": "ls"}')] },
    ],
    [
      "no arguments",
      '<tool_call>{"name": "submit"}</tool_call>',
      { content: null, toolCalls: [call(0, "submit", "{}")] },
    ],
    ["a call that says no name", "<tool_call>ls</tool_call>", { content: null, toolCalls: [call(0, "", "ls")] }],
  ])("reads %s", (_, text, parsed) => {
    expect(parseToolCalls(text, tools)).toEqual(parsed);
  });

  it.each(["", "just words", '{"not": "a call"}', '{"name": "cut', 'words before {"name": "run", "parameters": {}}'])(
    "leaves %j as it is",
    (text) => {
      expect(parseToolCalls(text, tools)).toEqual({ content: text, toolCalls: [] });
    },
  );
});
