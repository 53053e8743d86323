/**
 * Server-sent events, read from text that arrives in any pieces (WHATWG HTML, §9.2.6): lines end in LF, CR or CRLF, also
 * where a piece ends between the two; lines that begin with a colon are comments, which servers send to keep a
 * connection alive. Each character is looked at once.
 *
 * Left out: `id` and `retry`, which only serve to reconnect. Beyond the standard, an event that ends with the
 * connection instead of an empty line is read all the same: servers forget it after their last one.
 */

export interface ServerEvent {
  /** Its name; "" for none. */
  readonly event: string;
  /** Its data lines, joined by LF. */
  readonly data: string;
}

export class EventReader {
  #line = "";
  /** The last piece ended in CR: an LF that follows belongs to it. */
  #afterReturn = false;
  #event = "";
  #data: string[] = [];

  /** The events that this piece of text completes. */
  push(text: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    let start = this.#afterReturn && text.startsWith("\n") ? 1 : 0;
    if (text !== "") this.#afterReturn = false;
    const ends = /\r\n|\n|\r/g;
    ends.lastIndex = start;
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      this.#take(this.#line + text.slice(start, end.index), events);
      this.#line = "";
      start = ends.lastIndex;
      this.#afterReturn = end[0] === "\r" && start === text.length;
    }
    this.#line += text.slice(start);
    return events;
  }

  /** The events that the end of the connection completes. */
  end(): ServerEvent[] {
    return this.push("\n\n");
  }

  #take(line: string, events: ServerEvent[]): void {
    if (line === "") {
      if (this.#data.length > 0) events.push({ event: this.#event, data: this.#data.join("\n") });
      this.#event = "";
      this.#data = [];
      return;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
  }
}
