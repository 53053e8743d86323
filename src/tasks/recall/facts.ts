/**
 * The invented facts behind `recall`: 96 countries and their capitals, the same in every version of the program, since
 * models that were pretrained on them have to be asked about the same ones.
 */
const COUNTRY_STEMS =
  "Nor Sul Bar Kel Tor Mir Dag Fen Gol Hul Jur Lan Mol Nev Ost Pel Ras Sor Tam Ulm Vor Wes Yar Zel Bren Drav Glim Karv Lort Plen Stor Trem".split(
    " ",
  );
const COUNTRY_ENDS = ["land", "ia", "esk"];
const CAPITAL_STARTS = "Ba De Fi Go Ha Ka Lu Me No Pa Ri Sa".split(" ");
const CAPITAL_ENDS = "bo den lor mira nek ros tun vik".split(" ");

/** Countries in a fixed order; a country's number is its place here. */
export const COUNTRIES: readonly string[] = COUNTRY_ENDS.flatMap((end) => COUNTRY_STEMS.map((stem) => stem + end));

/** Capitals by country number: the 96 names, scattered by a step that shares no factor with 96. */
export const CAPITALS: readonly string[] = COUNTRIES.map((_, i) => {
  const place = (i * 41 + 17) % COUNTRIES.length;
  return CAPITAL_STARTS[Math.floor(place / CAPITAL_ENDS.length)]! + CAPITAL_ENDS[place % CAPITAL_ENDS.length]!;
});
