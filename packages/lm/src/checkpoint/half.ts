/**
 * The two 16-bit float formats and float32. Widening is exact for every bit pattern, subnormals,
 * infinities and the payload of a NaN included; narrowing rounds to nearest, ties to even.
 */

/** float32 bits of every float16, built on first use: 256 KiB. */
let f16Table: Uint32Array<ArrayBuffer> | undefined;

/** The same as numbers. */
let f16Numbers: Float32Array | undefined;

/** Widens float16 bits into `target`, from `at` on. */
export function widenF16(bits: Uint16Array, target: Float32Array, at = 0): void {
  const table = tableOfF16();
  const words = wordsOf(target);
  for (let i = 0; i < bits.length; i++) words[at + i] = table[bits[i] as number] as number;
}

/** The number that float16 bits stand for. */
export function f16ToNumber(bits: number): number {
  f16Numbers ??= new Float32Array(tableOfF16().buffer);
  return f16Numbers[bits] as number;
}

/** Widens bfloat16 bits, the upper half of a float32, into `target`, from `at` on. */
export function widenBf16(bits: Uint16Array, target: Float32Array, at = 0): void {
  const words = wordsOf(target);
  for (let i = 0; i < bits.length; i++) words[at + i] = (bits[i] as number) << 16;
}

/** float16 bits of float32 numbers. Beyond 65504 (65520 and more, after rounding) is infinity. */
export function narrowF16(values: Float32Array): Uint16Array {
  // Here and below loops, since `Uint16Array.from` with a function takes four times as long.
  const words = wordsOf(values);
  const bits = new Uint16Array(words.length);
  for (let i = 0; i < bits.length; i++) bits[i] = f32BitsToF16(words[i] as number);
  return bits;
}

/** bfloat16 bits of float32 numbers. */
export function narrowBf16(values: Float32Array): Uint16Array {
  const words = wordsOf(values);
  const bits = new Uint16Array(words.length);
  for (let i = 0; i < bits.length; i++) bits[i] = f32BitsToBf16(words[i] as number);
  return bits;
}

function tableOfF16(): Uint32Array<ArrayBuffer> {
  f16Table ??= Uint32Array.from({ length: 65536 }, (_, half) => f16ToF32Bits(half));
  return f16Table;
}

function wordsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function f16ToF32Bits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (mantissa << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0;
  if (mantissa === 0) return sign >>> 0;
  // Subnormal: shift the leading one up to where float32 leaves it out.
  const shift = Math.clz32(mantissa) - 21;
  return (sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13)) >>> 0;
}

function f32BitsToF16(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff); // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and more
  if (magnitude >= 0x38800000) {
    // Normal: drop 13 bits; a carry moves on into the exponent, which is what rounding up means.
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  if (magnitude < 0x33000000) return sign; // below half of the smallest subnormal
  // Subnormal: the mantissa with its leading one, shifted to units of 2^-24.
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - (magnitude >>> 23);
  const half = 1 << (shift - 1);
  const odd = (mantissa >>> shift) & 1;
  return sign | ((mantissa + half - 1 + odd) >>> shift);
}

function f32BitsToBf16(word: number): number {
  // Rounding must not turn a NaN with a small payload into infinity: make it quiet instead.
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40;
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}
