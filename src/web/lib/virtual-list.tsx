/**
 * A list of any length of which only the rows in sight exist: rows of one height, one tab stop, arrows and page keys.
 *
 * Left out: rows of different heights, which would need measuring; browsers refuse boxes higher than some 17 million pixels,
 * so beyond 200,000 rows the end of a list is reached by other filters.
 */
import { type ReactNode, useEffect, useId, useRef, useState } from "react";

export interface VirtualListProps<T> {
  /** What the list is, for those who do not see it. */
  readonly label: string;
  readonly total: number;
  /** Pixels. */
  readonly rowHeight: number;
  /** The item of a row; undefined while it is loading. */
  readonly item: (index: number) => T | undefined;
  readonly render: (item: T, index: number) => ReactNode;
  /** The row that is chosen; -1 for none. */
  readonly active: number;
  readonly onActive: (index: number) => void;
  /** A row was clicked, or Enter pressed on it: it is meant to be read now. */
  readonly onOpen: () => void;
  /** Rows that are in sight, both ends included: load these. */
  readonly onRange: (first: number, last: number) => void;
  /** Changes with the question: the list then begins at its top again. */
  readonly question: string;
}

const MOST_PIXELS = 16_000_000;
/** Rows beyond the edges, so that a quick scroll shows no gap. */
const SLACK = 4;

export function VirtualList<T>(props: VirtualListProps<T>) {
  const { label, rowHeight, item, render, active, onActive, onOpen, onRange, question } = props;
  const total = Math.min(props.total, Math.floor(MOST_PIXELS / rowHeight));
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const [view, setView] = useState({ top: 0, height: 0 });

  useEffect(() => {
    const element = box.current!;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another question begins at the top.
  useEffect(() => {
    if (box.current !== null) box.current.scrollTop = 0;
  }, [question]);

  const first = Math.max(0, Math.floor(view.top / rowHeight) - SLACK);
  const last = Math.min(total - 1, Math.ceil((view.top + view.height) / rowHeight) + SLACK);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another question needs other rows.
  useEffect(() => {
    if (view.height > 0 && last >= first) onRange(first, last);
  }, [first, last, question, view.height > 0]);

  const go = (index: number): void => {
    const next = Math.min(total - 1, Math.max(0, index));
    onActive(next);
    const element = box.current!;
    if (next * rowHeight < element.scrollTop) element.scrollTop = next * rowHeight;
    else if ((next + 1) * rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = (next + 1) * rowHeight - element.clientHeight;
  };
  const keys = (event: React.KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(view.height / rowHeight) - 1);
    const next = {
      ArrowDown: active + 1,
      ArrowUp: active < 0 ? 0 : active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: total - 1,
    }[event.key];
    if (event.key === "Enter" && active >= 0) onOpen();
    if (next === undefined || total === 0) return;
    event.preventDefault();
    go(next);
  };

  const rows: ReactNode[] = [];
  for (let index = first; index <= last; index++) {
    const value = item(index);
    rows.push(
      // biome-ignore lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the list holds focus and keys.
      <div
        key={index}
        id={`${id}-${index}`}
        role="option"
        aria-selected={index === active}
        aria-posinset={index + 1}
        aria-setsize={props.total}
        className="virtual-row"
        style={{ top: index * rowHeight, height: rowHeight }}
        onClick={() => {
          onActive(index);
          onOpen();
        }}
      >
        {value === undefined ? <span className="faint">…</span> : render(value, index)}
      </div>,
    );
  }
  return (
    <div
      ref={box}
      className="virtual"
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-activedescendant={active >= first && active <= last ? `${id}-${active}` : undefined}
      onKeyDown={keys}
      onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
    >
      <div className="virtual-all" style={{ height: total * rowHeight }}>
        {rows}
      </div>
    </div>
  );
}
