// The body of a long answer: whole while it is short, and else streamed, read from the store as the consumer takes it.
import { BridgeError } from '../errors.ts'
import { type Chunk, joinChunks } from '../gzip/chunk.ts'

/** The beginning of an answer that is not short. */
export interface BegunBody {
  readonly begun: Chunk
  readonly rest: Chunks
}

/** An answer's parts in their order, each read when it is asked for. */
export type Chunks = Iterator<Chunk, void> | AsyncIterator<Chunk, void>

/** How a streamed body ended, and what had been sent of it. */
export interface Sent {
  readonly ending: 'whole' | 'cancelled' | 'broken'
  readonly rows: number
  readonly bytes: number
  /** Why it broke. */
  readonly error?: unknown
}

/** What is read and sent at a time, at least: less costs more turns. */
const CHUNK_BYTES = 256 << 10

/** Reads the whole when it is shorter than `streamedFromBytes`, else its beginning. */
export async function beginBody(chunks: Chunks, streamedFromBytes: number): Promise<Chunk | BegunBody> {
  const { read, isEnd } = await readSome(chunks, streamedFromBytes)
  const begun = joinChunks(read)
  return isEnd ? begun : { begun, rest: chunks }
}

export interface StreamOptions {
  /** Asked whenever more was read: whether all of it was there. */
  readonly isStillKept: () => boolean
  /** Called once, when the last of it was taken, the consumer left, or it broke. */
  readonly onEnd: (sent: Sent) => void
}

/** Breaks, and never ends as if it were whole, when something of it cannot be read. */
export function streamBody(
  { begun, rest }: BegunBody,
  { isStillKept, onEnd }: StreamOptions,
): ReadableStream<Uint8Array> {
  let first: Chunk | undefined = begun
  let [rows, bytes, isOver] = [0, 0, false]
  const end = (sent: Pick<Sent, 'ending' | 'error'>) => {
    if (!isOver) onEnd({ ...sent, rows, bytes })
    isOver = true
  }
  const more = async (): Promise<Chunk | undefined> => {
    const { read } = await readSome(rest, CHUNK_BYTES)
    if (!isStillKept()) throw goneMeanwhile()
    return read.length === 0 ? undefined : joinChunks(read)
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = first ?? (await more())
          first = undefined
          if (isOver) return
          if (chunk === undefined) {
            end({ ending: 'whole' })
            controller.close()
            return
          }
          rows += chunk.rows
          bytes += chunk.bytes.length
          controller.enqueue(chunk.bytes)
        } catch (error) {
          end({ ending: 'broken', error })
          throw error
        }
      },
      async cancel() {
        end({ ending: 'cancelled' })
        await rest.return?.()
      },
    },
    // Nothing is read before it is asked for.
    { highWaterMark: 0 },
  )
}

/** At least so many bytes, or all there are. */
async function readSome(chunks: Chunks, least: number): Promise<{ read: Chunk[]; isEnd: boolean }> {
  const read: Chunk[] = []
  for (let bytes = 0; bytes < least; ) {
    const next = await chunks.next()
    if (next.done) return { read, isEnd: true }
    read.push(next.value)
    bytes += next.value.bytes.length
  }
  return { read, isEnd: false }
}

function goneMeanwhile(): BridgeError {
  const message =
    'The snapshot was cleaned up while an answer was being sent, or may be: its reader has begun the same list anew.'
  return new BridgeError('store-failed', message, {
    remedy: 'The consumer asks again. If it reads slowly, raise PIN_LIFETIME.',
  })
}
