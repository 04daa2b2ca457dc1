// Which id prefixes keep the records of several profiles apart.

/** What stands for itself in an address, and fits into an id everywhere, with the ids of PowerSchool behind it. */
export const ID_PREFIX = /^[A-Za-z0-9._~-]{1,20}$/

/** Whether an id of the one could be one of the other. Readers may pass over the case, as mail addresses do. */
export function clash(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()]
  return a.startsWith(b) || b.startsWith(a)
}

/** The text that is greater than every id which begins with the prefix, and not than any other that is. Not for an empty one. */
export function endOfPrefix(prefix: string): string {
  const last = prefix.length - 1
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1)
}
