/** Final answers in free text: found in a data set's rows, judged exactly. */
export { lastBox } from "./latex.ts";
export { finalAnswer, isNumber, verifyFinal } from "./verify.ts";
