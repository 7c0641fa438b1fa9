/** Matrix products with a model's parameters, adapted or not: the same for training and for decoding. */
import { tf } from "../backend/tf.ts";
import type { AdapterLayout } from "./lora.ts";

export type ParameterTensors = Readonly<Record<string, tf.Tensor>>;

export interface ModelParameters {
  /** The model's and, beside them, the adapter's. */
  readonly named: ParameterTensors;
  /** Null: no adapter. */
  readonly adapter: AdapterLayout | null;
}

/** x W, and what an adapter adds to it. x [N, inputs], W [inputs, outputs]; result [N, outputs]. */
export function linear({ named, adapter }: ModelParameters, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const product: tf.Tensor2D = tf.matMul(x, named[name] as tf.Tensor2D);
  const parts = adapter?.parts.get(name);
  if (parts === undefined) return product;
  const added = parts.map(({ columns, names }): tf.Tensor2D => {
    if (names === null) return tf.zeros([x.shape[0], columns]);
    const inner: tf.Tensor2D = tf.matMul(x, named[names.a] as tf.Tensor2D, false, true);
    return tf.matMul(tf.mul<tf.Tensor2D>(inner, adapter!.scale), named[names.b] as tf.Tensor2D, false, true);
  });
  return tf.add(product, added.length === 1 ? added[0]! : tf.concat(added, 1));
}
