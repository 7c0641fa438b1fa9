/**
 * Seeded random numbers. Everything that draws takes a `Random`, so that a run is a function of its seed.
 * sfc32 (Chris Doty-Humphrey's Small Fast Counting generator, 128-bit state), seeded through FNV-1a and splitmix32.
 */
export interface Random {
  /** Uniform in [0, 1), 32 bits of it. */
  next(): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
  pick<T>(items: readonly T[]): T;
  /** A new array in random order. */
  shuffle<T>(items: readonly T[]): T[];
  /** Standard normal, Box-Muller. */
  normal(): number;
  /** An independent stream named by `label`; forking does not advance this one. */
  fork(label: string): Random;
}

export function createRandom(seed: number | string): Random {
  const key = String(seed);
  const step = splitmix32(hashString(key));
  let a = step();
  let b = step();
  let c = step();
  let counter = 1;

  const draw = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  // The first outputs still show the seed; twelve rounds are what sfc32's author runs.
  for (let round = 0; round < 12; round++) draw();

  const random: Random = {
    next: draw,
    integer: (bound) => Math.floor(draw() * bound),
    pick(items) {
      if (items.length === 0) throw new RangeError("pick needs at least one item");
      return items[Math.floor(draw() * items.length)]!;
    },
    shuffle(items) {
      const result = [...items];
      for (let i = result.length - 1; i > 0; i--) {
        const j = Math.floor(draw() * (i + 1));
        [result[i], result[j]] = [result[j]!, result[i]!];
      }
      return result;
    },
    normal: () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw()),
    fork: (label) => createRandom(`${key}/${label}`),
  };
  return random;
}

/** FNV-1a, 32 bits: stable across machines and versions; splits and seeds depend on it, so it never changes. */
export function hashString(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return z ^ (z >>> 15);
  };
}
