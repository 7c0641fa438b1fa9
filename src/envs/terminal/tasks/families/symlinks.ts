/** Make a symbolic link to a file. */
import { logText } from "../content.ts";
import { type Family, neighbourOf, word } from "../family.ts";

export const symlinks: Family = {
  name: "symlinks",
  description: "make a symbolic link to a file (ln -s)",
  variants: {
    link: {
      wordings: [
        "Create a symbolic link {link} that points to {input}.",
        "Make {link} a symbolic link to {input}.",
        "Link {link} symbolically to the file {input}.",
        "Let the new symbolic link {link} lead to {input}.",
      ],
      command: "ln -s {input} {link}",
      mistakes: [
        { name: "makes a hard link", command: "ln -P {input} {link}" },
        { name: "swaps target and link", command: "ln -s {link} {input}" },
      ],
    },
  },
  takes: ["log", "csv", "words", "lines", "number"],
  draw({ random, input, fresh, ownPath }) {
    return {
      variant: "link",
      input: input?.path ?? ownPath(random.pick(["log", "txt", "conf", "dat"])),
      link: `${fresh()}.${random.pick(["log", "txt", "conf", "dat"])}`,
    };
  },
  build(params, { scene, own, inputKind, random }) {
    const [input, link] = [word(params, "input"), word(params, "link")];
    if (own) {
      scene.give(input, { text: logText(random) });
      scene.give(neighbourOf(input), { text: logText(random) });
    }
    scene.keep(input);
    scene.link(link, input);
    return [{ path: link, kind: inputKind ?? "log" }];
  },
};
