import type { Actor } from "../core/agent.ts";
import { idleTurn, scriptedActor } from "./turn.ts";

/** Does nothing useful: the floor that every task must refuse to pass. */
export function nopActor(): Actor {
  return scriptedActor("nop", ({ definition, view }) => idleTurn(definition, view.stepIndex));
}
