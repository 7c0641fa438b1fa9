/**
 * Llama and Qwen3 worked out once more, in float64 and one token at a time, from the papers and model cards alone.
 *
 * Nothing of src/rl is used but the names of the parameters. RoPE is done with complex numbers, and Llama 3.1's scaling
 * in the three branches in which Meta published it.
 */
import type { ModelConfig, WeightSet } from "../../../src/rl/model/contract.ts";

type Row = readonly number[];

/** Logits [V] after the last token. */
export function goldenLogits(config: ModelConfig, weights: WeightSet, tokens: readonly number[]): number[] {
  const { dModel, heads, kvHeads, headSize: S } = config;
  const row = (name: string, index: number): number[] => {
    const { shape, data } = weights[name]!;
    return Array.from(data.subarray(index * shape[1]!, (index + 1) * shape[1]!));
  };
  const times = (x: Row, name: string): number[] => {
    const width = weights[name]!.shape[1]!;
    const result = Array.from({ length: width }, () => 0);
    x.forEach((value, i) => row(name, i).forEach((w, j) => (result[j]! += value * w)));
    return result;
  };
  const norm = (x: Row, name: string): number[] => {
    const root = Math.sqrt(x.reduce((sum, v) => sum + v ** 2, 0) / x.length + config.normEpsilon);
    return x.map((v, i) => (v / root) * weights[name]!.data[i]!);
  };
  const keys: number[][][][] = Array.from({ length: config.layers }, () => []);
  const values: number[][][][] = Array.from({ length: config.layers }, () => []);
  let x: number[] = [];
  tokens.forEach((token, position) => {
    x = row("embedding", token);
    for (let layer = 0; layer < config.layers; layer++) {
      const at = `layers.${layer}`;
      const all = times(norm(x, `${at}.attention.norm`), `${at}.attention.qkv`);
      const take = (head: number) => all.slice(head * S, (head + 1) * S);
      const turned = (head: number, name: string) =>
        rotate(config.qkNorm ? norm(take(head), `${at}.attention.${name}`) : take(head), position, config);
      const queries = Array.from({ length: heads }, (_, h) => turned(h, "qnorm"));
      keys[layer]!.push(Array.from({ length: kvHeads }, (_, h) => turned(heads + h, "knorm")));
      values[layer]!.push(Array.from({ length: kvHeads }, (_, h) => take(heads + kvHeads + h)));
      const attended = queries.flatMap((query, h) => {
        // Repeat each key head for the query heads that share it: 0 0 1 1, as in repeat_interleave.
        const shared = Math.floor((h * kvHeads) / heads);
        const e = keys[layer]!.map((key) => Math.exp(dot(query, key[shared]!) / Math.sqrt(S)));
        const total = e.reduce((sum, v) => sum + v, 0);
        return Array.from(
          { length: S },
          (_, i) =>
            dot(
              e,
              values[layer]!.map((v) => v[shared]![i]!),
            ) / total,
        );
      });
      x = plus(x, times(attended, `${at}.attention.out`));
      const normed = norm(x, `${at}.feedforward.norm`);
      const up = times(normed, `${at}.feedforward.up`);
      const gated = times(normed, `${at}.feedforward.gate`).map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!);
      x = plus(x, times(gated, `${at}.feedforward.down`));
    }
  });
  const hidden = norm(x, "norm");
  if (!config.tiedHead) return times(hidden, "head");
  return Array.from({ length: config.vocabSize }, (_, v) => dot(hidden, row("embedding", v).slice(0, dModel)));
}

/** Dimensions i and i + S/2 are the real and the imaginary part of one number, multiplied by e^(i * position * theta). */
function rotate(x: Row, position: number, { headSize, ropeBase, ropeScaling }: ModelConfig): number[] {
  const half = headSize / 2;
  const result = [...x];
  for (let i = 0; i < half; i++) {
    let theta = 1 / ropeBase ** ((2 * i) / headSize);
    if (ropeScaling?.type === "llama3") {
      const { factor, lowFrequencyFactor, highFrequencyFactor, originalContext } = ropeScaling;
      const wavelength = (2 * Math.PI) / theta;
      if (wavelength > originalContext / lowFrequencyFactor) theta /= factor;
      else if (wavelength >= originalContext / highFrequencyFactor) {
        const smooth = (originalContext / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
        theta = ((1 - smooth) * theta) / factor + smooth * theta;
      }
    }
    const [re, im] = [Math.cos(position * theta), Math.sin(position * theta)];
    result[i] = x[i]! * re - x[i + half]! * im;
    result[i + half] = x[i]! * im + x[i + half]! * re;
  }
  return result;
}

function dot(a: Row, b: Row): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function plus(a: Row, b: Row): number[] {
  return a.map((value, i) => value + b[i]!);
}

export function logSoftmax(logits: Row): number[] {
  const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
  return logits.map((value) => value - Math.log(total));
}
