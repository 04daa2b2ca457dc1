// Deflates bytes into parts of a gzip member; the deflating itself is the runtime's.
import { crc32 } from './crc32.ts'
import type { GzipPart } from './stitch.ts'

/** Raw deflate of the bytes, ended by a full flush and without a last block. */
export type Deflate = (bytes: Uint8Array, level: 'fast' | 'small') => Promise<Uint8Array>

/** Several at a time where the runtime has threads; each costs 32 KB of what could be looked back at. */
export const SLICE_BYTES = 512 << 10

export async function deflatedPart(deflate: Deflate, bytes: Uint8Array, level: 'fast' | 'small'): Promise<GzipPart> {
  const deflated = deflate(bytes, level)
  return { crc: crc32(bytes), length: bytes.length, deflated: await deflated }
}

/** As `deflatedPart`, in slices; none for no bytes. */
export function deflatedParts(deflate: Deflate, bytes: Uint8Array, level: 'fast' | 'small'): Promise<GzipPart[]> {
  const slices = Array.from({ length: Math.ceil(bytes.length / SLICE_BYTES) }, (_, index) =>
    bytes.subarray(index * SLICE_BYTES, (index + 1) * SLICE_BYTES),
  )
  return Promise.all(slices.map((slice) => deflatedPart(deflate, slice, level)))
}
