// Stitched gzip: one ordinary member, whatever its parts.
import { crc32 as crcOfZlib, gunzipSync, inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { combineCrc32, crc32 } from '../../src/gzip/crc32.ts'
import { type Deflate, deflatedPart } from '../../src/gzip/deflate.ts'
import { gzipBytes } from '../../src/gzip/gzip.ts'
import { type GzipPart, stitchGzip, storedPart } from '../../src/gzip/stitch.ts'
import { nodeDeflate } from '../../src/node.ts'
import { seeded } from '../powerschool/fake.ts'

const SIZES = [0, 1, 2, 7, 8, 9, 63, 4_096, 65_534, 65_535, 65_536, 65_537, 200_000]

/** Bytes that repeat themselves now and then, so that there is something to look back at. */
function bytesOf(size: number, random: () => number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at++) bytes[at] = random() < 0.7 && at > 9 ? (bytes[at - 9] ?? 0) : random() * 256
  return bytes
}

describe('the sum', () => {
  const random = seeded(1)

  it.each(SIZES)('of %i bytes is that of zlib', (size) => {
    const bytes = bytesOf(size + 3, random).subarray(3)
    expect(crc32(bytes)).toBe(crcOfZlib(bytes))
    const half = bytes.length >> 1
    expect(crc32(bytes.subarray(half), crc32(bytes.subarray(0, half)))).toBe(crcOfZlib(bytes))
  })

  it('of two runs follows from their own sums', () => {
    for (const first of SIZES) {
      for (const second of SIZES) {
        const whole = bytesOf(first + second, random)
        const sums = [whole.subarray(0, first), whole.subarray(first)].map((bytes) => crc32(bytes)) as [number, number]
        expect(combineCrc32(...sums, second)).toBe(crcOfZlib(whole))
      }
    }
  })

  it('of more than 4 GB is combined too', () => {
    const block = crc32(new Uint8Array(1 << 20))
    let sum = 0
    for (let n = 0; n < 5_000; n++) sum = combineCrc32(sum, block, 1 << 20)
    expect(combineCrc32(sum, 0x1234, 8 * 2 ** 32)).toBe(
      combineCrc32(combineCrc32(sum, 0, 4 * 2 ** 32), 0x1234, 4 * 2 ** 32),
    )
  })
})

describe('a stitched member', () => {
  it('holds its parts one after the other, for random parts', async () => {
    const random = seeded(2)
    for (let round = 0; round < 40; round++) {
      const contents = Array.from({ length: Math.floor(random() * 8) }, () =>
        bytesOf(SIZES[Math.floor(random() * SIZES.length)] ?? 0, random),
      )
      const parts = await Promise.all(
        contents.map((bytes): GzipPart | Promise<GzipPart> =>
          random() < 0.4 ? storedPart(bytes) : deflatedPart(nodeDeflate, bytes, random() < 0.5 ? 'fast' : 'small'),
        ),
      )
      expect(strictlyUnzipped(stitchGzip(parts))).toEqual(Buffer.concat(contents))
    }
  })

  it('is made of answers of any length', async () => {
    const random = seeded(3)
    for (const size of [...SIZES, 1_300_000]) {
      const bytes = bytesOf(size, random)
      expect(strictlyUnzipped(await gzipBytes(bytes, nodeDeflate))).toEqual(Buffer.from(bytes))
    }
  })

  it('takes from the runtime what looks back at nothing and does not end', async () => {
    const text = new TextEncoder().encode('a roster, a roster, a roster')
    const deflated = Buffer.from(await (nodeDeflate satisfies Deflate)(text, 'small'))
    const last = Buffer.from([1, 0, 0, 0xff, 0xff])
    expect(inflateRawSync(Buffer.concat([deflated, deflated, last])).toString()).toBe(
      'a roster, a roster, a rostera roster, a roster, a roster',
    )
  })
})

/** One member whose sum and length hold, and not a byte after it. */
function strictlyUnzipped(member: Uint8Array): Buffer {
  const content = gunzipSync(member)
  const trailer = Buffer.from(member).subarray(-8)
  expect(trailer.readUInt32LE(0)).toBe(crcOfZlib(content))
  expect(trailer.readUInt32LE(4)).toBe(content.length)
  const blocks = Buffer.from(member).subarray(10, -8)
  // The engine stops after the last block.
  const { engine } = inflateRawSync(blocks, { info: true }) as unknown as { engine: { bytesWritten: number } }
  expect(engine.bytesWritten).toBe(blocks.length)
  return content
}
