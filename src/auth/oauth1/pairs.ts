// Names with their values, split out of a query or a form body and decoded as form data.

export interface Pair {
  readonly name: string
  readonly value: string
}

/** The pairs as they are written, without a decoding; a name without `=` has the value ''. */
export function splitPairs(text: string): readonly Pair[] {
  return text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      return equals < 0 ? { name: pair, value: '' } : { name: pair.slice(0, equals), value: pair.slice(equals + 1) }
    })
}

/** Decoded as application/x-www-form-urlencoded (RFC 5849 §3.4.1.3.1). What is no escape stays as it is written. */
export function decodePair({ name, value }: Pair): Pair {
  return { name: decodeForm(name), value: decodeForm(value) }
}

function decodeForm(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    // A broken escape is the query parser's to refuse; here it only has to be the same each time.
    return text
  }
}
