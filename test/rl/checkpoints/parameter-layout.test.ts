import { describe, expect, it } from "vitest";
import { parameterLayout } from "../../../src/rl/checkpoints/parameter-layout.ts";
import { parameterSpecs } from "../../../src/rl/model/parameters.ts";
import { llama, qwen3 } from "./tiny.ts";

describe("the parameters of a checkpoint", () => {
  it.each([
    ["llama", llama],
    ["qwen3", qwen3],
    ["a tied llama", { ...llama, tiedHead: true }],
    ["an untied qwen3", { ...qwen3, tiedHead: false }],
  ])("are the model's: names, shapes and order of %s", (_, architecture) => {
    const specs = parameterSpecs({ ...architecture, copyHead: false, history: "last" });
    const own = specs.map(({ name, shape }) => [name, [...shape]]);
    expect(parameterLayout(architecture).map(({ name, shape }) => [name, [...shape]])).toEqual(own);
  });
});
