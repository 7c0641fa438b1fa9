/**
 * The one shape of a task family: templates in words, parameters from the lexicon, and an effect on the scene.
 *
 * A family never runs commands. `draw` chooses parameters (plain JSON, hashed for the split); `build` turns parameters
 * into world, claims and products, purely. Templates hold `{name}` where a parameter stands.
 */
import type { JsonObject } from "../../../core/json.ts";
import type { Random } from "../../../core/random.ts";
import type { Kind, Product, Scene } from "./scene.ts";

/** One way of doing the work wrong that a person could have typed. */
export interface Mistake {
  readonly name: string;
  readonly command: string;
  /** Lines to type instead, for interactive programs. */
  readonly answers?: readonly string[];
}

/** One command that a family teaches: the sentence, the canonical command and its mistakes, all as templates. */
export interface Variant {
  /** At least four sentences. */
  readonly wordings: readonly string[];
  readonly command: string;
  /** Lines to type once the command waits for input. */
  readonly answers?: readonly string[];
  readonly mistakes: readonly Mistake[];
}

export type Parameters = JsonObject & { readonly variant: string };

export interface DrawContext {
  readonly random: Random;
  readonly scene: Scene;
  /** The earlier product that this stage consumes; null: it brings its own files. */
  readonly input: Product | null;
  /** Further products of earlier stages, most recent first. */
  readonly others: readonly Product[];
  /** A noun that names nothing in this world yet. */
  readonly fresh: () => string;
  /** A path for a file of the stage's own, in a directory of its own (at horizon 1 sometimes in home). */
  readonly ownPath: (extension: string) => string;
}

export interface BuildContext {
  readonly scene: Scene;
  /** True: the stage brings its own files; false: its input is an earlier product. */
  readonly own: boolean;
  readonly inputKind: Kind | null;
  readonly random: Random;
}

export interface Family {
  readonly name: string;
  readonly description: string;
  readonly variants: Readonly<Record<string, Variant>>;
  /** Kinds of product that can be the stage's input. */
  readonly takes: readonly Kind[];
  draw(ctx: DrawContext): Parameters;
  /**
   * Apply the stage to the scene.
   * @returns what later stages can consume.
   * @throws Degenerate when these parameters make a mistake harmless or an answer trivial in this scene.
   */
  build(params: Parameters, ctx: BuildContext): readonly Product[];
}

/** The draw does not make a good task here; the generator draws again. */
export class Degenerate extends Error {}

export function ensure(good: boolean, why: string): asserts good {
  if (!good) throw new Degenerate(why);
}

/** A parameter as text. */
export function word(params: JsonObject, name: string): string {
  const value = params[name];
  if (typeof value !== "string" && typeof value !== "number") throw new Error(`the parameter ${name} is missing`);
  return String(value);
}

export function fill(template: string, params: JsonObject): string {
  return template.replace(/\{([a-z]+)\}/g, (_, name: string) => word(params, name));
}

/** A distractor: an older copy that lies beside a stage's own input. */
export function neighbourOf(path: string): string {
  return path.replace(/\.[a-z]+$/, ".bak");
}

export function variantOf(family: Family, params: Parameters): Variant {
  const variant = family.variants[params.variant];
  if (!variant) throw new Error(`the family ${family.name} has no variant ${params.variant}`);
  return variant;
}
