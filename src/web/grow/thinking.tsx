/** What an answer thought, with what was forced into it marked: by a word and a line, never by colour alone. */
import { type Thought, thoughtPieces } from "../../report/forced-text.ts";

export function Thinking({ of }: { readonly of: Thought }) {
  return thoughtPieces(of).map(({ text, forced }, i) =>
    forced ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text stay where they are.
      <mark key={i} className="forced" title="Put here by the settings, not written by the model">
        {text}
        <small> forced</small>
      </mark>
    ) : (
      text
    ),
  );
}

/** Whether something was forced into it, as a small label. */
export function ForcedBadge({ of: { forced = [] } }: { readonly of: Pick<Thought, "forced"> }) {
  return forced.length > 0 && <span className="badge badge-forced">forced wait</span>;
}
