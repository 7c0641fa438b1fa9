/** The Llama architecture in float64, straight from its definition: what llama.cpp must agree with. */
import { shape, type Tensors } from "./tiny-llama.ts";

const { width, heads, kvHeads, blocks, eps, ropeBase } = shape;
const headWidth = width / heads;

/** Log-probabilities of every next token after each of `ids`: [ids.length][vocabulary]. */
export function referenceLogprobs(tensors: Tensors, ids: readonly number[]): number[][] {
  const matrix = (name: string) => {
    const { shape: size, data } = tensors[name]!;
    const [rows, columns] = size as [number, number];
    return (x: readonly number[]): number[] =>
      Array.from({ length: rows }, (_, row) => {
        let sum = 0;
        for (let column = 0; column < columns; column++) sum += data[row * columns + column]! * x[column]!;
        return sum;
      });
  };
  const norm = (name: string) => {
    const gain = tensors[name]!.data;
    return (x: readonly number[]): number[] => {
      const scale = 1 / Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length + eps);
      return x.map((value, i) => value * scale * gain[i]!);
    };
  };
  const embedding = tensors["token_embd.weight"]!.data;
  let states = ids.map((id) => Array.from(embedding.subarray(id * width, (id + 1) * width)));
  for (let block = 0; block < blocks; block++) {
    const of = (part: string): string => `blk.${block}.${part}.weight`;
    const normed = states.map(norm(of("attn_norm")));
    const queries = normed.map((x, position) => rotate(matrix(of("attn_q"))(x), heads, position));
    const keys = normed.map((x, position) => rotate(matrix(of("attn_k"))(x), kvHeads, position));
    const values = normed.map(matrix(of("attn_v")));
    const attended = queries.map((query, position) => attend(query, keys.slice(0, position + 1), values));
    states = states.map((x, i) => add(x, matrix(of("attn_output"))(attended[i]!)));
    states = states.map((x) => {
      const y = norm(of("ffn_norm"))(x);
      const gate = matrix(of("ffn_gate"))(y);
      const up = matrix(of("ffn_up"))(y);
      return add(x, matrix(of("ffn_down"))(gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!)));
    });
  }
  return states.map((x) => logSoftmax(matrix("output.weight")(norm("output_norm.weight")(x))));
}

/** Rotary positions over neighbouring pairs, as this architecture has them in GGUF. */
function rotate(x: readonly number[], count: number, position: number): number[] {
  const out = [...x];
  for (let head = 0; head < count; head++)
    for (let pair = 0; pair < headWidth / 2; pair++) {
      const angle = position * ropeBase ** ((-2 * pair) / headWidth);
      const i = head * headWidth + 2 * pair;
      out[i] = x[i]! * Math.cos(angle) - x[i + 1]! * Math.sin(angle);
      out[i + 1] = x[i]! * Math.sin(angle) + x[i + 1]! * Math.cos(angle);
    }
  return out;
}

/** Heads share keys and values in groups. */
function attend(query: readonly number[], keys: readonly number[][], values: readonly number[][]): number[] {
  return Array.from({ length: heads }, (_, head) => {
    const shared = Math.floor((head * kvHeads) / heads) * headWidth;
    const q = query.slice(head * headWidth, (head + 1) * headWidth);
    const scores = keys.map((key) => q.reduce((sum, v, i) => sum + v * key[shared + i]!, 0) / Math.sqrt(headWidth));
    const weights = logSoftmax(scores).map(Math.exp);
    return q.map((_v, i) => weights.reduce((sum, weight, j) => sum + weight * values[j]![shared + i]!, 0));
  }).flat();
}

const add = (x: readonly number[], y: readonly number[]): number[] => x.map((value, i) => value + y[i]!);

export function logSoftmax(logits: readonly number[]): number[] {
  const max = Math.max(...logits);
  const norm = max + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0));
  return logits.map((logit) => logit - norm);
}
