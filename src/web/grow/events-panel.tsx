/** What the run has said: warnings first seen plainly, the rest on demand. */
import { useState } from "react";
import { clock, plural, sentence } from "../../report/format.ts";
import type { RunEvent } from "../../serve/wire.ts";
import { told } from "../lib/told.ts";

const SHOWN = 6;
/** A run of days may say thousands of things: they come by the hundred. */
const MORE = 200;
const WORDS = { info: "Note", warning: "Warning", error: "Error" } as const;

export function EventsPanel({ events }: { readonly events: readonly RunEvent[] }) {
  const [most, setMost] = useState(SHOWN);
  const all = most >= events.length;
  const shown = events.slice(-most).reverse();
  return (
    <section aria-labelledby="events-title" className="panel">
      <header className="panel-head">
        <h2 id="events-title">Events</h2>
      </header>
      {events.length === 0 ? (
        <p className="empty-line">Nothing to report.</p>
      ) : (
        <ol className="events card">
          {shown.map((event) => (
            <li key={event.id} className={`event event-${event.level}`}>
              <span className="event-level">{WORDS[event.level]}</span>
              <span className="event-text told">
                {told({ message: event.message })}
                {event.help !== null && <span className="event-help">{sentence(event.help)}</span>}
              </span>
              <span className="event-when">
                {event.step !== null && <>step {event.step}</>}
                {event.step !== null && event.time !== null && " · "}
                {event.time !== null && <time dateTime={event.time}>{clock(event.time)}</time>}
              </span>
            </li>
          ))}
        </ol>
      )}
      {events.length > SHOWN && (
        <button
          type="button"
          className="link"
          onClick={() => setMost(all ? SHOWN : most + MORE)}
          aria-expanded={most > SHOWN}
        >
          {all
            ? "Show fewer"
            : `Show ${most + MORE < events.length ? `${MORE} more of` : "all"} ${plural(events.length, "event", "events")}`}
        </button>
      )}
    </section>
  );
}
