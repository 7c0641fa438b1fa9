/** What an image says about how its programs are run. Used where it is run as it is, with a writable root. */
export interface ImageSettings {
  /** "", a name, "uid", "uid:gid". */
  readonly user: string;
  /** NAME=value. */
  readonly env: readonly string[];
}

export const noSettings: ImageSettings = { user: "", env: [] };

/** An image that is run as it is knows best where its programs are. */
export function imageEnv({ env }: ImageSettings): Record<string, string> {
  return Object.fromEntries(
    env.map((pair) => {
      const end = pair.indexOf("=");
      return [pair.slice(0, end), pair.slice(end + 1)];
    }),
  );
}
