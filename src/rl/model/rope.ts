/**
 * Rotary position embedding: the angles, for every scaling we know.
 *
 * Half-split layout: dimension i is rotated with i + headSize / 2, as in Hugging Face's checkpoints.
 */
import type { ModelConfig, RopeScaling } from "./contract.ts";

export interface RopeTables {
  /** Both [maxContext, headSize / 2]. */
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

type RopeKeys = Pick<ModelConfig, "headSize" | "maxContext" | "ropeBase" | "ropeScaling">;

const made = new WeakMap<RopeKeys, RopeTables>();

/** Made once for each config object. */
export function ropeTables(config: RopeKeys): RopeTables {
  let tables = made.get(config);
  if (tables === undefined) made.set(config, (tables = makeTables(config)));
  return tables;
}

function makeTables(config: RopeKeys): RopeTables {
  const frequencies = ropeFrequencies(config);
  const half = frequencies.length;
  const cos = new Float32Array(config.maxContext * half);
  const sin = new Float32Array(config.maxContext * half);
  const scale = attentionFactor(config.ropeScaling);
  for (let t = 0; t < config.maxContext; t++) {
    for (let i = 0; i < half; i++) {
      cos[t * half + i] = scale * Math.cos(t * frequencies[i]!);
      sin[t * half + i] = scale * Math.sin(t * frequencies[i]!);
    }
  }
  return { cos, sin };
}

/** Radians a position, [headSize / 2]: base^(-2i/S), then stretched. Source: Su et al. 2021, arXiv:2104.09864. */
export function ropeFrequencies({ headSize, ropeBase, ropeScaling }: Omit<RopeKeys, "maxContext">): Float64Array {
  const plain = Float64Array.from({ length: headSize / 2 }, (_, i) => ropeBase ** ((-2 * i) / headSize));
  switch (ropeScaling?.type) {
    case undefined:
      return plain;
    case "linear":
      // Position interpolation, Chen et al. 2023, arXiv:2306.15595.
      return plain.map((frequency) => frequency / ropeScaling.factor);
    case "llama3":
      return plain.map((frequency) => llama3Frequency(frequency, ropeScaling));
    case "yarn":
      return plain.map((frequency, i) => yarnFrequency(frequency, i, headSize, ropeBase, ropeScaling));
  }
}

/**
 * As `apply_scaling` of Meta's Llama 3.1 reference code: waves longer than originalContext / lowFrequencyFactor are
 * stretched, those shorter than originalContext / highFrequencyFactor are not, between them both are mixed.
 */
function llama3Frequency(frequency: number, scaling: Extract<RopeScaling, { type: "llama3" }>): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
  const waves = (originalContext * frequency) / (2 * Math.PI);
  const kept = Math.min(1, Math.max(0, (waves - low) / (high - low)));
  return frequency * (kept + (1 - kept) / factor);
}

/**
 * NTK by parts, Peng et al. 2023, arXiv:2309.00071, section 3.2, in the form of Hugging Face's transformers, whose ramp
 * runs over dimensions rounded outwards rather than over wavelengths.
 */
function yarnFrequency(
  frequency: number,
  dimension: number,
  headSize: number,
  ropeBase: number,
  { factor, originalContext, betaFast, betaSlow }: Extract<RopeScaling, { type: "yarn" }>,
): number {
  const dimensionOf = (rotations: number) =>
    (headSize * Math.log(originalContext / (rotations * 2 * Math.PI))) / (2 * Math.log(ropeBase));
  const from = Math.max(0, Math.floor(dimensionOf(betaFast)));
  const to = Math.min(headSize - 1, Math.ceil(dimensionOf(betaSlow)));
  const stretched = Math.min(1, Math.max(0, (dimension - from) / (to === from ? 1e-3 : to - from)));
  return frequency * (1 - stretched + stretched / factor);
}

/** YaRN's attention temperature, which scales queries and keys alike; 1 for every other scaling. */
function attentionFactor(scaling: RopeScaling): number {
  if (scaling?.type !== "yarn") return 1;
  return scaling.attentionFactor ?? 0.1 * Math.log(scaling.factor) + 1;
}
