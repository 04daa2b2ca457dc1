// Compresses an answer while it is read: what is deflated is a little ahead of who takes it, and no more.
import { type Chunk, joinBytes, joinChunks } from './chunk.ts'
import { type Deflate, deflatedPart, SLICE_BYTES } from './deflate.ts'
import { type GzipPart, openGzipMember } from './stitch.ts'

/** Parts of a member that lie side by side. */
export interface Deflated {
  readonly parts: readonly GzipPart[]
  /** Records that they hold. */
  readonly rows: number
}

/** As many as Node has threads to deflate in. */
const AHEAD = 4

/** Chunks gathered to what is worth deflating by itself. The deflating begins when one is taken. */
export function* deflatedChunks(chunks: Iterable<Chunk>, deflate: Deflate): Generator<Promise<Deflated>> {
  let gathered: Chunk[] = []
  let size = 0
  for (const chunk of chunks) {
    gathered.push(chunk)
    size += chunk.bytes.length
    if (size < SLICE_BYTES) continue
    yield deflated(joinChunks(gathered), deflate)
    gathered = []
    size = 0
  }
  if (size > 0) yield deflated(joinChunks(gathered), deflate)
}

async function deflated({ bytes, rows }: Chunk, deflate: Deflate): Promise<Deflated> {
  return { parts: [await deflatedPart(deflate, bytes, 'fast')], rows }
}

/** One gzip member of all that the jobs make, in their order. */
export async function* gzipChunks(jobs: Iterable<Promise<Deflated>>): AsyncGenerator<Chunk, void> {
  const member = openGzipMember()
  yield { bytes: joinBytes([member.header]), rows: 0 }
  for await (const { parts, rows } of ahead(jobs)) yield { bytes: joinBytes(parts.map(member.add)), rows }
  yield { bytes: joinBytes([member.end()]), rows: 0 }
}

async function* ahead<T>(jobs: Iterable<Promise<T>>): AsyncGenerator<T, void> {
  const rest = jobs[Symbol.iterator]()
  const begun: Promise<T>[] = []
  for (;;) {
    while (begun.length < AHEAD) {
      const next = rest.next()
      if (next.done) break
      // Who takes them may have stopped when one of them fails.
      next.value.catch(() => undefined)
      begun.push(next.value)
    }
    const first = begun.shift()
    if (first === undefined) return
    yield await first
  }
}
