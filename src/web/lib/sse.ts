/** Reads server-sent events from a `fetch` answer: `EventSource` cannot POST. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Cuts a text stream into events; feed it chunks of any size. */
export class SseParser {
  #rest = "";

  /** Events that `chunk` completes. */
  push(chunk: string): ServerEvent[] {
    // A CR at the end may be the first half of CRLF: it waits.
    const text = this.#rest + chunk;
    const held = text.endsWith("\r") ? 1 : 0;
    const normal = text.slice(0, text.length - held).replace(/\r\n?/g, "\n");
    const blocks = normal.split("\n\n");
    this.#rest = blocks.pop()! + text.slice(text.length - held);
    return blocks.map(parseBlock).filter((event) => event !== null);
  }
}

function parseBlock(block: string): ServerEvent | null {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
  }
  return data.length === 0 ? null : { event, data: data.join("\n") };
}

/** Events of an answer, as they come. */
export async function* readEvents(response: Response): AsyncGenerator<ServerEvent> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new SseParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
