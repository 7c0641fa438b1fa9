import { describe, expect, it } from "vitest";
import { PolicyError } from "../../src/core/errors.ts";
import { createRandom } from "../../src/core/random.ts";
import { createEndpointClient } from "../../src/openai/endpoint-client.ts";
import { wholeBody } from "../../src/openai/exchange.ts";
import { createInstantClock } from "../support/openai-server/instant-clock.ts";
import type { Scripted } from "../support/openai-server/script.ts";
import { startOpenAiServer } from "../support/openai-server/server.ts";

const { signal } = new AbortController();
const answer: Scripted = { kind: "body", contentType: "application/json", body: '{"ok": true}' };

describe("createEndpointClient", () => {
  it("sends what is urgent before what waits for a place", async () => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    await using server = await startOpenAiServer(async ({ path }) => {
      if (path.endsWith("/first")) await released;
      return answer;
    });
    const client = createEndpointClient({
      baseUrl: server.baseUrl,
      environment: {},
      concurrency: 1,
      clock: createInstantClock(),
      random: createRandom(1),
      ErrorClass: PolicyError,
    });
    const send = (path: string, urgent = false) =>
      client.send({ path, body: {}, stream: false, urgent, read: () => wholeBody((json) => json) }, { signal });
    const all = [send("/first"), send("/second"), send("/urgent", true)];
    release();
    expect(await Promise.all(all)).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
    expect(server.requests.map(({ path }) => path)).toEqual(["/v1/first", "/v1/urgent", "/v1/second"]);
    client.close();
  });
});
