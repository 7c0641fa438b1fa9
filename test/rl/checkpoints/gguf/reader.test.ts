import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GgufFile } from "../../../../src/rl/checkpoints/gguf/reader.ts";
import { createGguf } from "../../../../src/rl/checkpoints/gguf/writer.ts";
import { readTensor } from "../../../../src/rl/checkpoints/tensors.ts";

let directory: string;
let path: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "afterstate-gguf-"));
  path = join(directory, "model.gguf");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** The format by hand, so that reader and writer are each tested against it and not against one another. */
const u32 = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer)];
const u64 = (value: bigint | number) => [...new Uint8Array(BigUint64Array.of(BigInt(value)).buffer)];
const f32 = (value: number) => [...new Uint8Array(Float32Array.of(value).buffer)];
const text = (value: string) => [...u64(Buffer.byteLength(value)), ...Buffer.from(value)];
const magic = [...Buffer.from("GGUF")];
const file = (keys: readonly number[][], tensors: readonly number[][], data: readonly number[], version = 3) => {
  const head = [
    ...magic,
    ...u32(version),
    ...u64(tensors.length),
    ...u64(keys.length),
    ...keys.flat(),
    ...tensors.flat(),
  ];
  return Uint8Array.from([...head, ...Array.from({ length: -head.length & 31 }, () => 0), ...data]);
};
const tensor = (name: string, dimensions: readonly number[], type: number, offset: number) => [
  ...text(name),
  ...u32(dimensions.length),
  ...dimensions.flatMap(u64),
  ...u32(type),
  ...u64(offset),
];
const zeros = (count: number) => Array.from({ length: count }, () => 0);
const number = [...text("n"), ...u32(4), ...u32(7)];

describe("a GGUF file", () => {
  const keys = [
    number,
    [...text("minus"), ...u32(5), ...u32(2 ** 32 - 3)],
    [...text("real"), ...u32(6), ...f32(0.5)],
    [...text("yes"), ...u32(7), 1],
    [...text("word"), ...u32(8), ...text("né")],
    [...text("list"), ...u32(9), ...u32(8), ...u64(2), ...text("a"), ...text("")],
    [...text("deep"), ...u32(9), ...u32(9), ...u64(1), ...u32(4), ...u64(1), ...u32(9)],
    [...text("large"), ...u32(10), ...u64(2 ** 40)],
  ];
  const tensors = [tensor("half", [4, 1], 1, 0), tensor("whole", [3, 2], 0, 32), tensor("other", [256], 14, 64)];
  const data = [
    ...Buffer.from("003c004000c00000", "hex"),
    ...zeros(24),
    ...[1, 2, 3, 4, 5, 6].flatMap(f32),
    ...zeros(8 + 210),
  ];

  it("is read as published: keys of every kind, dimensions innermost first, data aligned to 32", async () => {
    await writeFile(path, file(keys, tensors, data));
    await using gguf = await GgufFile.open(path);
    expect([...gguf.metadata]).toEqual([
      ["n", 7],
      ["minus", -3],
      ["real", 0.5],
      ["yes", true],
      ["word", "né"],
      ["list", ["a", ""]],
      ["deep", [[9]]],
      ["large", 2 ** 40],
    ]);
    expect(await readTensor(gguf, "half")).toMatchObject({ shape: [1, 4], data: Float32Array.of(1, 2, -2, 0) });
    expect(await readTensor(gguf, "whole")).toMatchObject({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
    const part = new Float32Array(2);
    await gguf.readInto("whole", 3, part);
    expect([...part]).toEqual([4, 5]);
    await expect(gguf.readInto("whole", 5, part)).rejects.toThrow(RangeError);
    await expect(gguf.readInto("other", 0, part)).rejects.toMatchObject({
      code: "ERR_CHECKPOINT_UNSUPPORTED",
      message: expect.stringMatching(/"other" .* type 14; supported are F32, F16, Q4_0, Q4_1, Q8_0, BF16/),
    });
  });

  it("is written as published", async () => {
    const metadata = new Map([
      ["n", { type: "u32", value: 7 }],
      ["list", { type: "strings", value: ["a", ""] }],
      ["types", { type: "i32s", value: [1, -1] }],
    ] as const);
    await using sink = await createGguf(path, metadata, [
      { name: "a", type: "F16", shape: [1, 2] },
      { name: "b", type: "F32", shape: [2] },
    ]);
    await sink.write("b", 0, Float32Array.of(3, 4));
    await sink.write("a", 0, Float32Array.of(1, 2));
    await sink.commit();
    const types = [...text("types"), ...u32(9), ...u32(5), ...u64(2), ...u32(1), ...u32(2 ** 32 - 1)];
    const expected = file(
      [number, keys[5]!, types],
      [tensor("a", [2, 1], 1, 0), tensor("b", [2], 0, 32)],
      [0, 0x3c, 0, 0x40, ...zeros(28), ...f32(3), ...f32(4), ...zeros(24)],
    );
    expect(new Uint8Array(await readFile(path))).toEqual(expected);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ["is empty", new Uint8Array(0), /ends inside of its header/],
    ["is something else", Uint8Array.from([...Buffer.from("GGML"), ...zeros(28)]), /does not begin with GGUF/],
    ["is of version 2", file([], [], [], 2), /version 2; supported is 3/],
    ["is big endian", Uint8Array.from([...magic, 0, 0, 0, 3, ...zeros(24)]), /version 50331648/],
    [
      "has 2^63 tensors",
      Uint8Array.from([...magic, ...u32(3), ...u64(2n ** 63n), ...u64(0)]),
      /922337203685477\d+ tensors/,
    ],
    ["has 2^40 keys", Uint8Array.from([...magic, ...u32(3), ...u64(0), ...u64(2 ** 40)]), /keys/],
    ["has a text of 2^60 bytes", file([[...u64(2 ** 60)]], [], []), /text of 115292150460684\d+ bytes/],
    ["has an array of 2^60", file([[...text("a"), ...u32(9), ...u32(4), ...u64(2 ** 60)]], [], []), /array of/],
    [
      "nests arrays without end",
      file(
        [[...text("a"), ...Array.from({ length: 9 }, () => [...u32(9), ...u32(9), ...u64(1)].slice(0, 12)).flat()]],
        [],
        [],
      ),
      /array of|ends inside/,
    ],
    ["has a value of unknown type", file([[...text("a"), ...u32(13)]], [], []), /unknown type 13/],
    ["has a key twice", file([number, number], [], []), /key "n" twice/],
    ["ends in a key", file([number.slice(0, 6)], [], []).subarray(0, 30), /ends inside of its header/],
    ["has a tensor twice", file([], [tensor("a", [1], 0, 0), tensor("a", [1], 0, 32)], zeros(64)), /tensor "a" twice/],
    ["has five dimensions", file([], [tensor("a", [1, 1, 1, 1, 1], 0, 0)], zeros(32)), /5 dimensions/],
    ["is truncated", file([], [tensor("a", [9], 0, 0)], zeros(32)), /"a" ends at byte \d+, the file at/],
    ["points past its end", file([], [tensor("a", [1], 0, 2 ** 50)], zeros(32)), /"a" is too large/],
    ["has a size that overflows", file([], [tensor("a", [2 ** 40, 2 ** 40], 0, 0)], zeros(32)), /"a" is too large/],
    ["overlaps", file([], [tensor("a", [16], 0, 0), tensor("b", [8], 0, 32)], zeros(64)), /"b" overlaps "a"/],
    ["is not aligned", file([], [tensor("a", [1], 0, 4)], zeros(32)), /"a" is not aligned to 32/],
    ["has half a block", file([], [tensor("a", [16], 8, 0)], zeros(32)), /no whole blocks of 32/],
    ["has an alignment of zero", file([[...text("general.alignment"), ...u32(4), ...u32(0)]], [], []), /alignment 0/],
  ])("is refused when it %s", async (_, bytes, message) => {
    await writeFile(path, bytes);
    await expect(GgufFile.open(path)).rejects.toMatchObject({
      code: "ERR_WEIGHTS_CORRUPT",
      message: expect.stringMatching(message),
    });
  });
});
