import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: [
      { find: /^afterstate$/, replacement: new URL("src/index.ts", import.meta.url).pathname },
      { find: /^afterstate\/testing$/, replacement: new URL("src/testing/index.ts", import.meta.url).pathname },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
