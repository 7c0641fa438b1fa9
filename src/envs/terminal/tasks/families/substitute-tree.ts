/** Replace a word throughout a tree, in place. */
import { giveTree } from "../content.ts";
import { ensure, type Family, word } from "../family.ts";
import { colours, extensions } from "../lexicon.ts";

export const substituteTree: Family = {
  name: "substitute-tree",
  description: "replace a word in files of a tree, in place (find, sed -i)",
  variants: {
    tree: {
      wordings: [
        "Replace every {old} with {new} in all .{extension} files below {tree}.",
        "Change {old} to {new} everywhere in the .{extension} files of {tree} and its directories.",
        "In each .{extension} file below {tree}, turn every {old} into {new}.",
        "Substitute {new} for every {old} in the .{extension} files below {tree}.",
      ],
      command: "find {tree} -name '*.{extension}' -exec sed -i s/{old}/{new}/g '{}' +",
      mistakes: [
        {
          name: "replaces the first on each line only",
          command: "find {tree} -name '*.{extension}' -exec sed -i s/{old}/{new}/ '{}' +",
        },
        {
          name: "prints instead of editing",
          command: "find {tree} -name '*.{extension}' -exec sed s/{old}/{new}/g '{}' +",
        },
      ],
    },
  },
  takes: [],
  draw({ random, fresh }) {
    const [old, replacement] = random.shuffle(colours);
    return { variant: "tree", tree: fresh(), extension: random.pick(extensions), old: old!, new: replacement! };
  },
  build(params, { scene, random }) {
    const [tree, extension, old] = [word(params, "tree"), word(params, "extension"), word(params, "old")];
    giveTree(scene, random, tree, { extension, must: old });
    const files = scene.below(tree);
    const touched = (path: string, text: string) => path.endsWith(`.${extension}`) && text.includes(old);
    ensure(
      files.some(([path, text]) => touched(path, text)),
      "nothing is replaced",
    );
    for (const [path, text] of files) {
      if (touched(path, text)) scene.rewrite(path, text.replaceAll(old, word(params, "new")));
      else scene.keep(path);
    }
    return [{ path: tree, kind: "tree" }];
  },
};
