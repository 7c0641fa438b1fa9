/** The numerics backends by name, best first. Apart from load-backend.ts, so that a config may name one without loading any. */

/** The order in which `auto` tries them. */
export const backendNames = ["node-gpu", "torch", "webgpu", "wasm", "cpu"] as const;

export type BackendName = (typeof backendNames)[number];
export type BackendPreference = BackendName | "auto";
