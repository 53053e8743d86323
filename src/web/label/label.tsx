/** Rate: a chain of thought, its aspects from 1 to 5, the next one. Ratings go into the file as they are given. */
import { useLayoutEffect, useMemo, useState } from "react";
import type { LabelInfo, LabelItem } from "../../serve/wire.ts";
import { routeHash } from "../lib/route.ts";
import { Failure } from "../lib/status-parts.tsx";
import { type Rating, type Sent, useRating } from "./use-label.ts";

/** In the order in which keys give them; the words say what 1 and 5 are. */
const ASPECTS = [
  { name: "correctness", asks: "Is it right, line by line and at its end?", low: "wrong", high: "right" },
  { name: "clarity", asks: "Can one read it?", low: "unreadable", high: "plain" },
  { name: "coherence", asks: "Does one line follow from the other?", low: "a jumble", high: "one thread" },
  { name: "completeness", asks: "Are all the steps there?", low: "missing", high: "all there" },
  { name: "efficiency", asks: "Is there nothing that is not needed?", low: "much to strike", high: "nothing" },
] as const;
const SCALE = [1, 2, 3, 4, 5] as const;

interface LabelProps {
  readonly known: LabelInfo | null;
  readonly place: number | null;
  readonly sent: Sent;
}

export function Label({ known, place, sent }: LabelProps) {
  const index =
    known === null || known.file === null ? null : Math.min((place ?? (known.first ?? 0) + 1) - 1, known.traces - 1);
  const { item, info, failure, unsaved, saving, rate } = useRating(index, known, sent);
  if (known === null) return <p className="lede">One moment.</p>;
  if (known.file === null) {
    return (
      <p className="lede">
        There is nothing to rate. Start the studio with a file of traces: <code>reckon start --label FILE</code>.
      </p>
    );
  }
  return (
    <div className="label">
      <div className="label-head">
        <h1>Rate</h1>
        <p role="status">
          {info?.rated} of {info?.traces} in {known.file} rated{saving ? " · saving" : ""}
        </p>
      </div>
      <Failure of={failure} />
      {unsaved !== null && <Failure of={unsaved.failure} lead={`Trace ${unsaved.index + 1} is not saved: `} />}
      {item !== null && <Sheet key={item.index} item={item} count={info?.traces ?? 1} rate={rate} />}
    </div>
  );
}

interface SheetProps {
  readonly item: LabelItem;
  /** Traces in the file. */
  readonly count: number;
  readonly rate: Rating["rate"];
}

/** One trace and its aspects. It is made anew for each: what the keys rate next is so with the first sight of it, and no key finds another. */
function Sheet({ item, count, rate }: SheetProps) {
  const aspects = useMemo(() => aspectsOf(item), [item]);
  /** Which aspect the next key rates: at the beginning the first that lacks a rating. */
  const [turn, setTurn] = useState(() => firstOpen(item));

  // Before it is painted: a key that answers what is seen is not lost.
  useLayoutEffect(() => {
    const key = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const value = SCALE.find((one) => String(one) === event.key);
      if (value !== undefined && turn < aspects.length) {
        rate(aspects[turn]!.name, value);
        setTurn((now) => Math.min(now + 1, aspects.length));
      } else if (event.key === "Backspace") setTurn((now) => Math.max(0, now - 1));
      else if (event.key === "Enter" && event.target === document.body) goTo(item.next ?? item.index + 1);
      else if (event.key === "n") goTo(Math.min(item.index + 1, count - 1));
      else if (event.key === "p") goTo(Math.max(item.index - 1, 0));
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", key);
    return () => window.removeEventListener("keydown", key);
  }, [item, aspects, turn, rate, count]);

  const complete = firstOpen(item) === aspects.length;
  const chosen = (aspect: string): number => Math.round(item.ratings[aspect] ?? 0);
  return (
    <div className="label-sides">
      <section className="card label-text" aria-label={`Trace ${item.index + 1}`}>
        <Text item={item} />
      </section>
      <section className="card label-form" aria-label="Ratings">
        {aspects.map((aspect, i) => (
          <fieldset key={aspect.name} className={i === turn ? "label-aspect turn" : "label-aspect"}>
            <legend>{aspect.name}</legend>
            <p>
              {aspect.asks} 1 is {aspect.low}, 5 {aspect.high}.
            </p>
            <div className="label-scale">
              {SCALE.map((value) => (
                <label key={value}>
                  <input
                    type="radio"
                    name={aspect.name}
                    value={value}
                    aria-label={`${aspect.name} ${value}`}
                    checked={chosen(aspect.name) === value}
                    onChange={() => {
                      rate(aspect.name, value);
                      setTurn(i + 1);
                    }}
                    // What could not be saved is given again by choosing it again, which is no change.
                    onClick={() => chosen(aspect.name) === value && rate(aspect.name, value)}
                  />
                  <span aria-hidden="true">{value}</span>
                </label>
              ))}
            </div>
          </fieldset>
        ))}
        <div className="label-go">
          <button type="button" className="button" disabled={item.index === 0} onClick={() => goTo(item.index - 1)}>
            Previous
          </button>
          <button
            type="button"
            className={complete ? "button primary" : "button"}
            disabled={item.next === null && item.index + 1 >= count}
            onClick={() => goTo(complete && item.next !== null ? item.next : item.index + 1)}
          >
            {complete ? "Next" : "Skip"}
          </button>
        </div>
        <p className="label-keys">
          Keys: 1 to 5 rate one aspect after the other, Backspace goes back to the last one, Enter goes to the next
          trace without ratings, n and p to the next and the previous.
        </p>
      </section>
    </div>
  );
}

function Text({ item }: { readonly item: LabelItem }) {
  return (
    <>
      <p className="label-place">
        Trace {item.index + 1} · {item.id}
        {item.source === null ? "" : ` · by ${item.source}`}
        {item.score === null ? "" : item.score === 1 ? " · answer verified right" : " · answer verified wrong"}
      </p>
      <h2>Question</h2>
      <p className="label-words">{item.prompt}</p>
      <h2>Thinking</h2>
      {item.thinking === "" ? <p className="faint">None: it answers at once.</p> : <pre>{item.thinking}</pre>}
      <h2>Answer</h2>
      <p className="label-words">{item.answer}</p>
    </>
  );
}

/** The aspects of a trace: without thinking there is less to rate. */
function aspectsOf(item: LabelItem): readonly (typeof ASPECTS)[number][] {
  return ASPECTS.filter(({ name }) => item.aspects.includes(name));
}

/** The first aspect without a rating; their number if there is none. */
function firstOpen(item: LabelItem): number {
  const aspects = aspectsOf(item);
  const open = aspects.findIndex(({ name }) => item.ratings[name] === undefined);
  return open < 0 ? aspects.length : open;
}

function goTo(index: number): void {
  window.location.hash = routeHash({ view: "label", place: index + 1 });
}
