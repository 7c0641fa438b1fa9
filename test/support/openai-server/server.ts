/** A real HTTP server that speaks the OpenAI chat protocol, well or badly, as its script says. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ReceivedRequest, Scripted } from "./script.ts";
import { completionBody, streamChunks } from "./wire.ts";

export interface OpenAiServer extends AsyncDisposable {
  readonly baseUrl: string;
  readonly requests: readonly ReceivedRequest[];
  /** The largest number of requests that were under way at once. */
  maxInFlight(): number;
}

/** @param script one entry a request, the last for all that follow; or a function of the request and its index. */
export async function startOpenAiServer(
  script: readonly Scripted[] | ((request: ReceivedRequest, index: number) => Scripted | Promise<Scripted>),
): Promise<OpenAiServer> {
  const requests: ReceivedRequest[] = [];
  let inFlight = 0;
  let maxInFlight = 0;
  const server = createServer((incoming, response) => {
    maxInFlight = Math.max(maxInFlight, ++inFlight);
    response.once("close", () => inFlight--);
    void readJson(incoming).then(async (body) => {
      const request = { path: incoming.url ?? "", headers: incoming.headers, body };
      const index = requests.push(request) - 1;
      const scripted = typeof script === "function" ? await script(request, index) : (script[index] ?? script.at(-1)!);
      play(scripted, request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    maxInFlight: () => maxInFlight,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function play(scripted: Scripted, request: ReceivedRequest, response: ServerResponse): void {
  const startStream = (): void => {
    response.writeHead(200, { "content-type": "text/event-stream" });
  };
  const sendDelta = (content: string): void => {
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
  };
  switch (scripted.kind) {
    case "completion": {
      const streamed = request.body["stream"] === true;
      response.writeHead(200, {
        "content-type": streamed ? "text/event-stream" : "application/json",
        ...scripted.headers,
      });
      if (!streamed) return void response.end(JSON.stringify(completionBody(scripted, request.body)));
      return void sendChunks(streamChunks(scripted, request.body), scripted.paceMs ?? 0, response);
    }
    case "status":
      response.writeHead(scripted.status, { "content-type": "application/json", ...scripted.headers });
      return void response.end(scripted.body ?? JSON.stringify({ error: { message: `scripted ${scripted.status}` } }));
    case "body":
      response.writeHead(200, { "content-type": scripted.contentType });
      return void response.end(scripted.body);
    case "half-stream":
      startStream();
      sendDelta(scripted.content);
      return void setTimeout(() => response.destroy(), 20);
    case "half-body":
      response.writeHead(200, { "content-type": "application/json", "content-length": "4096" });
      response.write('{"choices": [{"message": {"content": "ha');
      return void setTimeout(() => response.destroy(), 20);
    case "unfinished-stream":
      startStream();
      sendDelta(scripted.content);
      return void response.end();
    case "reset":
      return void response.destroy();
    case "silence":
      return;
    case "stall":
      startStream();
      return sendDelta(scripted.content);
    case "drip": {
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), scripted.everyMs);
      return void response.once("close", () => clearInterval(timer));
    }
    case "huge":
      response.writeHead(200, { "content-type": "application/json" });
      return pour(response);
    case "redirect":
      response.writeHead(307, { location: scripted.location });
      return void response.end();
  }
}

async function sendChunks(chunks: Iterable<unknown>, paceMs: number, response: ServerResponse): Promise<void> {
  for (const chunk of chunks) {
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    if (paceMs > 0) await new Promise((resolve) => setTimeout(resolve, paceMs));
  }
  response.end("data: [DONE]\n\n");
}

function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, "x");
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", more);
  response.on("error", () => {});
  more();
}

async function readJson(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, unknown>;
}
