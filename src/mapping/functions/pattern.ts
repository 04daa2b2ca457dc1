// Patterns with wildcards, matched in bounded time.

/** A longer pattern fits nothing: time grows with the pattern's length times the text's. */
export const LONGEST_PATTERN = 255

/** Whether the whole text fits: `*` is any run of characters, also none, `?` one character, `#` one digit, all else itself. */
export function isLike(text: string, pattern: string): boolean {
  if (pattern.length > LONGEST_PATTERN) return false
  const characters = Array.from(text)
  const wanted = Array.from(pattern)
  let at = 0
  let next = 0
  // Where to go on from when what follows the last `*` does not fit: the `*` takes one character more.
  let star = -1
  let taken = 0
  while (at < characters.length) {
    const want = wanted[next]
    if (want === '*') {
      star = next++
      taken = at
    } else if (want !== undefined && fits(characters[at], want)) {
      at++
      next++
    } else if (star >= 0) {
      next = star + 1
      at = ++taken
    } else return false
  }
  while (wanted[next] === '*') next++
  return next === wanted.length
}

function fits(character: string | undefined, want: string): boolean {
  if (want === '?') return true
  if (want === '#') return character !== undefined && character >= '0' && character <= '9'
  return character === want
}
