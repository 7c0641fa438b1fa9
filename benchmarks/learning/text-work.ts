/** Terminal tasks of eight families, small enough to be learned in minutes: the world in which judges are compared. */
import { terminalEnvironment } from "afterstate/terminal";

export default terminalEnvironment({
  id: "terminal/text-work@1",
  description: "Shell work on text files: eight of the terminal's families",
  families: [
    "sort-lines",
    "unique-lines",
    "replace-word",
    "cut-column",
    "compress",
    "symlinks",
    "permissions",
    "frequency",
  ],
});
