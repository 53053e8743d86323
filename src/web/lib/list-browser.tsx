/** A long list with the item that is chosen in it beside it, or below it on a narrow screen. */

import type { ReactNode } from "react";
import { Failure } from "./status-parts.tsx";
import type { Choice } from "./use-choice.ts";
import { useDetail } from "./use-detail.ts";
import type { PageOf, Pages } from "./use-pages.ts";
import { VirtualList } from "./virtual-list.tsx";

export interface ListBrowserProps<T> {
  /** What the list is, for those who do not see it. */
  readonly label: string;
  readonly pages: Pages<T, PageOf<T>>;
  readonly choice: Choice<T>;
  /** Pixels. */
  readonly rowHeight: number;
  /** Changes with the question: the list then begins at its top again. */
  readonly question: string;
  /** How many there are, in words: "12 samples". */
  readonly told: (total: number) => string;
  /** Said where there are none. */
  readonly none: string;
  /** Takes back all filters; absent while there are none. */
  readonly onClear?: (() => void) | undefined;
  /** An item was chosen by hand. */
  readonly onChoose?: () => void;
  readonly render: (item: T) => ReactNode;
  /** The chosen item. */
  readonly children: ReactNode;
}

export function ListBrowser<T>(props: ListBrowserProps<T>) {
  const { label, pages, choice, rowHeight, question, told, none, onClear, onChoose, render, children } = props;
  const { head, loading, failure } = pages;
  const [detail, toDetail] = useDetail();
  return (
    <>
      <Failure of={failure} />
      <div className="browser">
        <div className="browser-list card" aria-busy={loading}>
          <p className="browser-count" aria-live="polite">
            {head === null || loading ? "Looking…" : head.total === 0 ? none : told(head.total)}
            {onClear !== undefined && (
              <button type="button" className="link" onClick={onClear}>
                Clear filters
              </button>
            )}
          </p>
          <VirtualList
            label={label}
            total={head?.total ?? 0}
            rowHeight={rowHeight}
            item={pages.item}
            active={choice.active}
            onActive={(index) => {
              choice.choose(index);
              onChoose?.();
            }}
            onOpen={toDetail}
            onRange={pages.show}
            question={question}
            render={render}
          />
        </div>
        <div className="browser-detail" ref={detail}>
          {children}
        </div>
      </div>
    </>
  );
}
