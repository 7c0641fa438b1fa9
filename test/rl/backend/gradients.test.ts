import { beforeAll, describe, expect, test } from "vitest";
import { valueAndGradients } from "../../../src/rl/backend/gradients.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";

beforeAll(async () => {
  await loadBackend("cpu");
});

const live = (): number => tf.memory().numTensors;
/** a + b. */
const identity = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
  tf.customGrad((a, b) => ({
    value: tf.add(a as tf.Tensor, b as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => [dy, dy],
  }))(a, b);

describe("gradients", () => {
  const functions: Record<string, (...xs: tf.Tensor[]) => tf.Tensor> = {
    "an input used twice, and by itself": (x, y) => tf.sum(tf.add(tf.mul(x, x), tf.mul(tf.exp(x), y))),
    "an operation with several results, of which one is left out": (x, y) =>
      tf.sum(tf.mul(tf.split(x, 3, 1)[1]!, tf.split(y, 3, 1)[2]!)),
    "a broadcast": (x, y) => tf.mean(tf.square(tf.sub(x, tf.sum(y, 1, true)))),
    "parts that depend on no argument": (x, y) =>
      tf.sum(tf.mul(tf.exp(tf.ones([2, 3])), tf.softmax(tf.add(x, tf.relu(y))))),
  };
  for (const [name, f] of Object.entries(functions))
    test(`of ${name} are TensorFlow.js's own, bit for bit`, async () => {
      const xs = [tf.randomNormal([2, 3], 0, 1, "float32", 7), tf.randomNormal([2, 3], 0, 1, "float32", 8)];
      const expected = tf.valueAndGrads(f)(xs);
      const { value, gradients } = valueAndGradients(f, xs);
      expect(await value.data()).toEqual(await expected.value.data());
      for (const [i, gradient] of gradients.entries())
        expect(await gradient.data()).toEqual(await expected.grads[i]!.data());
      tf.dispose([...xs, expected.value, ...expected.grads, value, ...gradients]);
    });

  test("may be handed on as they are to several inputs, which TensorFlow.js's own do not survive", async () => {
    const xs = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])];
    const f = (sum: typeof identity) => (x: tf.Tensor, y: tf.Tensor) => tf.sum(tf.square(sum(tf.tanh(x), sum(y, x))));
    const expected = tf.grads(f(tf.add))(xs);
    const { value, gradients } = valueAndGradients(f(identity), xs);
    for (const [i, gradient] of gradients.entries()) expect(await gradient.data()).toEqual(await expected[i]!.data());
    tf.dispose([...xs, ...expected, value, ...gradients]);
  });

  test("start from the gradient that is given, which stays the caller's", async () => {
    const [x, dy] = [tf.tensor1d([1, 2]), tf.tensor1d([10, 100])];
    const { gradients } = valueAndGradients((x) => tf.square(x), [x], dy);
    expect([...(await gradients[0]!.data())]).toEqual([20, 400]);
    expect(dy.isDisposed).toBe(false);
    tf.dispose([x, dy, ...gradients]);
  });

  test("leave the value, one gradient for each argument, and nothing else", () => {
    const x = tf.ones([4]);
    const before = live();
    const { value, gradients } = valueAndGradients((x) => tf.sum(tf.exp(tf.square(x))), [x]);
    expect(live()).toBe(before + 2);
    tf.dispose([x, value, ...gradients]);
  });

  test("free what each operation kept before the pass goes on to the one before it", () => {
    const depth = 20;
    const kept: number[] = [];
    /** sin(x), which keeps x, and counts what is alive when its gradient is asked for. */
    const probed = (x: tf.Tensor): tf.Tensor =>
      tf.customGrad((x, save) => {
        (save as unknown as (tensors: tf.Tensor[]) => void)([x as tf.Tensor]);
        return {
          value: tf.sin(x as tf.Tensor),
          gradFunc: (dy: tf.Tensor, [x]: tf.Tensor[]) => {
            kept.push(live());
            return tf.mul(dy, tf.cos(x!));
          },
        };
      })(x);
    const x = tf.ones([4]);
    const { value, gradients } = valueAndGradients(
      (x) => {
        let y = x;
        for (let i = 0; i < depth; i++) y = probed(y);
        return tf.sum(y);
      },
      [x],
    );
    expect(kept).toHaveLength(depth);
    // One kept tensor less at each.
    expect(kept[0]! - kept.at(-1)!).toBe(depth - 1);
    tf.dispose([x, value, ...gradients]);
  });

  const failures: Record<string, [RegExp, (x: tf.Tensor) => tf.Tensor]> = {
    "a function that throws half way": [
      /half way/,
      (x) => {
        tf.exp(tf.square(x));
        throw new Error("half way");
      },
    ],
    "a gradient that throws": [
      /no way back/,
      (x) =>
        tf.sum(
          tf.customGrad((x) => ({
            value: tf.square(x as tf.Tensor),
            gradFunc: () => {
              throw new Error("no way back");
            },
          }))(tf.exp(x)),
        ),
    ],
    "a gradient of the wrong shape": [
      /float32 \[2\], not float32 \[4\]/,
      (x) =>
        tf.sum(tf.customGrad((x) => ({ value: tf.square(x as tf.Tensor), gradFunc: () => tf.ones([2]) }))(tf.exp(x))),
    ],
    "a function of something else": [/does not depend on argument 0/, () => tf.sum(tf.ones([3]))],
    "an operation without a gradient": [/TopK has no gradient/, (x) => tf.sum(tf.topk(x, 2).values)],
  };
  for (const [name, [message, f]] of Object.entries(failures))
    test(`of ${name} are an error that says so, and leave nothing, so that the next are right`, async () => {
      const x = tf.tensor1d([1, 2, 3, 4]);
      const before = live();
      expect(() => valueAndGradients((x) => f(x), [x])).toThrow(message);
      expect(live()).toBe(before);
      const { value, gradients } = valueAndGradients((x) => tf.sum(tf.square(x)), [x]);
      expect([...(await gradients[0]!.data())]).toEqual([2, 4, 6, 8]);
      tf.dispose([x, value, ...gradients]);
    });

  test("of an argument itself, and of one given twice, are tensors of their own", async () => {
    const x = tf.scalar(3);
    const before = live();
    const same = valueAndGradients((x) => x, [x]);
    const twice = valueAndGradients((a, b) => tf.mul(a, b), [x, x]);
    expect(live()).toBe(before + 5);
    tf.dispose([same.value, twice.value, twice.gradients[0]!]);
    expect(x.isDisposed).toBe(false);
    expect((await twice.gradients[1]!.data())[0]).toBe(6);
    expect(() => valueAndGradients((x) => x, [x, tf.scalar(1)])).toThrow(/argument 1/);
    expect(x.isDisposed).toBe(false);
    tf.dispose([x, ...same.gradients, ...twice.gradients]);
  });

  test("of a value that is no number want to know where to start", () => {
    const x = tf.ones([2]);
    expect(() => valueAndGradients((x) => tf.square(x), [x])).toThrow(/a value of shape \[2\] wants the gradient/);
    x.dispose();
  });

  test("within a recorded function are refused", () => {
    const x = tf.ones([2]);
    const inner = (x: tf.Tensor): tf.Tensor => valueAndGradients((x) => tf.sum(tf.square(x)), [x]).value;
    expect(() => tf.grad((x) => inner(x))(x)).toThrow(/within a recorded function/);
    x.dispose();
  });
});
