/**
 * What plays episodes. `*-actor.ts` choose actions: the scripted ones by themselves, the model actor through an agent
 * (render and parse) and a policy. `chat-agent.ts` is the agent for chat models; `action-tools.ts` turns an action
 * schema into tools and back; `replay-source.ts` reads the stored run that the replay actor plays again.
 */
export { actionTools, type ActionTools } from "./action-tools.ts";
export { chatAgent, type ChatAgentOptions } from "./chat-agent.ts";
export { firstDifference, type Difference } from "./first-difference.ts";
export { modelActor, type ModelActorOptions } from "./model-actor.ts";
export { nopActor } from "./nop-actor.ts";
export { noisyActor, oracleActor } from "./oracle-actor.ts";
export { randomActor } from "./random-actor.ts";
export { replayActor, type ReplayActor, type ReplayDifference, type ReplayReport } from "./replay-actor.ts";
export { replaySource, type RecordedEpisode, type ReplaySource } from "./replay-source.ts";
