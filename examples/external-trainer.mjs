/**
 * A trainer and an inference server of one's own, around Afterstate's rollouts:
 *
 *   rollout ──chat completions──► our server, one logit          (policy openai:URL#MODEL)
 *   log ──lease──► our trainer, REINFORCE ──ack + publish──► our server takes the new weights
 *
 * The policy has one choice each turn, and one token for each: 0 tries the smallest number that is left, 1 the middle.
 * Ten guesses do not reach far from below, so it learns to halve. Runs offline: node examples/external-trainer.mjs
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, openRun, rollout } from "afterstate";

const weights = { version: 0, logit: -1 };
const probabilityOfHalving = () => 1 / (1 + Math.exp(-weights.logit));

/** What is left, by the answers so far: each of our guesses and the world's reply to it. */
function numbersLeft(messages) {
  let [low, high] = [1, 100];
  const guesses = messages.flatMap(({ tool_calls: calls }) =>
    (calls ?? []).map((call) => JSON.parse(call.function.arguments).guess),
  );
  const answers = messages.filter(({ role }) => role === "tool").map(({ content }) => content);
  for (const [turn, guess] of guesses.entries()) {
    if (answers[turn]?.includes("higher")) low = guess + 1;
    if (answers[turn]?.includes("lower")) high = guess - 1;
  }
  return [low, high];
}

/** Says which token it sampled, from which distribution, with which weights: that is what makes it trainable. */
function complete({ messages, seed }) {
  const halving = probabilityOfHalving();
  const token = createRandom(`${seed}/${messages.length}`).next() < halving ? 1 : 0;
  const [low, high] = numbersLeft(messages);
  const guess = token === 1 ? Math.floor((low + high) / 2) : low;
  const call = { id: "call_0", type: "function", function: { name: "act", arguments: JSON.stringify({ guess }) } };
  return {
    choices: [
      {
        index: 0,
        finish_reason: "tool_calls",
        message: { role: "assistant", content: null, tool_calls: [call] },
        token_ids: [token],
        logprobs: { content: [{ token: String(token), logprob: Math.log(token === 1 ? halving : 1 - halving) }] },
      },
    ],
    prompt_token_ids: [low, high],
    metadata: { weight_version: weights.version },
    usage: { prompt_tokens: 2, completion_tokens: 1 },
  };
}

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(complete(JSON.parse(body))));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const policy = `openai:http://127.0.0.1:${server.address().port}/v1#halving`;
const env = new URL("./guess-number.ts", import.meta.url).pathname;
const directory = await mkdtemp(join(tmpdir(), "afterstate-example-"));

const successes = [];
for (let round = 0; round < 3; round++) {
  const out = join(directory, `round-${round}`);
  const { success } = await rollout({ env, policy, episodes: 48, groupSize: 8, parallel: 8, seed: round, out });
  successes.push(success);
  console.log(
    `round ${round}: halves with probability ${probabilityOfHalving().toFixed(2)}, success ${success.toFixed(2)}`,
  );

  const run = await openRun(out);
  const queue = run.sampleQueue();
  for (let lease; (lease = await queue.lease({ consumer: "example", maxGroups: 3 }));) {
    let gradient = 0;
    for (const { samples, refused } of lease.groups) {
      assert.deepEqual(refused, [], "the server gives token ids and log-probabilities");
      const baseline = samples.reduce((sum, { outcome }) => sum + outcome, 0) / samples.length;
      for (const { outcome, steps } of samples)
        for (const { tokenIds, logprobs } of steps) {
          const halving = tokenIds[0] === 1 ? Math.exp(logprobs[0]) : 1 - Math.exp(logprobs[0]);
          gradient += ((outcome - baseline) * (tokenIds[0] - halving)) / samples.length;
        }
    }
    weights.logit += 5 * gradient;
    weights.version += 1;
    // Acknowledgement and new weights in one commit: no sample is lost or used twice, whatever is killed when.
    await queue.ack(lease.leaseId, {
      publish: { version: weights.version, path: "our/own/storage", manifest: { logit: weights.logit } },
    });
  }
  assert.deepEqual(queue.counts(), { ready: 0, leased: 0, acknowledged: 6 });
  await run.close();
}
assert.ok(successes.at(-1) > successes[0], `success rises: ${successes.join(", ")}`);

server.close();
await rm(directory, { recursive: true });
