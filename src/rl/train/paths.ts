/** Names that the loops share: where weights lie, relative to the run directory, and what episodes are for. */
export const weightsPath = (version: number): string => `weights/${String(version).padStart(6, "0")}`;
export const demonstrationPurpose = "demonstration";
export const trainPurpose = "train";
/** Under which the training process leases samples. */
export const trainConsumer = "trainer";
