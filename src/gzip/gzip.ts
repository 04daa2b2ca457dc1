// Compresses one whole answer, for what has no finished pieces.
import { type Deflate, deflatedParts } from './deflate.ts'
import { stitchGzip } from './stitch.ts'

/** Answers shorter than this are sent as they are: a packet is a packet. */
export const GZIP_LEAST = 1_024

/** One gzip member that holds the bytes. */
export async function gzipBytes(bytes: Uint8Array<ArrayBuffer>, deflate: Deflate): Promise<Uint8Array<ArrayBuffer>> {
  return stitchGzip(await deflatedParts(deflate, bytes, 'fast'))
}
