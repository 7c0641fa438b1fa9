/**
 * What one sequence's tokens left in each layer: its keys and values, and the copy head's keys.
 *
 * A cache is held by the sequence it belongs to and by every prefix entry that names it; the last to let go frees it.
 */
import { hasFusedKernel } from "../backend/fused-kernels.ts";
import type { ModelConfig } from "./contract.ts";
import { ArrayCache } from "./array-cache.ts";
import { DeviceCache } from "./device-cache.ts";

export interface KeyValueCache {
  /** Takes over the first `length` rows of another cache of the same model. */
  copyFrom(other: KeyValueCache, length: number): void;
  retain(): void;
  release(): void;
}

/** Room for `capacity` tokens, held once: on the device where its kernels can use it there. */
export function newCache(config: ModelConfig, capacity: number): KeyValueCache {
  return hasFusedKernel("cachedAttention") ? new DeviceCache(config, capacity) : new ArrayCache(config, capacity);
}
