/** What the scripted actors share: numbering calls, and the turn that does nothing. */
import type { ActInput, Actor, Turn } from "../core/agent.ts";
import type { EnvironmentDefinition } from "../core/env.ts";
import type { JsonValue } from "../core/json.ts";

/** A turn of these actions, each under a call id that is unique within the episode: "c<step>.<position>". */
export function scriptedTurn(stepIndex: number, actions: readonly JsonValue[], parseError: string | null = null): Turn {
  return {
    actions: actions.map((action, position) => ({ callId: `c${stepIndex}.${position}`, action })),
    parseError,
    message: null,
    modelCalls: [],
  };
}

/** Submit at once where the schema has a bare `{type:"submit"}`; else nothing, until the step budget is spent. */
export function idleTurn(definition: EnvironmentDefinition, stepIndex: number): Turn {
  const submit = { type: "submit" };
  return scriptedTurn(stepIndex, definition.action.safeParse(submit).success ? [submit] : []);
}

/** An actor that holds nothing: one function, no resources. */
export function scriptedActor(id: string, act: (input: ActInput) => Turn, episodeEnded?: Actor["episodeEnded"]): Actor {
  return {
    id,
    act: async (input) => {
      input.signal.throwIfAborted();
      return act(input);
    },
    ...(episodeEnded ? { episodeEnded } : {}),
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
