/** Which family is worked on paper, by which method; the others are written by their own hands (writers.ts). */
import { additionMethod } from "../addition/method.ts";
import { equationMethod } from "../equation/method.ts";
import { expressionMethod } from "../expression/method.ts";
import { maxMethod } from "../max/method.ts";
import { multiplicationMethod } from "../multiplication/method.ts";
import { sortMethod } from "../sort/method.ts";
import type { Method } from "../trace/calculate.ts";

export const METHODS: Readonly<Record<string, Method<unknown>>> = {
  addition: additionMethod as Method<unknown>,
  multiplication: multiplicationMethod as Method<unknown>,
  expression: expressionMethod as Method<unknown>,
  equation: equationMethod as Method<unknown>,
  max: maxMethod as Method<unknown>,
  sort: sortMethod as Method<unknown>,
};
