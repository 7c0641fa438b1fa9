/** Find files by extension, size or age, and move them. */
import { giveTree } from "../content.ts";
import { ensure, type Family, word } from "../family.ts";
import { extensions } from "../lexicon.ts";
import type { Scene } from "../scene.ts";

export const moveFiles: Family = {
  name: "move-files",
  description: "move files by extension, size or age (find, mv)",
  variants: {
    type: {
      wordings: [
        "Move every .{extension} file below {tree} into {target}.",
        "Find all files below {tree} that end in .{extension} and move them into {target}.",
        "Move the .{extension} files in {tree} and its directories into {target}.",
        "Collect all .{extension} files from {tree} in {target} and leave the others.",
      ],
      command: "find {tree} -name '*.{extension}' -exec mv -t {target} '{}' +",
      mistakes: [
        {
          name: "moves the other files",
          command: "find {tree} -type f ! -name '*.{extension}' -exec mv -t {target} '{}' +",
        },
        { name: "moves every file", command: "find {tree} -type f -exec mv -t {target} '{}' +" },
      ],
    },
    large: {
      wordings: [
        "Move every file below {tree} that is larger than {kib} kilobytes into {target}.",
        "Find all files below {tree} of more than {kib} kilobytes and move them into {target}.",
        "Move the files in {tree} and its directories that exceed {kib} kilobytes into {target}.",
        "Collect all files over {kib} kilobytes from {tree} in {target} and leave the others.",
      ],
      command: "find {tree} -type f -size +{kib}k -exec mv -t {target} '{}' +",
      mistakes: [
        { name: "moves the small files", command: "find {tree} -type f -size -{kib}k -exec mv -t {target} '{}' +" },
        {
          name: "reads the size as megabytes",
          command: "find {tree} -type f -size +{kib}M -exec mv -t {target} '{}' +",
        },
      ],
    },
    old: {
      wordings: [
        "Move every file below {tree} that is older than {days} days into {target}.",
        "Find all files below {tree} not changed for {days} days and move them into {target}.",
        "Move the files in {tree} and its directories that are more than {days} days old into {target}.",
        "Collect all files older than {days} days from {tree} in {target} and leave the others.",
      ],
      command: "find {tree} -type f -mtime +{days} -exec mv -t {target} '{}' +",
      mistakes: [
        { name: "moves the new files", command: "find {tree} -type f -mtime -{days} -exec mv -t {target} '{}' +" },
        { name: "looks for the exact age", command: "find {tree} -type f -mtime {days} -exec mv -t {target} '{}' +" },
      ],
    },
  },
  takes: ["tree"],
  draw({ random, input, scene, fresh }) {
    const variant = input ? "type" : random.pick(["type", "large", "old"]);
    const found = input ? scene.below(input.path).map(([path]) => path.split(".").at(-1)!) : [];
    const extension = random.pick(found.length > 0 ? found : extensions);
    const number = variant === "large" ? { kib: 2 + random.integer(3) } : { days: 10 * (1 + random.integer(9)) };
    return {
      variant,
      tree: input?.path ?? fresh(),
      extension,
      ...(variant === "type" ? {} : number),
      target: fresh(),
    };
  },
  build(params, { scene, own, random }) {
    const [tree, target, extension] = [word(params, "tree"), word(params, "target"), word(params, "extension")];
    if (own)
      giveTree(scene, random, tree, {
        extension,
        ...(params.variant === "large" ? { largeKib: Number(word(params, "kib")) } : {}),
        aged: params.variant === "old",
      });
    scene.giveDirectory(target);
    const paths = scene.below(tree).map(([path]) => path);
    const moves = paths.filter((path) => wanted(scene, path, params.variant, params));
    ensure(moves.length > 0 && moves.length < paths.length, "the rule tells no files apart");
    ensure(new Set(moves.map(nameOf)).size === moves.length, "two files of one name would meet");
    for (const path of paths) {
      if (moves.includes(path)) scene.move(path, `${target}/${nameOf(path)}`);
      else scene.keep(path);
    }
    return [{ path: target, kind: "tree" }];
  },
};

function wanted(scene: Scene, path: string, rule: string, params: Parameters<typeof word>[0]): boolean {
  if (rule === "type") return path.endsWith(`.${word(params, "extension")}`);
  // `find -size +Nk` counts begun KiB.
  if (rule === "large") return Math.ceil(scene.size(path) / 1024) > Number(word(params, "kib"));
  return scene.mtimeSeconds(path) !== null;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
