/** Stop one of several programs that run in the background. */
import { type Family, word } from "../family.ts";

export const processes: Family = {
  name: "processes",
  description: "stop one background program by name (pkill, pidwait)",
  variants: {
    stop: {
      wordings: [
        "Stop the running program {program}. The programs {first} and {second} must keep running.",
        "The program {program} hangs in the background. End it, but leave {first} and {second} alone.",
        "Kill the background process {program} and no other; {first} and {second} are needed.",
        "Terminate {program}, which runs in the background beside {first} and {second}. Those two must go on.",
      ],
      // A signal takes effect a moment after pkill has returned; the check must not come before it.
      command: "pkill -x {program} && pidwait -x {program}",
      mistakes: [
        { name: "only pauses it", command: "pkill -STOP -x {program}" },
        { name: "stops a neighbour", command: "pkill -x {first} && pidwait -x {first}" },
      ],
    },
  },
  takes: [],
  draw({ fresh }) {
    return { variant: "stop", directory: fresh(), program: fresh(), first: fresh(), second: fresh() };
  },
  build(params, { scene }) {
    const directory = word(params, "directory");
    for (const name of ["first", "program", "second"]) {
      const program = `${directory}/${word(params, name)}`;
      scene.giveLink(program, "/bin/sleep");
      // Detached from the shell that starts it; it carries its own name once it has replaced that shell.
      scene.prepare(`setsid -f ${program} 36000 < /dev/null > /dev/null 2>&1`);
      scene.prepare(`until pgrep -x ${word(params, name)} > /dev/null; do sleep 0.01; done`);
      scene.claim({ is: "process", program: word(params, name), lives: name !== "program" });
    }
    return [];
  },
};
