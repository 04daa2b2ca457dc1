// One ordinary gzip member (RFC 1952) out of parts that were deflated by themselves.
import { joinBytes } from './chunk.ts'
import { combineCrc32, crc32 } from './crc32.ts'

export interface GzipPart {
  /** Raw deflate blocks that end on a byte and look back at nothing before them, none of them the last. */
  readonly deflated: Uint8Array
  /** CRC-32 and length of what they hold. */
  readonly crc: number
  readonly length: number
}

/** No name, no time, no flags; made on an unknown system. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff)
/** A stored block of nothing, marked as the last. */
const LAST_BLOCK = Uint8Array.of(1, 0, 0, 0xff, 0xff)
const TRAILER_BYTES = 8
const STORED_MOST = 0xffff
const STORED_HEAD = 5

/** A member that is made part by part. */
export interface GzipMember {
  /** What begins it. */
  readonly header: Uint8Array
  /** What the part adds. */
  add(part: GzipPart): Uint8Array
  /** What ends it. */
  end(): Uint8Array
}

/** The parts' contents, one after the other. */
export function openGzipMember(): GzipMember {
  let crc = 0
  let length = 0
  return {
    header: HEADER,
    add(part) {
      crc = combineCrc32(crc, part.crc, part.length)
      length += part.length
      return part.deflated
    },
    end() {
      const end = new Uint8Array(LAST_BLOCK.length + TRAILER_BYTES)
      end.set(LAST_BLOCK)
      const trailer = new DataView(end.buffer, LAST_BLOCK.length)
      trailer.setUint32(0, crc, true)
      // The length is told modulo 2^32, as the standard has it.
      trailer.setUint32(4, length >>> 0, true)
      return end
    },
  }
}

/** A whole member of these parts. */
export function stitchGzip(parts: readonly GzipPart[]): Uint8Array<ArrayBuffer> {
  const member = openGzipMember()
  return joinBytes([member.header, ...parts.map(member.add), member.end()])
}

/** Bytes as they are, for what is too short to be worth deflating. */
export function storedPart(bytes: Uint8Array): GzipPart {
  const blocks = Math.ceil(bytes.length / STORED_MOST)
  const deflated = new Uint8Array(bytes.length + blocks * STORED_HEAD)
  for (let block = 0, at = 0; block < blocks; block++) {
    const slice = bytes.subarray(block * STORED_MOST, (block + 1) * STORED_MOST)
    const size = slice.length
    deflated.set([0, size & 255, size >>> 8, ~size & 255, (~size >>> 8) & 255], at)
    deflated.set(slice, at + STORED_HEAD)
    at += STORED_HEAD + size
  }
  return { deflated, crc: crc32(bytes), length: bytes.length }
}
