/** Compress a file beside the original, or decompress one. */
import { gzipSync } from "node:zlib";
import { logText } from "../content.ts";
import { type Family, word } from "../family.ts";

export const compress: Family = {
  name: "compress",
  description: "compress and decompress single files (gzip)",
  variants: {
    pack: {
      wordings: [
        "Compress {input} into {output} and keep {input}.",
        "Write a compressed copy of {input} to {output}.",
        "Save {input} in compressed form as {output}, without removing {input}.",
        "Make the gzip file {output} from {input} and keep the original.",
      ],
      command: "gzip -c {input} > {output}",
      mistakes: [
        { name: "decompresses", command: "gzip -dc {input} > {output}" },
        { name: "only lists", command: "gzip -l {input} > {output}" },
      ],
    },
    unpack: {
      wordings: [
        "Decompress {input} into {output} and keep {input}.",
        "Write the uncompressed content of {input} to {output}.",
        "Save what the compressed file {input} holds as {output}, without removing {input}.",
        "Restore the text of the gzip file {input} as {output} and keep the original.",
      ],
      command: "gzip -dc {input} > {output}",
      mistakes: [
        { name: "compresses again", command: "gzip -c {input} > {output}" },
        { name: "only lists", command: "gzip -l {input} > {output}" },
      ],
    },
  },
  takes: ["log", "csv", "words", "lines", "number", "gzip"],
  draw({ random, input, fresh, ownPath }) {
    const variant = input ? (input.kind === "gzip" ? "unpack" : "pack") : random.pick(["pack", "unpack"]);
    return {
      variant,
      input: input?.path ?? ownPath(variant === "pack" ? "log" : "log.gz"),
      output: `${fresh()}${variant === "pack" ? ".gz" : ".txt"}`,
    };
  },
  build(params, { scene, own, random }) {
    const [input, output] = [word(params, "input"), word(params, "output")];
    if (params.variant === "pack") {
      if (own) scene.give(input, { text: logText(random) });
      scene.keep(input);
      scene.compress(output, scene.text(input));
      return [{ path: output, kind: "gzip" }];
    }
    if (own) {
      const text = logText(random);
      scene.give(input, { bytes: gzipSync(text) });
      scene.holds(input, text);
    }
    const text = scene.compressed(input);
    scene.claim({ is: "gzip", path: input, text });
    scene.write(output, text);
    return [{ path: output, kind: "lines" }];
  },
};
