/** A row of links to the parts of something. Where it is wider than its place it scrolls, and shows the link that is current. */
import { type ReactNode, useEffect, useLayoutEffect, useRef } from "react";

export interface BarProps {
  readonly label: string;
  readonly className?: string;
  /** Links, one of them with `aria-current="page"`. */
  readonly children: ReactNode;
}

export function Bar({ label, className, children }: BarProps) {
  const bar = useRef<HTMLElement>(null);
  const before = useRef<{ readonly current: Element | null; readonly links: number }>({ current: null, links: 0 });

  // After every change of the links, but not after each rendering: whoever has scrolled the bar is left alone.
  useLayoutEffect(() => {
    const current = currentOf(bar.current!);
    const links = bar.current!.childElementCount;
    if (before.current.current === current && before.current.links === links) return;
    before.current = { current, links };
    reveal(bar.current!);
  });

  // A phone that is turned, and a view that comes back from behind another, where it had no width.
  useEffect(() => {
    const observer = new ResizeObserver(() => reveal(bar.current!));
    observer.observe(bar.current!);
    return () => observer.disconnect();
  }, []);

  return (
    <nav ref={bar} className={className === undefined ? "bar" : `bar ${className}`} aria-label={label}>
      {children}
    </nav>
  );
}

function currentOf(bar: HTMLElement): Element | null {
  return bar.querySelector("[aria-current='page']");
}

/** Into the middle, so that what lies on both sides of it is seen to be there. The page itself must not move. */
function reveal(bar: HTMLElement): void {
  const current = currentOf(bar);
  if (current === null) return;
  const link = current.getBoundingClientRect();
  const place = bar.getBoundingClientRect();
  bar.scrollLeft += link.left + link.width / 2 - (place.left + place.width / 2);
}
