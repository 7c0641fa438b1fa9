/**
 * The closed lexicon: every name and word that a world, an instruction or a command can hold comes from here or from a
 * family's own templates, so that a tokenizer of whole words covers them all. It knows nothing of families.
 */

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Names of files and directories, and the words that word lists are made of. */
export const nouns = words(`
  amber anchor apple aspen autumn badger bamboo barley basket beacon birch bison blossom breeze bridge bronze button
  cabin camel candle canyon carbon castle cedar cherry cliff clover cobalt comet copper coral cotton crane crystal
  daisy delta desert dragon dune eagle echo elm ember falcon feather fern field flint forest fossil fox frost galaxy
  garden garnet ginger glacier granite grove hammer harbor hazel heron hollow honey hornet island ivory jacket jasmine
  jungle juniper kettle koala lagoon lantern laurel lemon lily linen lotus magnet mango maple marble meadow melon mint
  mirror moss nectar nickel oak oasis olive onyx opal orchid otter oyster panda pearl pebble pepper pine planet plum
  pond poppy prairie quartz rabbit raven reef ribbon river robin ruby saddle salmon silver spruce stone storm summit
  sunset thistle tiger topaz tulip tundra turtle valley velvet violet walnut willow winter wolf zebra
`);

export const levels = words("error warning info debug fatal notice");
export const users = words("alice bruno carla dmitri elena farid grace henrik irene jonas karin louis maria nadia");
export const services = words("disk network login backup printer mail cache queue kernel proxy");
export const extensions = words("log txt csv conf tmp old dat sh");
/** Words that configuration files and word lists use as values, for substitutions. */
export const colours = words("red blue green yellow white black purple orange grey pink");
export const verbs = words("add fix move remove test update write rename");

/** Every word of the lexicon; numbers up to 1,000 appear beside them, as decimal digits. */
export const lexicon: readonly string[] = [
  ...new Set([...nouns, ...levels, ...users, ...services, ...extensions, ...colours, ...verbs]),
];

/** Text as tokens: runs of letters, runs of digits, and runs of punctuation between blanks. */
export function wordTokens(text: string): string[] {
  return text.match(/[A-Za-z]+|[0-9]+|[^A-Za-z0-9\s]+/g) ?? [];
}
