/**
 * The invented facts behind `recall`: 96 countries with their capitals, rivers and coins, the same in every version of
 * the program, since models that were pretrained on them have to be asked about the same ones.
 */
const COUNTRY_STEMS =
  "Nor Sul Bar Kel Tor Mir Dag Fen Gol Hul Jur Lan Mol Nev Ost Pel Ras Sor Tam Ulm Vor Wes Yar Zel Bren Drav Glim Karv Lort Plen Stor Trem".split(
    " ",
  );
const COUNTRY_ENDS = ["land", "ia", "esk"];

/** Countries in a fixed order; a country's number is its place here. */
export const COUNTRIES: readonly string[] = COUNTRY_ENDS.flatMap((end) => COUNTRY_STEMS.map((stem) => stem + end));

/** Capitals by country number. */
export const CAPITALS = scattered("Ba De Fi Go Ha Ka Lu Me No Pa Ri Sa", "bo den lor mira nek ros tun vik", 41, 17);

/** What is known of a country; a question's level is the place of its relation here. */
export const RELATIONS = ["capital", "river", "coin"] as const;

export type Relation = (typeof RELATIONS)[number];

/** Names by relation and country number; no name occurs twice. */
export const NAMES: Readonly<Record<Relation, readonly string[]>> = {
  capital: CAPITALS,
  river: scattered("Al Bru Cer Dri El Fur Gar Il Kos Lim Mar Or", "an da ova il mo no sa ta", 29, 5),
  coin: scattered("Crad Dol Flor Grin Kron Lir Mun Pfen Quil Shil Tal Zen", "ar ber el gat in lo uk tes", 59, 40),
};

/** 96 names by country number, scattered by a step that shares no factor with 96. */
function scattered(starts: string, ends: string, step: number, first: number): readonly string[] {
  const [heads, tails] = [starts.split(" "), ends.split(" ")];
  return COUNTRIES.map((_, i) => {
    const place = (i * step + first) % COUNTRIES.length;
    return heads[Math.floor(place / tails.length)]! + tails[place % tails.length]!;
  });
}
