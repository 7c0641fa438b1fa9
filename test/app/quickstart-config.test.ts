import { expect, test } from "vitest";
import { quickstartConfig } from "../../src/app/quickstart-config.ts";
import { isBuilt } from "../../src/rl/backend/torch/addon.ts";
import { trainConfigSchema } from "../../src/rl/train/config.ts";

test("the quickstart trains with the defaults, and with more updates exactly where the torch addon is built", () => {
  const config = trainConfigSchema.parse(quickstartConfig(7));
  const defaults = trainConfigSchema.parse({ seed: 7 });
  expect({ ...config, loop: { ...config.loop, updates: 0 } }).toEqual({
    ...defaults,
    loop: { ...defaults.loop, updates: 0 },
  });
  expect(config.loop.updates > defaults.loop.updates).toBe(isBuilt());
});
