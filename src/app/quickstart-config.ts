/** What the quickstart trains: the defaults, and more updates where they are cheap, so that either takes minutes. */
import { isBuilt } from "../rl/backend/torch/addon.ts";

/** On two cores an update takes 3 s over libtorch and 5 s on wasm; both runs are to end within eight minutes. */
const nativeUpdates = 85;

export function quickstartConfig(seed: number): { seed: number; loop?: { updates: number } } {
  return isBuilt() ? { seed, loop: { updates: nativeUpdates } } : { seed };
}
