// A part of an answer's body, and how several become one.

export interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Records that it holds. */
  readonly rows: number
}

/** One after the other. A single one is not copied. */
export function joinChunks(chunks: readonly Chunk[]): Chunk {
  const [first] = chunks
  if (first !== undefined && chunks.length === 1) return first
  return {
    bytes: joinBytes(chunks.map(({ bytes }) => bytes)),
    rows: chunks.reduce((sum, { rows }) => sum + rows, 0),
  }
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
