/** The client against servers on this machine, well behaved and not. */
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  beginStream,
  chunk,
  completion,
  type Endpoint,
  type Exchange,
  event,
  sendJson,
  startEndpoint,
} from "../../test/endpoint.ts";
import { ReckonError } from "../util/errors.ts";
import { ChatClient, type ClientSettings, chatAddress } from "./chat-client.ts";
import { ClientError } from "./errors.ts";
import type { ChatDelta, ChatReply } from "./types.ts";

let servers: Endpoint[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

const KEY = "sk-very-secret-0123456789";
const ASK = { messages: [{ role: "user", content: "6*7?" }] } as const;

async function serve(
  answer: (exchange: Exchange) => unknown,
  settings: Partial<ClientSettings> = {},
): Promise<{ server: Endpoint; client: ChatClient }> {
  const server = await startEndpoint(answer);
  servers.push(server);
  const retry = { attempts: 3, firstMs: 5, longestMs: 20, ...settings.retry };
  return { server, client: new ChatClient({ url: server.url, model: "m", apiKey: KEY, ...settings, retry }) };
}

async function failure(promise: Promise<unknown>): Promise<ClientError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ClientError && error instanceof ReckonError, String(error));
    assert.ok(!`${error.message} ${error.stack}`.includes(KEY), "a key in an error");
    return error;
  }
  assert.fail("it did not fail");
}

describe("answers", () => {
  test("a whole answer with thinking, usage and reason to end; what was asked stands in the body", async () => {
    const { server, client } = await serve(
      ({ response }) =>
        sendJson(
          response,
          completion(
            { reasoning_content: "6*7=42", reasoning: "6*7=42", content: "42" },
            {
              usage: {
                prompt_tokens: 7,
                completion_tokens: 9,
                completion_tokens_details: { reasoning_tokens: 6 },
                prompt_tokens_details: { cached_tokens: 3 },
                cost: 0.25,
              },
            },
          ),
        ),
      { stream: false, tokenLimitField: "max_completion_tokens" },
    );
    const request = {
      ...ASK,
      maxTokens: 50,
      temperature: 0.6,
      topP: 0.95,
      seed: 4,
      extra: { reasoning_effort: "low" },
    };
    const { seconds, ...reply } = await client.chat(request);
    assert.deepEqual(reply, {
      thinking: "6*7=42",
      content: "42",
      finish: "stop",
      usage: { promptTokens: 7, completionTokens: 9, reasoningTokens: 6, cachedTokens: 3, cost: 0.25 },
      model: "mock-1",
      attempts: 1,
    } satisfies Omit<ChatReply, "seconds">);
    assert.ok(seconds > 0);
    const { body, headers, path } = server.exchanges[0]!;
    assert.equal(path, "/v1/chat/completions");
    assert.equal(headers.authorization, `Bearer ${KEY}`);
    assert.deepEqual(body, {
      model: "m",
      messages: [{ role: "user", content: "6*7?" }],
      max_completion_tokens: 50,
      temperature: 0.6,
      top_p: 0.95,
      seed: 4,
      reasoning_effort: "low",
    });
  });

  const streamed = [
    ": ping\r\n\r\n",
    event(chunk({ role: "assistant", content: "" })),
    event(chunk({ reasoning: "ünd " })),
    ": ping\n\n",
    event(chunk({ reasoning: "6*7" })),
    event(chunk({ content: "4" })).replaceAll("\n", "\r\n"),
    event(chunk({ content: "2" }, "stop")),
    event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } }),
    event("[DONE]"),
  ].join("");

  test("a stream, cut into single bytes in the middle of characters and line ends", async () => {
    const { client, server } = await serve(async ({ response }) => {
      beginStream(response);
      const bytes = Buffer.from(streamed);
      for (let i = 0; i < bytes.length; i++) {
        response.write(bytes.subarray(i, i + 1));
        if (i % 50 === 0) await sleep(0);
      }
      response.end();
    });
    const deltas: ChatDelta[] = [];
    const stream = client.stream(ASK);
    let reply: ChatReply;
    for (;;) {
      const { done, value } = await stream.next();
      if (done) {
        reply = value;
        break;
      }
      deltas.push(value);
    }
    assert.deepEqual([reply.thinking, reply.content, reply.finish], ["ünd 6*7", "42", "stop"]);
    assert.deepEqual(reply.usage, { promptTokens: 3, completionTokens: 4 });
    assert.deepEqual(deltas, [
      { phase: "thinking", text: "ünd " },
      { phase: "thinking", text: "6*7" },
      { phase: "content", text: "4" },
      { phase: "content", text: "2" },
    ]);
    assert.deepEqual(server.exchanges[0]!.body.stream_options, { include_usage: true });
  });

  test("dialects: think tags, lists of parts, no [DONE], no reason to end, a type that is wrong, JSON where a stream was asked", async () => {
    const forms: ((exchange: Exchange) => void)[] = [
      ({ response }) => {
        beginStream(response, "text/plain");
        for (const piece of ["<th", "ink>6*7</th", "ink>\n\n4", "2"]) response.write(event(chunk({ content: piece })));
        response.end(event(chunk({}, "stop")));
      },
      ({ response }) => {
        beginStream(response, "application/json");
        response.write(event(chunk({ content: [{ type: "thinking", thinking: [{ type: "text", text: "6*7" }] }] })));
        response.end(event(chunk({ content: [{ type: "text", text: "42" }] })) + event("[DONE]"));
      },
      ({ response }) => sendJson(response, completion({ content: "6*7</think>42" }, { usage: null }, "length")),
      ({ response }) => {
        response.writeHead(200, { "content-type": "text/html" });
        response.end(
          `\n ${JSON.stringify(completion({ reasoning_content: "6*7", content: "42" }, {}, "content_filter"))}`,
        );
      },
    ];
    const { client } = await serve((exchange) => forms[exchange.number]!(exchange));
    const replies = [];
    for (const _ of forms) replies.push(await client.chat(ASK));
    for (const { thinking, content } of replies) assert.deepEqual([thinking, content], ["6*7", "42"]);
    assert.deepEqual(
      replies.map(({ finish }) => finish),
      ["stop", "unknown", "length", "filter"],
    );
    assert.equal(replies[2]!.usage, undefined);
  });

  test("to stop listening ends the connection", async () => {
    let closed = false;
    const { client } = await serve(async ({ response }) => {
      response.on("close", () => {
        closed = true;
      });
      beginStream(response);
      while (!closed) {
        response.write(event(chunk({ content: "on and on " })));
        await sleep(2);
      }
    });
    for await (const _ of client.stream(ASK)) break;
    for (let i = 0; i < 200 && !closed; i++) await sleep(10);
    assert.ok(closed);
  });
});

describe("trying again", () => {
  test("after 429, as long as Retry-After says, all requests of the client; after 500 and a broken connection", async () => {
    const times: number[] = [];
    const { client } = await serve(
      ({ number, response }) => {
        times.push(performance.now());
        if (number === 0) sendJson(response, { error: { message: "slow down" } }, 429, { "retry-after": "1" });
        else sendJson(response, completion({ content: "42" }));
      },
      { concurrency: 1 },
    );
    const [first, second] = await Promise.all([client.chat(ASK), client.chat(ASK)]);
    assert.deepEqual([first!.attempts, second!.attempts], [2, 1]);
    assert.ok(times[1]! - times[0]! >= 990, `${times[1]! - times[0]!} ms`);

    const notices: string[] = [];
    const rough = await serve(
      ({ number, response }) => {
        if (number === 0) sendJson(response, { detail: "gone wrong" }, 503);
        else if (number === 1) response.destroy();
        else sendJson(response, completion({ content: "42" }));
      },
      { onRetry: ({ error }) => notices.push(error.code) },
    );
    assert.equal((await rough.client.chat(ASK)).attempts, 3);
    assert.deepEqual(notices, ["CLIENT_SERVER", "CLIENT_UNREACHABLE"]);
  });

  test("a stream that is cut is no answer and is asked again; what has been given out already is not", async () => {
    const cut = ({ number, response }: Exchange): void => {
      beginStream(response);
      response.write(event(chunk({ content: "4" })));
      if (number === 0) setTimeout(() => response.destroy(), 20);
      else if (number === 1)
        response.end(`data: {"choices":[{"del`); // A clean end in the middle of a line.
      else response.end(event(chunk({ content: "2" }, "stop")));
    };
    const { client } = await serve(cut);
    const reply = await client.chat(ASK);
    assert.deepEqual([reply.content, reply.attempts], ["42", 3]);
    const other = await serve(cut);
    const error = await failure(
      (async () => {
        for await (const _ of other.client.stream(ASK));
      })(),
    );
    assert.equal(error.retry, true);
    assert.equal(other.server.exchanges.length, 1);
  });

  test("given up after so many requests; never for a refusal, an empty account, x-should-retry false, a long wait", async () => {
    const cases: [status: number, body: unknown, headers: object, code: string, requests: number, lasting: boolean][] =
      [
        [500, { error: { message: "no" } }, {}, "CLIENT_SERVER", 3, false],
        [429, { error: "later" }, {}, "CLIENT_RATE", 3, false],
        [429, {}, { "x-should-retry": "false" }, "CLIENT_RATE", 1, false],
        [429, {}, { "retry-after": "4000" }, "CLIENT_RATE", 1, true],
        [429, { error: { code: "insufficient_quota", message: "pay" } }, {}, "CLIENT_QUOTA", 1, true],
        [402, {}, {}, "CLIENT_QUOTA", 1, true],
        [400, { error: { message: "bad" } }, {}, "CLIENT_REFUSED", 1, false],
        [404, { error: { message: "no such model" } }, {}, "CLIENT_REFUSED", 1, true],
        [401, { error: { message: `Incorrect API key ${KEY}` } }, {}, "CLIENT_AUTH", 1, true],
        [302, {}, { location: "http://127.0.0.1:1/elsewhere?x=1" }, "CLIENT_REDIRECT", 1, true],
      ];
    for (const [status, body, headers, code, requests, lasting] of cases) {
      const { client, server } = await serve(({ response }) => sendJson(response, body, status, headers));
      const error = await failure(client.chat(ASK));
      assert.deepEqual([error.code, server.exchanges.length, error.lasting], [code, requests, lasting], `${status}`);
      assert.equal(error.attempts, requests);
    }
  });

  test("what nobody waits for any more is not sent again", async () => {
    const { client, server } = await serve(({ response }) => sendJson(response, {}, 503, { "retry-after": "60" }));
    let wanted = true;
    const asked = failure(client.chat(ASK, { again: () => wanted }));
    while (server.exchanges.length === 0) await sleep(5);
    wanted = false;
    assert.equal((await asked).code, "CLIENT_SERVER");
    assert.equal(server.exchanges.length, 1);
  });

  test("a server that is not there", async () => {
    const { client, server } = await serve(() => {});
    await server.close();
    const error = await failure(client.chat(ASK));
    assert.deepEqual([error.code, error.attempts], ["CLIENT_UNREACHABLE", 3]);
    assert.match(error.message, /ECONNREFUSED/);
  });
});

describe("limits", () => {
  const once = { retry: { attempts: 1 } };

  test("a server that never begins, one that stops in the middle, one that drips for ever", async () => {
    const silent = await serve(() => {}, { ...once, timeouts: { first: 0.1 } });
    const { message } = await failure(silent.client.chat(ASK));
    assert.match(message, /does not begin to answer.*--timeout of reckon sample, or timeouts\.first/s);
    const stuck = await serve(
      ({ response }) => {
        beginStream(response);
        response.write(event(chunk({ content: "4" })));
      },
      { ...once, timeouts: { idle: 0.1 } },
    );
    assert.match((await failure(stuck.client.chat(ASK))).message, /stopped in its answer/);
    const dripping = await serve(
      async ({ response }) => {
        beginStream(response);
        while (!response.destroyed) {
          response.write(": ping\n\n");
          await sleep(10);
        }
      },
      { ...once, timeouts: { total: 0.2 } },
    );
    const error = await failure(dripping.client.chat(ASK));
    assert.equal(error.code, "CLIENT_TIMEOUT");
    assert.match(error.message, /takes too long.*wait longer: timeouts\.total of/s);
  });

  test("an AbortSignal ends a request, a wait between two, and one that has not begun", async () => {
    const reason = new Error("enough");
    const { client, server } = await serve(() => {}, { concurrency: 1 });
    const controller = new AbortController();
    const both = [client.chat(ASK, { signal: controller.signal }), client.chat(ASK, { signal: controller.signal })];
    const rejected = both.map((promise) => assert.rejects(promise, (error) => error === reason));
    while (server.exchanges.length === 0) await sleep(5);
    controller.abort(reason);
    await Promise.all(rejected);
    assert.equal(server.exchanges.length, 1);
    const limited = await serve(({ response }) => sendJson(response, {}, 429, { "retry-after": "60" }));
    await assert.rejects(limited.client.chat(ASK, { signal: AbortSignal.timeout(100) }), { name: "TimeoutError" });
  });

  test("never more requests at once than allowed, and all of them in the end", async () => {
    let now = 0;
    let most = 0;
    const { promise: full, resolve: fill } = Promise.withResolvers<void>();
    const { client } = await serve(
      async ({ response }) => {
        most = Math.max(most, ++now);
        if (now === 3) fill();
        await Promise.race([full, sleep(2000)]);
        await sleep(10);
        now--;
        sendJson(response, completion({ content: "42" }));
      },
      { concurrency: 3 },
    );
    const replies = await Promise.all(Array.from({ length: 12 }, () => client.chat(ASK)));
    assert.equal(replies.length, 12);
    assert.equal(most, 3);
  });

  test("a response without an end is cut off at the limit of bytes", async () => {
    let sent = 0;
    const { client } = await serve(
      async ({ response }) => {
        beginStream(response);
        const piece = event(chunk({ content: "x".repeat(10_000) }));
        while (!response.destroyed) {
          sent += piece.length;
          if (!response.write(piece)) await Promise.race([new Promise((r) => response.once("drain", r)), sleep(50)]);
        }
      },
      { ...once, maxBytes: 1_000_000 },
    );
    assert.equal((await failure(client.chat(ASK))).code, "CLIENT_TOO_LARGE");
    assert.ok(sent < 50_000_000);
    const error = await serve(({ response }) => {
      response.writeHead(500);
      response.end("e".repeat(5_000_000));
    }, once);
    const told = await failure(error.client.chat(ASK));
    assert.equal(told.code, "CLIENT_SERVER");
    assert.ok(told.message.length < 1000);
  });
});

describe("nonsense", () => {
  test("broken JSON, a web page, nothing, no choices, an error in a response of 200 and inside of a stream", async () => {
    const cases: [answer: (exchange: Exchange) => void, code: string][] = [
      [({ response }) => void response.end(`{"choices": [{"message"`), "CLIENT_INVALID"],
      [({ response }) => void response.end(`<html>\u001b[31mSign in${" ".repeat(3000)}`), "CLIENT_INVALID"],
      [({ response }) => void response.end(), "CLIENT_INVALID"],
      [({ response }) => void response.end("[]"), "CLIENT_INVALID"],
      [({ response }) => sendJson(response, { choices: [] }), "CLIENT_INVALID"],
      [({ response }) => sendJson(response, { error: { message: "overloaded" } }), "CLIENT_SERVER"],
      [
        ({ response }) => {
          beginStream(response);
          response.end(event(chunk({ content: "4" })) + event({ error: { message: "overloaded", code: 502 } }));
        },
        "CLIENT_SERVER",
      ],
      [
        ({ response }) => {
          beginStream(response);
          response.end("data: {nonsense}\n\n");
        },
        "CLIENT_INVALID",
      ],
    ];
    for (const [answer, code] of cases) {
      const { client } = await serve(answer, { retry: { attempts: 1 } });
      const error = await failure(client.chat(ASK));
      assert.equal(error.code, code, error.message);
      assert.doesNotMatch(error.message.replaceAll("\n", ""), /\p{Cc}/u);
    }
  });

  test("addresses and keys that cannot be used", () => {
    const fails = (settings: Partial<ClientSettings>): ClientError => {
      try {
        new ChatClient({ url: "http://127.0.0.1:1/v1", model: "m", ...settings });
      } catch (error) {
        return error as ClientError;
      }
      assert.fail("it was accepted");
    };
    for (const url of ["", "nonsense", "ftp://a/v1", "http://me:pw@a/v1", "https://a/v1?api_key=hush"]) {
      const error = fails({ url });
      assert.equal(error.code, "CLIENT_SETTING");
      assert.doesNotMatch(error.message, /pw|hush/);
    }
    for (const apiKey of ["a\nb", "schlüssel"]) {
      const error = fails({ apiKey });
      assert.equal(error.code, "CLIENT_SETTING");
      assert.ok(!error.message.includes(apiKey));
    }
    const addresses = ["http://a/v1", "http://a/v1/", "http://a/v1/chat/completions", "http://a/v1?api-version=2"];
    assert.deepEqual(
      addresses.map((url) => chatAddress(url).href),
      [
        "http://a/v1/chat/completions",
        "http://a/v1/chat/completions",
        "http://a/v1/chat/completions",
        "http://a/v1/chat/completions?api-version=2",
      ],
    );
  });
});
