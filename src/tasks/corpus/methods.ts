/** Which family is worked on paper, by which method; the others are written by their own hands (writers.ts). */
import { additionMethod } from "../addition/method.ts";
import { baseMethod } from "../base/method.ts";
import { caesarMethod } from "../caesar/method.ts";
import { clockMethod } from "../clock/method.ts";
import { divisionMethod } from "../division/method.ts";
import { equationMethod } from "../equation/method.ts";
import { expressionMethod } from "../expression/method.ts";
import { factorsMethod } from "../factors/method.ts";
import { filterMethod } from "../filter/method.ts";
import { gcdMethod } from "../gcd/method.ts";
import { knightsMethod } from "../knights/method.ts";
import { lettersMethod } from "../letters/method.ts";
import { maxMethod } from "../max/method.ts";
import { mazeMethod } from "../maze/method.ts";
import { modularMethod } from "../modular/method.ts";
import { multiplicationMethod } from "../multiplication/method.ts";
import { polynomialMethod } from "../polynomial/method.ts";
import { rankingMethod } from "../ranking/method.ts";
import { reverseMethod } from "../reverse/method.ts";
import { sequenceMethod } from "../sequence/method.ts";
import { sortMethod } from "../sort/method.ts";
import { subtractionMethod } from "../subtraction/method.ts";
import type { Method } from "../trace/calculate.ts";

export const METHODS: Readonly<Record<string, Method<unknown>>> = {
  addition: additionMethod as Method<unknown>,
  multiplication: multiplicationMethod as Method<unknown>,
  expression: expressionMethod as Method<unknown>,
  equation: equationMethod as Method<unknown>,
  max: maxMethod as Method<unknown>,
  sort: sortMethod as Method<unknown>,
  subtraction: subtractionMethod as Method<unknown>,
  division: divisionMethod as Method<unknown>,
  gcd: gcdMethod as Method<unknown>,
  modular: modularMethod as Method<unknown>,
  base: baseMethod as Method<unknown>,
  sequence: sequenceMethod as Method<unknown>,
  factors: factorsMethod as Method<unknown>,
  polynomial: polynomialMethod as Method<unknown>,
  filter: filterMethod as Method<unknown>,
  ranking: rankingMethod as Method<unknown>,
  clock: clockMethod as Method<unknown>,
  knights: knightsMethod as Method<unknown>,
  maze: mazeMethod as Method<unknown>,
  reverse: reverseMethod as Method<unknown>,
  letters: lettersMethod as Method<unknown>,
  caesar: caesarMethod as Method<unknown>,
};
