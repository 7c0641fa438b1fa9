/** Which files below a directory hold a word, or do not. */
import { byBytes, giveTree, knownWords, textOfLines } from "../content.ts";
import { ensure, type Family, word } from "../family.ts";
import { colours, extensions } from "../lexicon.ts";

export const searchTree: Family = {
  name: "search-tree",
  description: "list the files below a directory that hold a word (grep -r)",
  variants: {
    with: {
      wordings: [
        "List the files below {tree} that contain {word}, sorted, in {output}.",
        "Which files below {tree} contain {word}? Write their paths, sorted, to {output}.",
        "Search {tree} for {word} and write the sorted paths of the matching files to {output}.",
        "Write to {output} the sorted paths of all files in {tree} with {word}.",
      ],
      command: "grep -rl {word} {tree} | sort > {output}",
      mistakes: [
        { name: "lists the files without the word", command: "grep -rL {word} {tree} | sort > {output}" },
        { name: "writes the lines instead of the paths", command: "grep -rh {word} {tree} | sort > {output}" },
      ],
    },
    without: {
      wordings: [
        "List the files below {tree} that do not contain {word}, sorted, in {output}.",
        "Which files below {tree} lack {word}? Write their paths, sorted, to {output}.",
        "Search {tree} for files without {word} and write their sorted paths to {output}.",
        "Write to {output} the sorted paths of all files in {tree} without {word}.",
      ],
      command: "grep -rL {word} {tree} | sort > {output}",
      mistakes: [
        { name: "lists the files with the word", command: "grep -rl {word} {tree} | sort > {output}" },
        { name: "writes a count for each file", command: "grep -rc {word} {tree} | sort > {output}" },
      ],
    },
  },
  takes: ["tree"],
  draw({ random, input, scene, fresh }) {
    const found = input && scene.below(input.path).flatMap(([, text]) => knownWords(text));
    const tree = input?.path ?? fresh();
    return {
      variant: random.pick(["with", "without"]),
      tree,
      ...(input ? {} : { extension: random.pick(extensions) }),
      word: found && found.length > 0 ? random.pick(found) : random.pick(colours),
      output: `${fresh()}.txt`,
    };
  },
  build(params, { scene, own, random }) {
    const [tree, needle, output] = [word(params, "tree"), word(params, "word"), word(params, "output")];
    if (own) giveTree(scene, random, tree, { extension: word(params, "extension"), must: needle });
    const files = scene.below(tree);
    const matching = files.filter(([, text]) => text.includes(needle) === (params.variant === "with"));
    ensure(matching.length > 0 && matching.length < files.length, "the search tells no files apart");
    for (const [path] of files) scene.keep(path);
    scene.write(output, textOfLines(matching.map(([path]) => path).toSorted(byBytes)));
    return [{ path: output, kind: "lines" }];
  },
};
