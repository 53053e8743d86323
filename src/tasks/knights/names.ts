/**
 * One text for all problems that differ in the names of the people only: the least of those in which the people stand in
 * an order that their statements alone determine. People are told apart by what they say, of whom, and what is said of
 * them, again and again until it tells no more of them apart; those that are still alike are tried in every order, which is
 * few orders but where all people are alike.
 */
/** What somebody says: what one other person is, or whether two people are alike. People are numbers from 0. */
export type Statement =
  | { readonly of: readonly [number]; readonly says: "honest" | "lies" }
  | { readonly of: readonly [number, number]; readonly says: "same" | "differ" };

/** The statements as a text, in the order of the people. */
export function asText(statements: readonly Statement[]): string {
  return statements.map(({ of, says }) => `${[...of].sort((x, y) => x - y).join("")}${says}`).join(" ");
}

/** {@link asText} of the people in an order that does not depend on their names. */
export function normalForm(statements: readonly Statement[]): string {
  let least: string | null = null;
  for (const order of orders(classes(statements))) {
    const place = new Map(order.map((person, i) => [person, i]));
    const text = asText(
      order.map((person): Statement => {
        const { of, says } = statements[person]!;
        return { of: of.map((one) => place.get(one)!), says } as unknown as Statement;
      }),
    );
    if (least === null || text < least) least = text;
  }
  return least ?? "";
}

/** The people in groups of those that cannot be told apart, in an order that does not depend on their names. */
function classes(statements: readonly Statement[]): number[][] {
  let ranks = statements.map(() => 0);
  for (;;) {
    const signs = statements.map(({ of, says }, person) => {
      const about = of.map((one) => (one === person ? "self" : `${ranks[one]}`)).sort();
      const heard = statements
        .flatMap((said, speaker) => (isAbout(said, person) ? [`${ranks[speaker]}${said.says}${said.of.length}`] : []))
        .sort();
      return `${ranks[person]} ${says} ${about.join(",")} ${heard.join(",")}`;
    });
    const different = [...new Set(signs)].sort();
    const finer = signs.map((sign) => different.indexOf(sign));
    if (different.length === new Set(ranks).size) {
      return different.map((_, rank) => [...finer.keys()].filter((person) => finer[person] === rank));
    }
    ranks = finer;
  }
}

function isAbout({ of }: Statement, person: number): boolean {
  return of.some((one) => one === person);
}

/** All orders that keep the groups one after the other. */
function* orders(groups: readonly (readonly number[])[]): Generator<number[]> {
  const [group, ...others] = groups;
  if (group === undefined) yield [];
  else for (const first of permutations(group)) for (const rest of orders(others)) yield [...first, ...rest];
}

function* permutations(people: readonly number[]): Generator<number[]> {
  if (people.length === 0) yield [];
  for (const person of people) {
    for (const rest of permutations(people.filter((other) => other !== person))) yield [person, ...rest];
  }
}
