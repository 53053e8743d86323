/**
 * One assumption and what follows from it (`A=K`, `A=K B=L`, `B=L A=C C=K`): who speaks, what two people are to each other
 * if the statement is about two (`A=C` alike, `A/C` not), and the kind that follows. Once everybody's kind is known, those
 * who have not spoken yet are heard: what they say must fit (`C=K B=L yes`). A "no" takes the assumption back
 * (`wait A=L`). The last line gathers the kinds.
 *
 * A solution holds no other problem of the family: all its lines are about all the people of this one.
 */
import type { Method } from "../trace/calculate.ts";
import type { Pen } from "../trace/pen.ts";
import { conclusions, type KnightsFacts, knights, letterOf, nameOf, type Statement, spelled } from "./index.ts";

export const knightsMethod: Method<KnightsFacts> = {
  work(facts, pen) {
    const first = assume(facts, true, pen);
    let kinds = first.kinds;
    if (!first.fits) {
      pen.opening = "wait";
      // After slips the contrary need not fit either; then it stands all the same.
      kinds = assume(facts, false, pen).kinds;
    }
    pen.line(kinds.map((knight, person) => told(person, knight)).join(" "));
    return spelled(kinds);
  },
  /** Everybody is heard in turn, with the kinds of the answer, up to the first who does not fit. */
  check({ statements }, answer, pen) {
    const kinds = answer.split("-").map((letter) => letter === "K");
    const parts: string[] = [];
    let holds = true;
    for (let speaker = 0; speaker < statements.length && holds; speaker++) {
      const about = spokenOf(statements[speaker]!, speaker);
      const kind = pen.judged(kindOf(statements[speaker]!, kinds[speaker]!, about, kinds));
      holds = kind === kinds[about];
      parts.push(line(statements[speaker]!, speaker, kinds[speaker]!, about, kind));
    }
    return { text: parts.join(" "), holds };
  },
  /** One or more of the people mistaken. */
  miss(facts, random) {
    for (;;) {
      const answer = spelled(facts.statements.map(() => random.chance(0.5)));
      if (knights.verify(facts, answer).score < 1) return answer;
    }
  },
};

/** What follows from the first person's kind; where it does not fit, what had followed so far. */
function assume(facts: KnightsFacts, first: boolean, pen: Pen): { kinds: boolean[]; fits: boolean } {
  const { statements } = facts;
  // People who are never reached are taken for knights; there are none unless a problem was made by hand.
  const kinds = statements.map(() => true);
  kinds[0] = first;
  pen.line(told(0, first));
  const order = conclusions(facts);
  for (const { speaker, about } of order) {
    const kind = pen.judged(kindOf(statements[speaker]!, kinds[speaker]!, about, kinds));
    pen.line(line(statements[speaker]!, speaker, kinds[speaker]!, about, kind));
    kinds[about] = kind;
  }
  const spoken = new Set(order.map(({ speaker }) => speaker));
  for (const [speaker, statement] of statements.entries()) {
    if (spoken.has(speaker)) continue;
    const about = spokenOf(statement, speaker);
    const kind = pen.judged(kindOf(statement, kinds[speaker]!, about, kinds));
    const fits = kind === kinds[about];
    pen.line((words) => `${line(statement, speaker, kinds[speaker]!, about, kind)} ${fits ? words.yes : words.no}`);
    if (!fits) return { kinds, fits };
  }
  return { kinds, fits: true };
}

/** The kind of `about` that follows from a statement of somebody of this kind. */
function kindOf({ of, says }: Statement, knight: boolean, about: number, kinds: readonly boolean[]): boolean {
  const claimed = says === "honest" || says === "same";
  const agrees = claimed === knight;
  if (of.length === 1) return agrees;
  const other = kinds[of[0] === about ? of[1] : of[0]]!;
  return agrees ? other : !other;
}

/** Somebody whom a statement is about, not the speaker himself. */
function spokenOf({ of }: Statement, speaker: number): number {
  return of.findLast((person) => person !== speaker)!;
}

function told(person: number, knight: boolean): string {
  return `${nameOf(person)}=${letterOf(knight)}`;
}

/** A speaker's kind, what he says put right, and what follows. */
function line({ of, says }: Statement, speaker: number, knight: boolean, about: number, kind: boolean): string {
  const parts = [told(speaker, knight)];
  if (of.length === 2) {
    const other = of[0] === about ? of[1] : of[0];
    const alike = (says === "same") === knight;
    parts.push(`${nameOf(other)}${alike ? "=" : "/"}${nameOf(about)}`);
  }
  parts.push(told(about, kind));
  return parts.join(" ");
}
