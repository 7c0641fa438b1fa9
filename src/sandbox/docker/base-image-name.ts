/** The image that a container has where its task asks for none. */
export const baseImageName = "afterstate-base";
