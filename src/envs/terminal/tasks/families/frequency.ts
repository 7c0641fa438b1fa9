/** How often each line occurs, the most frequent first. */
import { byBytes, linesOf, textOfLines } from "../content.ts";
import { ensure } from "../family.ts";
import { filterFamily } from "../filter.ts";
import { nouns } from "../lexicon.ts";

export const frequency = filterFamily({
  name: "frequency",
  description: "rank lines by how often they occur (sort, uniq -c, sort -rn)",
  variants: {
    ranking: {
      wordings: [
        "Count how often each line of {input} occurs and write counts and lines to {output}, most frequent first.",
        "Write the frequency of every line of {input} to {output}, as uniq prints it, the highest count first.",
        "Rank the lines of {input} by how often they occur, with their counts, in {output}.",
        "Put each line of {input} with its count into {output}, the most frequent line on top.",
      ],
      command: "sort {input} | uniq -c | sort -rn > {output}",
      mistakes: [
        {
          name: "puts the rarest first",
          command: "sort {input} | uniq -c | sort -n > {output}",
          result: (text) => textOfLines(linesOf(ranking(text)).reverse()),
        },
        {
          name: "counts the lines that occur once",
          command: "sort {input} | uniq -u | sort -rn > {output}",
        },
      ],
      takes: ["words"],
      gives: () => "lines",
      source(random) {
        const count = 4 + random.integer(2);
        const lines = random
          .shuffle(nouns)
          .slice(0, count)
          .flatMap((noun, i) => Array.from({ length: 2 * i + 1 + random.integer(2) }, () => noun));
        return textOfLines(random.shuffle(lines));
      },
      solve: ranking,
    },
  },
});

function ranking(text: string): string {
  const counts = new Map<string, number>();
  for (const line of linesOf(text)) counts.set(line, (counts.get(line) ?? 0) + 1);
  ensure(new Set(counts.values()).size === counts.size, "two lines are equally frequent");
  ensure(counts.size > 1, "there is one line only");
  return textOfLines(
    [...counts]
      .toSorted(([a, countA], [b, countB]) => countB - countA || byBytes(b, a))
      .map(([line, count]) => `${String(count).padStart(7)} ${line}`),
  );
}
