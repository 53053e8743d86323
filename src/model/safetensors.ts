/**
 * Safetensors: Hugging Face's file of named arrays. Eight bytes of header length (little endian), a JSON header with the
 * type, shape and place of each array, then the bytes of all arrays in a row.
 *
 * Files come from strangers, so everything is checked before anything is used: the rules are those of the format's own
 * reader (header of at most 100 MB, arrays that cover the data without gap or overlap), and a few that JSON needs (no
 * double names, no numbers in other notations). Memory in use is in proportion to the file, whatever its header says.
 * Left out: types of less than a byte, writing to a stream. Both ends of a view are little endian, like every machine here.
 */
import { ReckonError } from "../util/errors.ts";
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from "./half.ts";

const BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

export type Dtype = keyof typeof BYTES;

export interface SafetensorsTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The array's bytes: a view into the file, at any alignment. */
  readonly data: Uint8Array;
}

export interface SafetensorsFile {
  readonly tensors: Map<string, SafetensorsTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const MAX_HEADER = 100_000_000;
const MAX_RANK = 32;

/**
 * The arrays of a file, in the order of its header. Nothing is copied.
 * @throws ReckonError SAFETENSORS_INVALID saying what is wrong, and with which array
 */
export function readSafetensors(bytes: Uint8Array): Map<string, SafetensorsTensor> {
  return parseSafetensors(bytes).tensors;
}

/** Like `readSafetensors`, with the file's metadata. */
export function parseSafetensors(file: Uint8Array): SafetensorsFile {
  // Node's Buffer is a Uint8Array whose slice() does not copy; views of a plain one behave everywhere the same.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  const { header, start } = readHeader(bytes);
  const tensors = new Map<string, SafetensorsTensor>();
  let metadata: Record<string, string> = {};
  const data = bytes.subarray(start);
  const spans: { name: string; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      metadata = checkMetadata(entry);
      continue;
    }
    const { dtype, shape, begin, end } = checkEntry(name, entry, data.length);
    spans.push({ name, begin, end });
    tensors.set(name, { dtype, shape, data: data.subarray(begin, end) });
  }
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of spans) {
    if (begin !== covered) {
      const what = begin < covered ? "overlaps the one before it" : "leaves a gap before it";
      throw invalid(`The array ${quote(name)} ${what}.`, `a beginning at byte ${covered}`, `byte ${begin}`);
    }
    covered = end;
  }
  if (covered !== data.length) {
    throw invalid("Bytes follow the last array.", `${covered} bytes of data`, `${data.length}`);
  }
  return { tensors, metadata };
}

/**
 * A file of arrays. Larger types come first, so that each array is aligned to its type.
 * @param tensors names and arrays; the order within a type is kept
 * @param metadata short texts, e.g. `{ format: "pt" }`, which transformers asks for
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, SafetensorsTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const sorted = [...tensors].sort(([, a], [, b]) => BYTES[b.dtype] - BYTES[a.dtype]);
  const header: [string, unknown][] = Object.keys(metadata).length === 0 ? [] : [["__metadata__", metadata]];
  let end = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    const expected = shape.reduce((a, b) => a * b, BYTES[dtype]);
    if (data.byteLength !== expected || name === "__metadata__") {
      throw new Error(
        `writeSafetensors: ${quote(name)} has ${data.byteLength} bytes, ${dtype} [${shape}] needs ${expected}`,
      );
    }
    header.push([name, { dtype, shape, data_offsets: [end, end + expected] }]);
    end += expected;
  }
  if (new Set(header.map(([name]) => name)).size !== header.length)
    throw new Error("writeSafetensors: a name comes twice");
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const out = new Uint8Array(start + end);
  new DataView(out.buffer).setUint32(0, start - 8, true);
  out.set(text, 8);
  out.fill(0x20, 8 + text.length, start);
  let at = start;
  for (const [, { data }] of sorted) {
    out.set(data, at);
    at += data.byteLength;
  }
  return out;
}

/**
 * An array's numbers as float32: F32 as they are, F16 and BF16 exactly, F64 rounded. Always a copy.
 * @throws ReckonError SAFETENSORS_DTYPE for types that are not floats
 */
export function tensorToFloat32(tensor: SafetensorsTensor, name = "array"): Float32Array {
  const { dtype, data } = tensor;
  // A slice starts at offset 0 of a buffer of its own, whatever the alignment in the file.
  const buffer = data.slice().buffer;
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F16":
      return float16ToFloat32(new Uint16Array(buffer));
    case "BF16":
      return bfloat16ToFloat32(new Uint16Array(buffer));
    case "F64":
      return Float32Array.from(new Float64Array(buffer));
    case "BOOL":
    case "U8":
    case "I8":
    case "F8_E4M3":
    case "F8_E5M2":
    case "U16":
    case "I16":
    case "U32":
    case "I32":
    case "U64":
    case "I64":
      throw new ReckonError("SAFETENSORS_DTYPE", `The array ${quote(name)} does not hold plain floats.`, {
        expected: "F32, BF16, F16 or F64",
        got: dtype,
        help: "Use a checkpoint that is not quantised.",
      });
    default:
      dtype satisfies never;
      throw new Error(`internal: dtype ${String(dtype)}`);
  }
}

/** Float32 numbers as an array of a file, rounded to nearest even where the type is narrower. */
export function tensorFromFloat32(
  values: Float32Array,
  shape: readonly number[],
  dtype: "F32" | "BF16" | "F16",
): SafetensorsTensor {
  const narrow = dtype === "F32" ? values : dtype === "BF16" ? float32ToBfloat16(values) : float32ToFloat16(values);
  return { dtype, shape, data: new Uint8Array(narrow.buffer, narrow.byteOffset, narrow.byteLength) };
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number } {
  if (bytes.length < 8) throw invalid("The file is too short for a header.", "8 bytes or more", `${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  if (length > MAX_HEADER) throw invalid("The header is too long.", `at most ${MAX_HEADER} bytes`, `${length}`);
  if (8 + length > bytes.length) {
    throw invalid("The file ends within its header.", `${8 + length} bytes or more`, `${bytes.length}`);
  }
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, 8 + length));
    header = JSON.parse(text);
  } catch (cause) {
    throw invalid(
      "The header is not JSON.",
      "a JSON object in UTF-8",
      cause instanceof Error ? cause.message : "bytes",
    );
  }
  if (!text.startsWith("{") || !isObject(header)) {
    throw invalid("The header is not a JSON object.", "an object", text.slice(0, 20));
  }
  checkNotation(text);
  return { header, start: 8 + length };
}

/** What `JSON.parse` does not tell of a valid text: keys that come twice, and numbers that are no plain integers. */
function checkNotation(text: string): void {
  const keys: Set<string>[] = [];
  let key: string | undefined;
  // Strings, brackets, and whatever makes a number other than a run of digits; the text is known to be JSON.
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|-|\.|\d[eE]/g)) {
    const token = match[0];
    if (token.startsWith('"')) key = token;
    else if (token === "{") keys.push(new Set());
    else if (token === "}") keys.pop();
    else if (token === ":") {
      const name = JSON.parse(key!) as string;
      const seen = keys.at(-1)!;
      if (seen.has(name)) throw invalid(`The header has ${quote(name)} twice.`, "each name once", "two of them");
      seen.add(name);
    } else if (!"[],".includes(token)) {
      const around = text.slice(Math.max(0, match.index - 8), match.index + 8);
      throw invalid("The header has a number that is no plain integer.", "digits", around);
    }
  }
}

function checkEntry(
  name: string,
  entry: unknown,
  available: number,
): { dtype: Dtype; shape: readonly number[]; begin: number; end: number } {
  if (!isObject(entry))
    throw invalid(`The entry of ${quote(name)} is no object.`, "dtype, shape, data_offsets", typeof entry);
  const { dtype, shape, data_offsets: offsets } = entry as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) {
    throw invalid(`The type of ${quote(name)} is not known.`, Object.keys(BYTES).join(", "), quote(dtype));
  }
  if (!Array.isArray(shape) || shape.length > MAX_RANK || !shape.every(isCount)) {
    throw invalid(`The shape of ${quote(name)} is not valid.`, `at most ${MAX_RANK} whole numbers`, quote(shape));
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw invalid(`The place of ${quote(name)} is not valid.`, "data_offsets of two whole numbers", quote(offsets));
  }
  const [begin, end] = offsets as [number, number];
  let size: number = BYTES[dtype as Dtype];
  for (const dimension of shape as number[]) {
    size *= dimension;
    if (size > Number.MAX_SAFE_INTEGER) {
      throw invalid(`The shape of ${quote(name)} overflows.`, "a size below 2^53 bytes", quote(shape));
    }
  }
  if (begin > end || end > available) {
    throw invalid(`The place of ${quote(name)} is outside of the data.`, `0 to ${available}`, `${begin} to ${end}`);
  }
  if (end - begin !== size) {
    throw invalid(
      `The size of ${quote(name)} does not fit its shape.`,
      `${size} bytes (${dtype} [${shape}])`,
      `${end - begin}`,
    );
  }
  return { dtype: dtype as Dtype, shape: shape as number[], begin, end };
}

function checkMetadata(value: unknown): Record<string, string> {
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === "string")) {
    throw invalid("The metadata is not valid.", "an object of texts", quote(value));
  }
  return value as Record<string, string>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function quote(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 100);
}

function invalid(summary: string, expected: string, got: string): ReckonError {
  return new ReckonError("SAFETENSORS_INVALID", summary, {
    expected,
    got,
    help: "The file is damaged or was not written as safetensors: fetch it again.",
  });
}
