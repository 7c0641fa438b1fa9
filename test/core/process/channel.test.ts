import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { RequestChannel } from "../../../src/core/process/channel.ts";
import { forkChild } from "../../../src/core/process/child.ts";

type Request =
  | { readonly type: "say"; readonly id: number; readonly text: string }
  | { readonly type: "fail" | "hang" | "cancelled" | "die"; readonly id: number };
type Reply = { readonly type: "said"; readonly id: number; readonly text: string };

const open = () => {
  const child = forkChild(fileURLToPath(new URL("./echo-child.mjs", import.meta.url)));
  const channel = new RequestChannel<Request, Reply>(child, "the echo");
  return Object.assign(channel, { [Symbol.asyncDispose]: () => channel.close() });
};

describe("RequestChannel", () => {
  it("gives each request its own reply", async () => {
    await using channel = open();
    const texts = ["a", "b", "c"];
    const replies = await Promise.all(texts.map((text) => channel.ask({ type: "say", text })));
    expect(replies.map(({ text }) => text)).toEqual(texts);
  });

  it("throws what went wrong there, as it was recorded there", async () => {
    await using channel = open();
    await expect(channel.ask({ type: "fail" })).rejects.toMatchObject({
      code: "ERR_MINE",
      boundary: "config",
      retryable: true,
      message: "no",
    });
  });

  it("rejects with the signal's reason at once, and tells the process", async () => {
    await using channel = open();
    await channel.ask({ type: "say", text: "first, with id 0" });
    const controller = new AbortController();
    const waiting = channel.ask({ type: "hang" }, controller.signal);
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    expect((await channel.ask({ type: "cancelled" })).text).toBe("1");
  });

  it("rejects everything that waits, and everything after, when the process is lost", async () => {
    await using channel = open();
    const hanging = channel.ask({ type: "hang" });
    const lost = { code: "ERR_SERVING_LOST", message: "the echo ended (exit code 3)" };
    await expect(channel.ask({ type: "die" })).rejects.toMatchObject(lost);
    await expect(hanging).rejects.toMatchObject(lost);
    await expect(channel.ask({ type: "say", text: "?" })).rejects.toMatchObject(lost);
  });
});
