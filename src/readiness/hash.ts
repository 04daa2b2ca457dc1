// A hash of 64 bits in two halves, not for secrets: values that differ meet by chance alone.

/** Two whole numbers of 32 bits. */
export interface Halves {
  low: number
  high: number
}

/**
 * Writes the hash of a text into `halves`, for a new object each time would cost more than the hash. The mixing is that of
 * MurmurHash3's 32-bit finalizer, over two sums with different multipliers.
 */
export function hashInto(halves: Halves, text: string): void {
  let low = 0xdeadbeef
  let high = 0x41c6ce57
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    low = Math.imul(low ^ unit, 0x9e3779b1)
    high = Math.imul(high ^ unit, 0x5f356495)
  }
  low = finish(low ^ text.length)
  high = finish(high ^ low)
  halves.low = finish(low ^ high)
  halves.high = high
}

function finish(sum: number): number {
  let mixed = sum ^ (sum >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
