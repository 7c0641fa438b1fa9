/**
 * Reverse-mode differentiation that gives memory back as it goes: what an operation kept of the forward pass, and the
 * gradient of what it returned, are freed as soon as it has been passed. TensorFlow.js's own functions hold both of every
 * operation until the whole pass ends, which is twice the activations at the peak.
 *
 * It reads the tape of TensorFlow.js's engine (4.22, pinned), which records inputs, outputs and what is saved for the
 * gradient; only the walk back over it is ours.
 */
import { tf } from "./tf.ts";

interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly outputs: readonly tf.Tensor[];
  readonly saved: readonly tf.Tensor[];
  /** Absent where the kernel has no gradient. null stands for a result that the value does not depend on. */
  readonly gradient?: (dys: readonly (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>;
}

interface TapeEngine {
  readonly state: { activeTape: TapeNode[] | null; readonly gradientDepth: number };
  startTape(): void;
  endTape(): void;
}

/**
 * f(...xs) and its gradients with respect to each of xs, all the caller's to dispose (or of the tidy around).
 * @param dy the gradient of the value, which stays the caller's; default 1, for a scalar.
 * @throws Error when f depends on one of xs not at all or only through an operation without gradient, and what f throws;
 * nothing of the pass is left then. Gradients of gradients are not to be had.
 */
export function valueAndGradients<T extends tf.Tensor>(
  f: (...xs: tf.Tensor[]) => T,
  xs: readonly tf.Tensor[],
  dy?: tf.Tensor,
): { readonly value: T; readonly gradients: tf.Tensor[] } {
  const { value, tape } = record(f, xs);
  try {
    if (dy === undefined && value.size !== 1)
      throw new Error(`a value of shape [${value.shape.join()}] wants the gradient to start from`);
    return tf.tidy(() => {
      const gradients = new Map([[value.id, dy === undefined ? tf.onesLike(value) : tf.clone(dy)]]);
      walkBack(tape, gradients, new Set(xs.map(({ id }) => id)));
      return {
        value,
        gradients: xs.map((x, i) => {
          const gradient = gradients.get(x.id) ?? unreached(i);
          // The same tensor given twice gets two.
          return xs.indexOf(x) === i ? gradient : tf.clone(gradient);
        }),
      };
    });
  } catch (error) {
    value.dispose();
    throw error;
  } finally {
    for (const { saved } of tape) tf.dispose([...saved]);
  }
}

function record<T extends tf.Tensor>(
  f: (...xs: tf.Tensor[]) => T,
  xs: readonly tf.Tensor[],
): { readonly value: T; readonly tape: TapeNode[] } {
  const engine = tf.engine() as unknown as TapeEngine;
  if (engine.state.gradientDepth !== 0) throw new Error("a gradient within a recorded function");
  engine.startTape();
  let value: T | null = null;
  try {
    value = tf.tidy(() => f(...xs));
    // An argument that comes back as it is stays the caller's.
    if (xs.includes(value)) value = tf.clone(value);
    return { value, tape: engine.state.activeTape! };
  } finally {
    engine.endTape();
    if (value === null) for (const { saved } of engine.state.activeTape!) tf.dispose([...saved]);
    engine.state.activeTape = null;
  }
}

/** Adds to `gradients`, by tensor id, those of `wanted`, and takes away all others, what a node needs no longer. */
function walkBack(tape: readonly TapeNode[], gradients: Map<number, tf.Tensor>, wanted: ReadonlySet<number>): void {
  const reached = reachedFrom(wanted, tape);
  for (const node of tape.toReversed()) {
    const dys = node.outputs.map(({ id }) => gradients.get(id) ?? null);
    const towards = Object.entries(node.inputs).filter(([, { id }]) => reached.has(id));
    if (towards.length > 0 && dys.some((dy) => dy !== null))
      for (const [x, dx] of tf.tidy(() => inputGradients(node, dys, towards))) {
        const before = gradients.get(x);
        gradients.set(x, before === undefined ? dx : tf.add(before, dx));
        if (before !== undefined) tf.dispose([before, dx]);
      }
    tf.dispose([...node.saved]);
    for (const { id } of node.outputs) {
      if (wanted.has(id)) continue;
      gradients.get(id)?.dispose();
      gradients.delete(id);
    }
  }
}

/** Ids of the tensors that depend on those of `sources`, themselves included. */
function reachedFrom(sources: ReadonlySet<number>, tape: readonly TapeNode[]): ReadonlySet<number> {
  const reached = new Set(sources);
  for (const { inputs, outputs } of tape)
    if (Object.values(inputs).some(({ id }) => reached.has(id))) for (const { id } of outputs) reached.add(id);
  return reached;
}

function inputGradients(
  { kernelName, gradient, saved }: TapeNode,
  dys: readonly (tf.Tensor | null)[],
  towards: readonly (readonly [string, tf.Tensor])[],
): [number, tf.Tensor][] {
  if (gradient === undefined) throw new Error(`${kernelName} has no gradient`);
  const gradients = gradient(dys);
  // A gradient may be one of the tensors that are freed next, or the same for two inputs: each gets a handle of its own.
  const taken = new Set([...dys.flatMap((dy) => dy?.id ?? []), ...saved.map(({ id }) => id)]);
  return towards.map(([name, x]) => {
    const given = gradients[name]?.();
    if (given === undefined) throw new Error(`${kernelName} has no gradient towards ${name}`);
    if (given.dtype !== "float32" || given.shape.join() !== x.shape.join())
      throw new Error(
        `${kernelName}: the gradient towards ${name} is ${given.dtype} [${given.shape.join()}], not float32 [${x.shape.join()}]`,
      );
    const dx = taken.has(given.id) ? tf.clone(given) : given;
    taken.add(dx.id);
    return [x.id, dx];
  });
}

function unreached(index: number): never {
  throw new Error(`the function does not depend on argument ${index}`);
}
