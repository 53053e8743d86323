/** Random numbers as pure functions of a key, and errors that say what to do. */
export { type ErrorDetails, ReckonError } from "./errors.ts";
export { hashString, type KeyPart, philox, Random } from "./random.ts";
