/** Which family is worked on paper, by which method; the others are written by their own hands (writers.ts). */
import { additionMethod } from "../addition/method.ts";
import { baseMethod } from "../base/method.ts";
import { divisionMethod } from "../division/method.ts";
import { equationMethod } from "../equation/method.ts";
import { expressionMethod } from "../expression/method.ts";
import { factorsMethod } from "../factors/method.ts";
import { gcdMethod } from "../gcd/method.ts";
import { maxMethod } from "../max/method.ts";
import { modularMethod } from "../modular/method.ts";
import { multiplicationMethod } from "../multiplication/method.ts";
import { polynomialMethod } from "../polynomial/method.ts";
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
};
