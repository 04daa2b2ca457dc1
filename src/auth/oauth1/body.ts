// Reads a request's body up to a bound, and leaves it readable for whoever comes after.

/** The whole body; undefined when it is longer than `maxBytes` or ends before its time. No body = no bytes. */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  // A request of an HTTP server may make its body only when asked for; the copy of one without has none either.
  const reader = request.body === null ? undefined : request.clone().body?.getReader()
  if (reader === undefined) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.length
      if (length > maxBytes) {
        // Not awaited: half of a copied stream is cancelled only when the other half is, too.
        reader.cancel().catch(() => undefined)
        return undefined
      }
      chunks.push(part.value)
    }
  } catch {
    // The sender went away, or its encoding is broken.
    return undefined
  }
  return joined(chunks, length)
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
