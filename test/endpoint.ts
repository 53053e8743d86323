/** A local HTTP server that plays an OpenAI-compatible endpoint, well behaved or not, for tests. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface Exchange {
  /** Counted from 0. */
  readonly number: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it sent
  readonly body: any;
  readonly response: ServerResponse;
}

export interface Endpoint {
  /** Address of the API, ending in /v1. */
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  /** Connections that are open now. */
  readonly open: number;
  close(): Promise<void>;
}

/** Starts a server on 127.0.0.1 that answers every request by `answer`. */
export async function startEndpoint(answer: (exchange: Exchange) => unknown): Promise<Endpoint> {
  const exchanges: Exchange[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const text = Buffer.concat(pieces).toString();
      const exchange: Exchange = {
        number: exchanges.length,
        path: request.url ?? "",
        headers: request.headers,
        body: text === "" ? undefined : JSON.parse(text),
        response,
      };
      exchanges.push(exchange);
      Promise.resolve(answer(exchange)).catch((error: unknown) => response.destroy(error as Error));
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    exchanges,
    get open() {
      return sockets.size;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export function sendJson(response: ServerResponse, value: unknown, status = 200, headers: object = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
}

/** A whole chat completion. */
export function completion(message: object, more: object = {}, finish = "stop"): object {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    model: "mock-1",
    choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: finish }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    ...more,
  };
}

/** One event of a stream. */
export const event = (value: unknown): string =>
  `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;

export const chunk = (delta: object, finish: string | null = null): object => ({
  object: "chat.completion.chunk",
  model: "mock-1",
  choices: [{ index: 0, delta, finish_reason: finish }],
});

/** Begins a stream of events. */
export function beginStream(response: ServerResponse, type = "text/event-stream"): void {
  response.writeHead(200, { "content-type": type });
}
