/**
 * Drawing the stages of a task: each stage after the first consumes what an earlier one produced, wherever a family
 * fits, so that a failed stage spoils those behind it. A task is a function of split, seed, index and horizon.
 */
import { createRandom, type Random } from "../../../core/random.ts";
import type { Split } from "../../../core/task.ts";
import { Degenerate, type DrawContext, ensure, type Family } from "./family.ts";
import { nouns } from "./lexicon.ts";
import { type Product, Scene } from "./scene.ts";
import { applyStage, type Stage, splitOf } from "./stage.ts";

/** Draws of parameters until they fall into the split (one in ten does for dev). */
const maxDraws = 100;
/** Scenes tried with such parameters; a stage of its own must succeed, a dependent one leaves it to the next family. */
const maxScenes = { own: 12, dependent: 2 };

export function drawStages(
  split: Split,
  index: number,
  {
    seed,
    horizon,
    families,
  }: { readonly seed: number; readonly horizon: number; readonly families: readonly Family[] },
): readonly Stage[] {
  const random = createRandom(`${split}/${seed}/${index}/${horizon}`);
  const chain = new Chain(split, random, horizon, families);
  chain.addOwn([families[index % families.length]!, ...random.shuffle(families)]);
  while (chain.stages.length < horizon) if (!chain.addDependent()) chain.addOwn(chain.leastUsed());
  return chain.stages;
}

class Chain {
  readonly stages: Stage[] = [];
  readonly #split: Split;
  readonly #random: Random;
  readonly #horizon: number;
  readonly #families: readonly Family[];
  #scene = new Scene();
  /** Most recent first. */
  #products: Product[] = [];

  constructor(split: Split, random: Random, horizon: number, families: readonly Family[]) {
    this.#families = families;
    this.#split = split;
    this.#random = random;
    this.#horizon = horizon;
  }

  addOwn(families: readonly Family[]): void {
    for (const family of families) if (this.#add(family, null)) return;
    throw new Error("no family fits this world any more");
  }

  addDependent(): boolean {
    // A family that came often already does not fit: else a chain ends as link upon link to one file.
    const mostUses = 1 + Math.floor(this.stages.length / 8);
    return this.leastUsed().some((family) => {
      if (this.#uses(family) >= mostUses) return false;
      const fitting = this.#products.filter(({ kind }) => family.takes.includes(kind));
      return fitting.length > 0 && this.#add(family, this.#recent(fitting));
    });
  }

  /** All families, the least used first, in random order among equals. */
  leastUsed(): Family[] {
    return this.#random.shuffle(this.#families).toSorted((a, b) => this.#uses(a) - this.#uses(b));
  }

  #uses({ name }: Family): number {
    return this.stages.filter(({ family }) => family === name).length;
  }

  #recent(products: readonly Product[]): Product {
    return products.find(() => this.#random.next() < 0.6) ?? products[0]!;
  }

  #add(family: Family, input: Product | null): boolean {
    for (let scenes = 0; scenes < maxScenes[input ? "dependent" : "own"]; scenes++) {
      const names = new Set<string>();
      const stage = this.#draw(family, input, names);
      if (!stage) return false;
      const scene = new Scene(this.#scene);
      const products = attempt(() => applyStage(scene, stage));
      if (!products) continue;
      scene.use(...names);
      this.#scene = scene;
      this.#products = [
        ...products,
        ...this.#products.filter(({ path }) => !products.some((product) => product.path === path)),
      ];
      this.stages.push(stage);
      return true;
    }
    return false;
  }

  /** Parameters that belong to the split; null when none were found. `names` receives the nouns they use. */
  #draw(family: Family, input: Product | null, names: Set<string>): Stage | null {
    for (let draws = 0; draws < maxDraws; draws++) {
      names.clear();
      const params = attempt(() => family.draw(this.#context(input, names)));
      if (params && splitOf(family, params) === this.#split)
        return {
          family: family.name,
          params: params as Stage["params"],
          seed: this.#random.integer(2 ** 31),
          input: input?.kind ?? null,
        };
    }
    return null;
  }

  #context(input: Product | null, names: Set<string>): DrawContext {
    const random = this.#random;
    const fresh = (): string => {
      const free = nouns.filter((noun) => !names.has(noun) && !this.#scene.isUsed(noun));
      ensure(free.length > 0, "every name is taken");
      const name = random.pick(free);
      names.add(name);
      return name;
    };
    return {
      random,
      scene: this.#scene,
      input,
      others: this.#products,
      fresh,
      ownPath: (extension) => {
        const inHome = this.#horizon === 1 && random.next() < 0.4;
        return inHome ? `${fresh()}.${extension}` : `${fresh()}/${fresh()}.${extension}`;
      },
    };
  }
}

function attempt<T>(draw: () => T): T | null {
  try {
    return draw();
  } catch (error) {
    if (error instanceof Degenerate) return null;
    throw error;
  }
}
