/**
 * The store: what a run leaves behind, and what its processes meet in.
 *
 * A run directory holds
 *
 *     run.json       the manifest: resolved config, seeds, versions, commit, hashes   manifest.ts
 *     owner.json     the process that writes rollouts, while there is one              owner.ts
 *     log/data.mdb   events, their indexes, leases: LMDB                               database.ts log.ts
 *     log/journal    the same events, fsynced: the database is rebuilt from it         journal.ts recovery.ts
 *     blobs/ab/…     large values by the SHA-256 of their content                      blobs.ts
 *
 * Derived from it: transitions.ts and export.ts (the joined view), episode-summaries.ts (resume, success tables),
 * sample-queue.ts over readiness.ts and sample-group.ts (training), checkpoints.ts (where training goes on).
 */
export { latestCheckpoint, latestWeights } from "./checkpoints.ts";
export { type EpisodeSummary, episodeSummaries, latestTries } from "./episode-summaries.ts";
export { type EpisodeView, viewEpisode } from "./episode-view.ts";
export { exportFormats, type ExportOptions, type ExportResult, exportRun } from "./export.ts";
export { DurableLog } from "./log.ts";
export { buildManifest, gitCommit, hashJson, type ManifestInput } from "./manifest.ts";
export { createSampleQueue, releaseLeases, type SampleQueueOptions } from "./sample-queue.ts";
export { openStore, type OpenStoreOptions, runInUse } from "./store.ts";
export { type TransitionOptions, transitions } from "./transitions.ts";
export { writeFileAtomic } from "./atomic-file.ts";
