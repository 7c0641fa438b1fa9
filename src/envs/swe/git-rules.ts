/** What git is told of every repository here, in its info/ directory, whatever the repository itself says. */

/** Bytes are compared and stored as they are. */
export const rawAttributes = "* -text -filter -ident !working-tree-encoding !eol\n";

/** What running programs leaves behind, where a repository does not ignore it itself. */
export const leftBehind = "__pycache__/\n*.py[co]\n.pytest_cache/\n.hypothesis/\n";
