import { beforeAll, describe } from "vitest";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { itStopsAtNotANumber } from "./not-a-number.ts";

// On webgpu: in webgpu.test.ts, where its programs are compiled once for all tests of the model.
describe.each(["cpu", "wasm", "torch"] as const)("training on %s", (name) => {
  beforeAll(async () => {
    await loadBackend(name);
  });
  itStopsAtNotANumber();
});
