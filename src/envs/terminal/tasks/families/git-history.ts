/** Questions that only the history of a git repository answers. */
import type { JsonObject } from "../../../../core/json.ts";
import type { Random } from "../../../../core/random.ts";
import { textOfLines } from "../content.ts";
import { ensure, type Family, word } from "../family.ts";
import { nouns, users, verbs } from "../lexicon.ts";

interface Commit {
  readonly author: string;
  readonly subject: string;
  readonly file: string;
}

/** 2020-01-01; one commit a day. */
const firstSeconds = 1_577_836_800;
const committer = "keeper";

export const gitHistory: Family = {
  name: "git-history",
  description: "who, what and how many, from a repository's history (git log)",
  variants: {
    count: {
      wordings: [
        "Write to {output} how many commits {user} made in the repository {tree}.",
        "Count the commits of {user} in the git repository {tree} and write the number to {output}.",
        "How many commits in {tree} are by {user}? Write the number to {output}.",
        "Put the number of commits by {user} in the git history of {tree} into {output}.",
      ],
      command: "git -C {tree} log --author {user} --oneline | wc -l > {output}",
      mistakes: [
        {
          name: "asks for the committer",
          command: "git -C {tree} log --committer {user} --oneline | wc -l > {output}",
        },
        { name: "searches the messages", command: "git -C {tree} log --grep {user} --oneline | wc -l > {output}" },
      ],
    },
    subjects: {
      wordings: [
        "Write the subjects of all commits by {user} in the repository {tree} to {output}, newest first.",
        "List the subject of each commit of {user} in the git repository {tree}, newest first, in {output}.",
        "What did {user} commit in {tree}? Write the commit subjects, newest first, to {output}.",
        "Put the commit subjects of {user} from the git history of {tree} into {output}, newest first.",
      ],
      command: "git -C {tree} log --author {user} --format=%s > {output}",
      mistakes: [
        { name: "asks for the committer", command: "git -C {tree} log --committer {user} --format=%s > {output}" },
        { name: "searches the messages", command: "git -C {tree} log --grep {user} --format=%s > {output}" },
      ],
    },
    last: {
      wordings: [
        "Who last changed {file} in the repository {tree}? Write the author to {output}.",
        "Write the author of the last commit to {file} in the git repository {tree} to {output}.",
        "Find out who changed {file} most recently in {tree} and write the author to {output}.",
        "Put the author of the newest change of {file} in the git history of {tree} into {output}.",
      ],
      command: "git -C {tree} log -n 1 --format=%an {file} > {output}",
      mistakes: [
        { name: "writes the committer", command: "git -C {tree} log -n 1 --format=%cn {file} > {output}" },
        { name: "writes the subject", command: "git -C {tree} log -n 1 --format=%s {file} > {output}" },
      ],
    },
  },
  takes: [],
  draw({ random, fresh }) {
    const variant = random.pick(["count", "subjects", "last"]);
    return {
      variant,
      tree: fresh(),
      ...(variant === "last" ? { file: `${random.pick(nouns)}.txt` } : { user: random.pick(users) }),
      output: `${fresh()}.txt`,
    };
  },
  build(params, { scene, random }) {
    const [tree, output] = [word(params, "tree"), word(params, "output")];
    const commits = history(random, params);
    scene.prepare(script(tree, commits));
    const newestFirst = commits.toReversed();
    if (params.variant === "last") {
      const last = newestFirst.find(({ file }) => file === params["file"]);
      ensure(last !== undefined && last !== newestFirst[0], "the file's last commit is the repository's");
      scene.write(output, `${last.author}\n`);
      return [{ path: output, kind: "number" }];
    }
    const theirs = newestFirst.filter(({ author }) => author === params["user"]);
    ensure(theirs.length > 1 && theirs.length < commits.length, "the author does not stand out");
    if (params.variant === "count") scene.write(output, `${theirs.length}\n`);
    else scene.write(output, textOfLines(theirs.map(({ subject }) => subject)));
    return [{ path: output, kind: params.variant === "count" ? "number" : "lines" }];
  },
};

/** 6 to 12 commits by three authors on four files, oldest first. */
function history(random: Random, params: JsonObject): Commit[] {
  const wanted = (name: string) => (typeof params[name] === "string" ? [params[name]] : []);
  const authors = [...wanted("user"), ...random.shuffle(users.filter((user) => user !== params["user"]))].slice(0, 3);
  const others = random.shuffle(nouns.map((noun) => `${noun}.txt`).filter((file) => file !== params["file"]));
  const files = [...wanted("file"), ...others].slice(0, 4);
  return Array.from({ length: 6 + random.integer(7) }, () => {
    const file = random.pick(files);
    return { author: random.pick(authors), subject: `${random.pick(verbs)} ${file.replace(".txt", "")}`, file };
  });
}

/** A bash script that makes the repository in one pass; its commits are the same every time. */
function script(tree: string, commits: readonly Commit[]): string {
  const data = (text: string) => `data ${text.length}\n${text}`;
  const stream = commits.map(({ author, subject, file }, i) =>
    [
      "commit refs/heads/main",
      `author ${author} <${author}@mail> ${firstSeconds + 86_400 * i} +0000`,
      `committer ${committer} <${committer}@mail> ${firstSeconds + 86_400 * i} +0000`,
      data(subject),
      `M 644 inline ${file}`,
      data(`${subject} ${i}\n`),
    ].join("\n"),
  );
  return [
    `git init -q -b main ${tree}`,
    `git -C ${tree} fast-import --quiet <<'END_OF_HISTORY'`,
    ...stream,
    "END_OF_HISTORY",
    `git -C ${tree} reset -q --hard`,
  ].join("\n");
}
