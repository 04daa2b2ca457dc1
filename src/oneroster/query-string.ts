// Splits a raw query string as consumers really write it, and writes one that survives header parsers.

export interface Parameter {
  readonly name: string
  readonly value: string
}

/**
 * The parameters in order, decoded once: split at the first `=` only, `+` is a space, blanks around a name do not count.
 * Undefined when the percent-encoding is broken.
 */
export function splitQuery(raw: string): readonly Parameter[] | undefined {
  const parameters: Parameter[] = []
  for (const pair of raw.replace(/^\?/, '').split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    const value = decode(equals < 0 ? '' : pair.slice(equals + 1))
    if (name === undefined || value === undefined) return undefined
    parameters.push({ name: name.trim(), value })
  }
  return parameters
}

/** Strictly percent-encoded (RFC 3986 unreserved characters only): no raw comma, blank, quote or bracket. */
export function writeQuery(parameters: readonly Parameter[]): string {
  return parameters.map(({ name, value }) => `${encode(name)}=${encode(value)}`).join('&')
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    // decodeURIComponent has no other failure than a malformed escape.
    return undefined
  }
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
