/**
 * Families that read one text file and write another, which is most of shell work: a table of variants, each with a
 * function that says what the output must be and what each mistake would give instead.
 */
import type { JsonObject } from "../../../core/json.ts";
import type { Random } from "../../../core/random.ts";
import { sameText } from "./claims.ts";
import { ownText } from "./content.ts";
import { type DrawContext, ensure, type Family, type Mistake, neighbourOf, type Variant, word } from "./family.ts";
import type { Kind } from "./scene.ts";

export interface FilterMistake extends Mistake {
  /** What lands in the output, where something does; a mistake without it leaves the output missing or foreign. */
  readonly result?: (text: string, params: JsonObject) => string;
}

export interface FilterVariant extends Variant {
  readonly takes: readonly Kind[];
  readonly gives: (input: Kind, params: JsonObject) => Kind;
  readonly mistakes: readonly FilterMistake[];
  /** Parameters beyond input and output; `text` is the input's where it is known already. */
  readonly values?: (random: Random, kind: Kind, text: string | null) => JsonObject;
  /** The stage's own input; default: lines of the kind drawn, with the parameter `word` among them. */
  readonly source?: (random: Random) => string;
  readonly solve: (text: string, params: JsonObject) => string;
}

export interface FilterSpec {
  readonly name: string;
  readonly description: string;
  readonly variants: Readonly<Record<string, FilterVariant>>;
}

const ownExtensions: Partial<Record<Kind, readonly string[]>> = {
  log: ["log", "txt", "old"],
  csv: ["csv"],
  words: ["txt", "dat"],
};

/** Kinds that a stage can bring by itself. */
const ownKinds: readonly Kind[] = ["log", "csv", "words"];

export function filterFamily(spec: FilterSpec): Family {
  const all = Object.entries(spec.variants);
  return {
    name: spec.name,
    description: spec.description,
    variants: spec.variants,
    takes: [...new Set(all.flatMap(([, variant]) => variant.takes))],

    draw(ctx: DrawContext) {
      const { random, input } = ctx;
      const usable = all.filter(([, variant]) => input === null || variant.takes.includes(input.kind));
      const [variant, { takes, values }] = random.pick(usable);
      const kind = input?.kind ?? random.pick(takes.filter((kind) => ownKinds.includes(kind)));
      const own = input === null ? ctx.ownPath(random.pick(ownExtensions[kind]!)) : null;
      return {
        variant,
        ...(own === null ? {} : { kind }),
        input: own ?? input!.path,
        ...values?.(random, kind, input === null ? null : ctx.scene.text(input.path)),
        output: `${ctx.fresh()}.txt`,
      };
    },

    build(params, { scene, own, inputKind, random }) {
      const variant = spec.variants[params.variant]!;
      const [input, output] = [word(params, "input"), word(params, "output")];
      const kind = own ? (word(params, "kind") as Kind) : inputKind!;
      if (own) {
        const must = typeof params["word"] === "string" ? params["word"] : null;
        const make = () => variant.source?.(random) ?? ownText(kind, random, must);
        scene.give(input, { text: make() });
        scene.give(neighbourOf(input), { text: make() });
      }
      const text = scene.text(input);
      const answer = variant.solve(text, params);
      ensure(answer.trim() !== "", "the answer is empty");
      ensure(!sameText(answer, text), "the input is the answer");
      for (const mistake of variant.mistakes) {
        if (mistake.result) ensure(!sameText(mistake.result(text, params), answer), mistake.name);
      }
      scene.keep(input);
      scene.write(output, answer);
      return [{ path: output, kind: variant.gives(kind, params) }];
    },
  };
}
