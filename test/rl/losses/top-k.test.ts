import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import { tailFloor, teacherTail, topKLoss } from "../../../src/rl/losses/top-k.ts";
import { gatherSupport } from "../../../src/rl/model/support.ts";
import { goldenReverseKl, likeliest, probabilities, slope } from "./distillation-golden.ts";

beforeAll(async () => {
  await loadBackend("wasm");
});

const random = createRandom("top-k");
const logits = (spread: number) => Array.from({ length: 9 }, () => spread * (2 * random.next() - 1));
/** Three taught positions, the second far from its teacher, the third with a teacher that is nearly certain. */
const students = [logits(1), logits(3), logits(1)];
const teachers = [logits(1), logits(3), logits(1).map((logit, id) => (id === 4 ? logit + 12 : logit))];
const k = 4;
const kept = teachers.map((teacher) => likeliest(teacher, k));
const weights = [0.5, 0.3, 0.2];
const logOf = (all: readonly number[], ids: readonly number[]) => ids.map((id) => Math.log(probabilities(all)[id]!));

/** From logits [4,9], the last position untaught, as src/rl/model lays them out. */
function loss(studentLogits: tf.Tensor2D): tf.Scalar {
  const known = teachers.map((teacher, i) => logOf(teacher, kept[i]!));
  return topKLoss({
    logprobs: gatherSupport(tf.logSoftmax(studentLogits), Int32Array.from([...kept.flat(), 0, 0, 0, 0])),
    teacher: tf.tensor2d([...known, [0, 0, 0, 0]]),
    teacherTail: tf.tensor1d([...known.map(teacherTail), 0]),
    mask: tf.tensor2d([...known.map(() => [1, 1, 1, 1]), [0, 0, 0, 0]]),
    weights: tf.tensor1d([...weights, 7]),
  });
}

const input = () => tf.tensor2d([...students, students[0]!]);
const golden = () => students.reduce((sum, p, i) => sum + weights[i]! * goldenReverseKl(p, teachers[i]!, kept[i]!), 0);

describe("top-K distillation", () => {
  it("is the golden reverse KL of K ids and the tail; an untaught position adds nothing", async () => {
    expect((await loss(input()).data())[0]).toBeCloseTo(golden(), 5);
  });

  it("by hand: student (1/2, 1/4, tail 1/4), teacher (1/4, 1/4, tail 1/2): ln 2 / 2 - ln 2 / 4", async () => {
    const one = topKLoss({
      logprobs: tf.tensor2d([[Math.log(1 / 2), Math.log(1 / 4)]]),
      teacher: tf.tensor2d([[Math.log(1 / 4), Math.log(1 / 4)]]),
      teacherTail: tf.tensor1d([teacherTail([Math.log(1 / 4), Math.log(1 / 4)])]),
      mask: tf.tensor2d([[1, 1]]),
      weights: tf.tensor1d([1]),
    });
    expect((await one.data())[0]).toBeCloseTo(Math.LN2 / 4, 6);
  });

  it("has the golden gradient at every logit, those in the tail too, and that of the closed form", async () => {
    const gradient = (await tf
      .grad((x: tf.Tensor) => loss(x as tf.Tensor2D))(input())
      .array()) as number[][];
    students.forEach((student, i) => {
      const p = probabilities(student);
      const t = probabilities(teachers[i]!);
      const tail = (q: number[]) => q.reduce((sum, mass, id) => sum + (kept[i]!.includes(id) ? 0 : mass), 0);
      const divergence = goldenReverseKl(student, teachers[i]!, kept[i]!);
      student.forEach((_, id) => {
        const numeric = slope((x) => goldenReverseKl(x, teachers[i]!, kept[i]!), student, id);
        // d KL / d logit = p (log ratio of its bin - KL).
        const ratio = kept[i]!.includes(id) ? p[id]! / t[id]! : tail(p) / tail(t);
        expect(p[id]! * (Math.log(ratio) - divergence)).toBeCloseTo(numeric, 7);
        expect(gradient[i]![id]! / weights[i]!).toBeCloseTo(numeric, 4);
      });
    });
    expect(gradient[3]!.map(Math.abs)).toEqual(Array.from({ length: 9 }, () => 0));
  });

  it("stays finite where K is the whole vocabulary or the teacher has no tail, and says nothing of equals", async () => {
    const all = [Math.log(0.7), Math.log(0.3)];
    expect(teacherTail(all)).toBeCloseTo(Math.log(tailFloor), 12);
    const at = (student: number[]) =>
      topKLoss({
        logprobs: tf.tensor2d([student]),
        teacher: tf.tensor2d([all]),
        teacherTail: tf.tensor1d([teacherTail(all)]),
        mask: tf.tensor2d([[1, 1]]),
        weights: tf.tensor1d([1]),
      });
    expect(Math.abs((await at(all).data())[0]!)).toBeLessThan(1e-6);
    // A student with half its mass where the teacher has none: 0.35 and 0.15 kept, 0.5 beyond the floor.
    const expected = 0.5 * Math.log(0.5) + 0.5 * Math.log(0.5 / tailFloor);
    expect((await at([Math.log(0.35), Math.log(0.15)]).data())[0]).toBeCloseTo(expected, 4);
  });
});
