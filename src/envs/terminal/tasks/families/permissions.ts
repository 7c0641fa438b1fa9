/** Give a file the permissions that a sentence describes. */
import { logText } from "../content.ts";
import { ensure, type Family, neighbourOf, type Variant, word } from "../family.ts";

const modes: Readonly<Record<string, number>> = { private: 0o600, shared: 0o640, program: 0o755, frozen: 0o444 };

function variant(mode: string, wrong: readonly [string, string], wordings: readonly string[]): Variant {
  return {
    wordings,
    command: `chmod ${mode} {input}`,
    mistakes: wrong.map((other) => ({ name: `sets ${other}`, command: `chmod ${other} {input}` })),
  };
}

export const permissions: Family = {
  name: "permissions",
  description: "set a file's permissions from a description (chmod)",
  variants: {
    private: variant(
      "600",
      ["644", "700"],
      [
        "Let only the owner read and write {input}.",
        "Make {input} private: its owner reads and writes it, nobody else has access.",
        "Change the permissions of {input} so that only its owner can read and write it.",
        "Nobody but the owner may read or write {input}. Set its permissions.",
      ],
    ),
    shared: variant(
      "640",
      ["660", "644"],
      [
        "Let the owner read and write {input} and the group only read it.",
        "Share {input}: its owner reads and writes it, its group reads it, others have no access.",
        "Change the permissions of {input} so that the owner can write it and the group can only read it.",
        "The group may read {input}, only the owner may write it. Set its permissions.",
      ],
    ),
    program: variant(
      "755",
      ["644", "777"],
      [
        "Let everyone run and read {input} and only the owner write it.",
        "Make {input} a program: everyone reads and runs it, its owner also writes it.",
        "Change the permissions of {input} so that all can run it and only its owner can write it.",
        "Everyone may run {input}, only the owner may write it. Set its permissions.",
      ],
    ),
    frozen: variant(
      "444",
      ["644", "400"],
      [
        "Let everyone read {input} and nobody write it.",
        "Freeze {input}: everyone reads it, nobody writes it.",
        "Change the permissions of {input} so that all can read it and nobody can write it.",
        "Everyone may read {input}, not even the owner may write it. Set its permissions.",
      ],
    ),
  },
  takes: ["log", "csv", "words", "lines", "number"],
  draw({ random, input, ownPath }) {
    return {
      variant: random.pick(Object.keys(modes)),
      input: input?.path ?? ownPath(random.pick(["log", "txt", "sh", "conf", "dat"])),
    };
  },
  build(params, { scene, own, random }) {
    const input = word(params, "input");
    if (own) {
      scene.give(input, { text: logText(random), mode: random.pick([0o604, 0o664, 0o666]) });
      scene.give(neighbourOf(input), { text: logText(random) });
    }
    const mode = modes[params.variant]!;
    // The final state shows a file's last permissions only, so each file gets them once.
    ensure(own || scene.mode(input) === 0o644, "an earlier stage set this file's permissions");
    scene.setMode(input, mode);
    return [];
  },
};
