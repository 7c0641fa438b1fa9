import { expect, it } from "vitest";
import { settingsFrom } from "../../../src/rl/backend/torch.ts";

it("settings of the torch backend are what the environment says", () => {
  expect(settingsFrom({})).toEqual({});
  const environment = {
    AFTERSTATE_TORCH_DEVICE: "cuda:1",
    AFTERSTATE_TORCH_THREADS: "3",
    AFTERSTATE_TORCH_PRECISION: "bf16",
  };
  expect(settingsFrom(environment)).toEqual({ device: "cuda:1", threads: 3, precision: "bf16" });
});

it.each([
  ["DEVICE", "banana", /AFTERSTATE_TORCH_DEVICE=banana: write cpu, cuda or cuda:N/],
  ["THREADS", "abc", /AFTERSTATE_TORCH_THREADS=abc: write a whole number from 1/],
  ["THREADS", "0", /write a whole number/],
  ["PRECISION", "fp8", /AFTERSTATE_TORCH_PRECISION=fp8: write float32, tf32, bf16/],
])("a setting that means nothing is told by its variable: %s=%s", (name, value, message) => {
  expect(() => settingsFrom({ [`AFTERSTATE_TORCH_${name}`]: value })).toThrow(message);
});
