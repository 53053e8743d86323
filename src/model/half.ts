/**
 * 16-bit floats: bfloat16 and IEEE 754 binary16, from and to float32, on whole arrays.
 *
 * Works on bit patterns throughout (a NaN that passes through a JavaScript number may lose its payload). Rounding is to
 * nearest, ties to even; what is too large becomes infinity; NaNs stay NaNs with what fits of their payload.
 */

/** bfloat16 bits to float32. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = bits[i]! << 16;
  return new Float32Array(out.buffer);
}

/** float32 to bfloat16 bits. */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const bits = bitsOf(values);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const x = bits[i]!;
    const high = x >>> 16;
    if ((x & 0x7fffffff) > 0x7f800000) out[i] = (high & 0x7f) === 0 ? high | 0x40 : high;
    else out[i] = (x + 0x7fff + (high & 1)) >>> 16;
  }
  return out;
}

/** binary16 bits to float32. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const h = bits[i]!;
    const sign = (h & 0x8000) << 16;
    let exponent = (h >>> 10) & 0x1f;
    let mantissa = h & 0x3ff;
    if (exponent === 0) {
      if (mantissa === 0) {
        out[i] = sign;
        continue;
      }
      // Subnormal: float32 has the exponents to make it normal.
      exponent = 1;
      while ((mantissa & 0x400) === 0) {
        mantissa <<= 1;
        exponent--;
      }
      mantissa &= 0x3ff;
    }
    out[i] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (mantissa << 13);
  }
  return new Float32Array(out.buffer);
}

/** float32 to binary16 bits. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const bits = bitsOf(values);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const x = bits[i]!;
    const sign = (x >>> 16) & 0x8000;
    const magnitude = x & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      const payload = (magnitude >>> 13) & 0x3ff;
      out[i] = sign | 0x7c00 | (payload === 0 ? 0x200 : payload);
    } else if (magnitude >= 0x477ff000) {
      // 65520, half way between the largest number and what would follow it, and everything above.
      out[i] = sign | 0x7c00;
    } else if (magnitude >= 0x38800000) {
      // Normal from 2^-14 on. A carry out of the mantissa raises the exponent, as it should.
      out[i] = sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
    } else if (magnitude <= 0x33000000) {
      // Up to 2^-25, half of the smallest subnormal: the tie goes to zero, which is even.
      out[i] = sign;
    } else {
      const shift = 126 - (magnitude >>> 23);
      const mantissa = (magnitude & 0x7fffff) | 0x800000;
      const whole = mantissa >>> shift;
      const rest = mantissa & ((1 << shift) - 1);
      const half = 1 << (shift - 1);
      out[i] = sign | (whole + (rest > half || (rest === half && (whole & 1) === 1) ? 1 : 0));
    }
  }
  return out;
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
