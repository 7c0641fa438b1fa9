import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SafetensorsFile } from "../../../../src/rl/checkpoints/safetensors/reader.ts";
import { readSafetensors, writeSafetensors } from "../../../../src/rl/checkpoints/safetensors/weight-set.ts";
import { createSafetensors } from "../../../../src/rl/checkpoints/safetensors/writer.ts";
import { readTensor } from "../../../../src/rl/checkpoints/tensors.ts";
import { safetensorsBytes, withHeaderText } from "./files.ts";

let directory: string;
let path: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "afterstate-safetensors-"));
  path = join(directory, "file.safetensors");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("a safetensors file", () => {
  it("is read as float32 from F32, F16 and BF16, or as the bytes it has", async () => {
    const header = {
      __metadata__: { format: "pt" },
      half: { dtype: "F16", shape: [2], data_offsets: [8, 12] },
      whole: { dtype: "F32", shape: [1, 2], data_offsets: [0, 8] },
      brain: { dtype: "BF16", shape: [3, 1], data_offsets: [12, 18] },
      ids: { dtype: "I64", shape: [1], data_offsets: [18, 26] },
      scalar: { dtype: "F32", shape: [], data_offsets: [26, 30] },
      none: { dtype: "F32", shape: [0, 4], data_offsets: [30, 30] },
    };
    const data = Buffer.from(
      "0000c03f000000c0" + // 1.5, -2
        "003c00b8" + // 1, -0.5
        "803f004049c0" + // 1, 2, -3.140625
        "0700000000000000" +
        "00008040", // 4
      "hex",
    );
    await writeFile(path, safetensorsBytes(header, data));
    await using file = await SafetensorsFile.open(path);
    const values = async (name: string) => [...(await readTensor(file, name)).data];
    expect(await values("whole")).toEqual([1.5, -2]);
    expect(await values("half")).toEqual([1, -0.5]);
    expect(await values("brain")).toEqual([1, 2, -3.140625]);
    expect(await values("scalar")).toEqual([4]);
    expect(await values("none")).toEqual([]);
    expect(file.metadata).toEqual({ format: "pt" });
    expect(file.tensors.get("brain")).toMatchObject({ type: "BF16", shape: [3, 1] });
    expect([...(await file.readBytes("ids"))]).toEqual([7, 0, 0, 0, 0, 0, 0, 0]);
    const last = new Float32Array(2);
    await file.readInto("brain", 1, last);
    expect([...last]).toEqual([2, -3.140625]);
    await expect(file.readInto("ids", 0, new Float32Array(1))).rejects.toMatchObject({
      code: "ERR_CHECKPOINT_UNSUPPORTED",
      message: expect.stringContaining('"ids"'),
    });
    await expect(file.readInto("other", 0, last)).rejects.toMatchObject({ code: "ERR_WEIGHTS_MISSING" });
    await expect(file.readInto("brain", 2, last)).rejects.toThrow(RangeError);
  });

  it("is written with the published layout: length, JSON header padded to 8, then the data", async () => {
    await writeSafetensors(path, { a: { shape: [1, 2], data: Float32Array.of(1.5, -2) } });
    const bytes = new Uint8Array(await readFile(path));
    const view = new DataView(bytes.buffer);
    const length = Number(view.getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      a: { dtype: "F32", shape: [1, 2], data_offsets: [0, 8] },
    });
    expect([view.getFloat32(8 + length, true), view.getFloat32(12 + length, true)]).toEqual([1.5, -2]);
    expect(bytes.length).toBe(16 + length);
  });

  it("comes back as it was written, in every type, past the size of one block", async () => {
    const size = 2 ** 20 + 5;
    const data = Float32Array.from({ length: size }, (_, i) => (i % 1000) / 8 - 60);
    const types = ["F32", "F16", "BF16"] as const;
    await using sink = await createSafetensors(
      path,
      types.map((type) => ({ name: type, type, shape: [size] })),
    );
    for (const type of types) {
      // In two parts, the later one first.
      await sink.write(type, 7, data.subarray(7));
      await sink.write(type, 0, data.subarray(0, 7));
    }
    await sink.commit();
    const read = await readSafetensors(path);
    const wrong = (name: string) => read[name]!.data.findIndex((value, i) => value !== data[i]);
    expect([wrong("F32"), wrong("F16")]).toEqual([-1, -1]);
    // Eight bits of mantissa hold these only to one in 256.
    expect(read["BF16"]!.data.every((value, i) => Math.abs(value - data[i]!) <= Math.abs(data[i]!) / 256)).toBe(true);
    expect(read["BF16"]!.data.slice(480, 484)).toEqual(Float32Array.of(0, 0.125, 0.25, 0.375));
  });

  it("is complete or absent: a tensor half written leaves nothing behind", async () => {
    const target = join(directory, "absent.safetensors");
    {
      await using sink = await createSafetensors(target, [{ name: "a", type: "F32", shape: [4] }]);
      await sink.write("a", 0, new Float32Array(3));
      await expect(sink.commit()).rejects.toMatchObject({
        code: "ERR_WEIGHTS_MISMATCH",
        message: expect.stringContaining('1 elements of "a"'),
      });
      await expect(sink.write("a", 2, new Float32Array(3))).rejects.toThrow(RangeError);
      await expect(sink.write("b", 0, new Float32Array(1))).rejects.toThrow(/no tensor "b"/);
    }
    expect((await readdir(directory)).filter((name) => name.startsWith("absent"))).toEqual([]);
  });

  const a = (from: number, to: number, more: object = {}) => ({
    dtype: "F32",
    shape: [(to - from) / 4],
    data_offsets: [from, to],
    ...more,
  });
  it.each<[string, Uint8Array, RegExp]>([
    ["shorter than a header", new Uint8Array(3), /shorter/],
    [
      "a header of 2^63 bytes",
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128, 123, 125),
      /header of 9223372036854775808 bytes/,
    ],
    ["a header past the end", Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 123, 125), /header of 3 bytes in a file of 10/],
    ["an array for a header", withHeaderText("[]", []), /not an object/],
    ["no JSON", withHeaderText("oops", []), /header/],
    ["no UTF-8", Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 255), /header/],
    ["truncated data", safetensorsBytes({ a: a(0, 8) }, new Uint8Array(7)), /end at byte \d+, the file at/],
    ["data after the last tensor", safetensorsBytes({ a: a(0, 8) }, new Uint8Array(9)), /end at byte/],
    ["overlapping tensors", safetensorsBytes({ a: a(0, 8), b: a(4, 12) }, new Uint8Array(12)), /"b" starts .* inside/],
    ["a hole", safetensorsBytes({ a: a(0, 4), b: a(8, 12) }, new Uint8Array(12)), /"b" starts .* after/],
    ["offsets the wrong way round", safetensorsBytes({ a: a(8, 0, { shape: [2] }) }, new Uint8Array(8)), /"a"/],
    ["a shape it does not fill", safetensorsBytes({ a: a(0, 8, { shape: [3] }) }, new Uint8Array(8)), /does not fill/],
    ["a size that overflows", safetensorsBytes({ a: a(0, 0, { shape: [2 ** 40, 2 ** 40] }) }, []), /does not fill/],
    ["a negative size", safetensorsBytes({ a: a(0, 4, { shape: [-1] }) }, new Uint8Array(4)), /"a"/],
    ["an unknown type", safetensorsBytes({ a: a(0, 4, { dtype: "F31" }) }, new Uint8Array(4)), /unknown type F31/],
    ["a type named constructor", safetensorsBytes({ a: a(0, 4, { dtype: "constructor" }) }, []), /unknown type/],
    ["metadata that is no text", safetensorsBytes({ __metadata__: { a: 1 } }, []), /__metadata__/],
    [
      "one name twice",
      withHeaderText(`{"a":${JSON.stringify(a(0, 4))},"\\u0061":${JSON.stringify(a(0, 4))}}`, new Uint8Array(4)),
      /"a" twice/,
    ],
  ])("is refused with %s", async (_, bytes, message) => {
    await writeFile(path, bytes);
    await expect(SafetensorsFile.open(path)).rejects.toMatchObject({
      code: "ERR_WEIGHTS_CORRUPT",
      message: expect.stringMatching(message),
    });
  });

  it("may call a tensor __proto__", async () => {
    await writeFile(path, withHeaderText(`{"__proto__":${JSON.stringify(a(0, 4))}}`, new Uint8Array(4)));
    expect(Object.keys(await readSafetensors(path))).toEqual(["__proto__"]);
  });

  it("that shrinks after it was opened is an error, not zeros", async () => {
    await writeSafetensors(path, { a: { shape: [4], data: Float32Array.of(1, 2, 3, 4) } });
    await using file = await SafetensorsFile.open(path);
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, -4));
    await expect(readTensor(file, "a")).rejects.toMatchObject({ code: "ERR_WEIGHTS_CORRUPT" });
  });
});
