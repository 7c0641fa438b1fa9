import { describe, expect, it, vi } from "vitest";

vi.mock("node-llama-cpp", () => {
  throw new Error("Cannot find package");
});

describe("loadLibrary", () => {
  it("says what to install where node-llama-cpp is missing", async () => {
    const { loadLibrary } = await import("../../src/llama/library.ts");
    await expect(loadLibrary()).rejects.toMatchObject({
      code: "ERR_LLAMA_MISSING",
      boundary: "config",
      message: expect.stringContaining("npm install --no-save node-llama-cpp@") as string,
    });
  });
});
