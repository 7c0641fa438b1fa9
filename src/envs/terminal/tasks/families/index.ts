/** All families, in the order in which task sources cycle through them. */
import type { Family } from "../family.ts";
import { archives } from "./archives.ts";
import { collect } from "./collect.ts";
import { compare } from "./compare.ts";
import { compress } from "./compress.ts";
import { countLines } from "./count-lines.ts";
import { csvJoin } from "./csv-join.ts";
import { csvTotal } from "./csv-total.ts";
import { cutColumn } from "./cut-column.ts";
import { extractLines } from "./extract-lines.ts";
import { fixScript } from "./fix-script.ts";
import { frequency } from "./frequency.ts";
import { gitHistory } from "./git-history.ts";
import { headTail } from "./head-tail.ts";
import { interactive } from "./interactive.ts";
import { moveFiles } from "./move-files.ts";
import { permissions } from "./permissions.ts";
import { processes } from "./processes.ts";
import { replaceWord } from "./replace-word.ts";
import { searchTree } from "./search-tree.ts";
import { sortLines } from "./sort-lines.ts";
import { substituteTree } from "./substitute-tree.ts";
import { symlinks } from "./symlinks.ts";
import { uniqueLines } from "./unique-lines.ts";
import { writeScript } from "./write-script.ts";

export const allFamilies: readonly Family[] = [
  countLines,
  searchTree,
  csvTotal,
  moveFiles,
  archives,
  permissions,
  substituteTree,
  gitHistory,
  processes,
  writeScript,
  fixScript,
  interactive,
  extractLines,
  sortLines,
  uniqueLines,
  frequency,
  cutColumn,
  csvJoin,
  headTail,
  replaceWord,
  symlinks,
  compare,
  collect,
  compress,
];
