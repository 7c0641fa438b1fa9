/** Pack a directory into an archive, or unpack one. */
import { writeArchive } from "../archive.ts";
import { giveTree } from "../content.ts";
import { ensure, type Family, word } from "../family.ts";
import { extensions } from "../lexicon.ts";
import { Scene } from "../scene.ts";

export const archives: Family = {
  name: "archives",
  description: "create and extract compressed archives (tar -czf, tar -xzf)",
  variants: {
    create: {
      wordings: [
        "Pack the directory {tree} into the compressed archive {archive}.",
        "Create the compressed archive {archive} from {tree}.",
        "Archive {tree} with all its files as {archive}, compressed.",
        "Make a compressed archive of {tree} and call it {archive}.",
      ],
      command: "tar -czf {archive} {tree}",
      mistakes: [
        { name: "does not compress", command: "tar -cf {archive} {tree}" },
        { name: "extracts instead of creating", command: "tar -xzf {archive} {tree}" },
      ],
    },
    extract: {
      wordings: [
        "Unpack the archive {archive} into the directory {target}.",
        "Extract everything in {archive} into {target}.",
        "Restore the files of the archive {archive} below {target}.",
        "Open the archive {archive} and put its files into {target}.",
      ],
      command: "tar -xzf {archive} -C {target}",
      mistakes: [
        { name: "lists instead of extracting", command: "tar -tzf {archive} -C {target}" },
        { name: "creates instead of extracting", command: "tar -czf {archive} -C {target} ." },
      ],
    },
  },
  takes: ["tree", "archive"],
  draw({ random, input, fresh }) {
    const variant = input ? (input.kind === "tree" ? "create" : "extract") : random.pick(["create", "extract"]);
    const tree = input === null ? fresh() : input.path;
    if (variant === "create")
      return {
        variant,
        tree,
        ...(input ? {} : { extension: random.pick(extensions) }),
        archive: `${fresh()}.tar.gz`,
      };
    return {
      variant,
      ...(input ? {} : { tree, extension: random.pick(extensions) }),
      archive: input?.path ?? `${fresh()}.tar.gz`,
      target: fresh(),
    };
  },
  build(params, { scene, own, random }) {
    const archive = word(params, "archive");
    if (params.variant === "create") {
      const tree = word(params, "tree");
      if (own) giveTree(scene, random, tree, { extension: word(params, "extension") });
      const members = scene.below(tree);
      ensure(members.length > 0, "the directory is empty");
      for (const [path] of members) scene.keep(path);
      scene.pack(archive, Object.fromEntries(members));
      return [{ path: archive, kind: "archive" }];
    }
    if (own) {
      const packed = new Scene();
      giveTree(packed, random, word(params, "tree"), { extension: word(params, "extension") });
      const members = packed.below(word(params, "tree"));
      scene.give(archive, { bytes: writeArchive(new Map(members)) });
      scene.holds(archive, Object.fromEntries(members));
    }
    const target = word(params, "target");
    scene.giveDirectory(target);
    scene.claim({ is: "archive", path: archive, members: scene.members(archive) });
    for (const [path, text] of Object.entries(scene.members(archive))) scene.write(`${target}/${path}`, text);
    return [{ path: target, kind: "tree" }];
  },
};
