// The likely name when one is misspelt.

/** `Did you mean x?`, or the known names when none is near; begins with a blank, empty when there is nothing to say. */
export function suggest(found: string, known: readonly string[]): string {
  const near = nearest(found, known)
  if (near !== undefined) return ` Did you mean \`${near}\`?`
  return known.length === 0 ? '' : ` Known here: ${listSome(known)}`
}

/** Names that are listed whole. */
export const MOST = 5

/** The names and a full stop, or the first names and `…`. */
export function listSome(names: readonly string[]): string {
  return names.length <= MOST ? `${names.join(', ')}.` : `${names.slice(0, 3).join(', ')}, …`
}

/** Of longer names nobody means another one; and each costs the square of its length. */
const MAX_LENGTH = 64
/** The first ones of many: thousands of slips in a mapping of thousands of names are told in seconds. */
const MAX_KNOWN = 300

/** The name of which `found` is a slip, or a part. */
export function nearest(found: string, known: readonly string[]): string | undefined {
  const { best, part } = findNear(found, known)
  return best ?? part
}

/** The name of which `found` is a slip, of at most so many letters. */
export const nearestSlip = (found: string, known: readonly string[], most?: number): string | undefined =>
  findNear(found, known, most).best

interface Near {
  readonly best?: string
  readonly part?: string
}

function findNear(found: string, known: readonly string[], most = Number.POSITIVE_INFINITY): Near {
  if (found.length > MAX_LENGTH) return {}
  const wanted = plainName(found)
  let best: string | undefined
  let part: string | undefined
  let least = Math.min(most, Math.max(1, Math.floor(wanted.length / 3))) + 1
  for (const name of known.length > MAX_KNOWN ? known.slice(0, MAX_KNOWN) : known) {
    const other = plainName(name)
    part ??= isPartOf(wanted, other) ? name : undefined
    if (Math.abs(other.length - wanted.length) >= least) continue
    const distance = editDistance(wanted, other, least)
    if (distance < least) [best, least] = [name, distance]
  }
  return { ...(best !== undefined && { best }), ...(part !== undefined && { part }) }
}

/** `firstname` for `first`, `int` for `integer`. */
const isPartOf = (a: string, b: string) =>
  Math.min(a.length, b.length) >= 3 && (a.startsWith(b) || b.startsWith(a) || a.endsWith(b) || b.endsWith(a))

/** Names that differ in nothing else are one slip. */
export const plainName = (name: string) => name.toLowerCase().replaceAll(/[_-]/g, '')

/** Insertions, removals, replacements and swaps of neighbours; from `enough` on they are not counted further. */
function editDistance(a: string, b: string, enough: number): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? (before[j - 2] ?? 0) + 1 : replaced
      row.push(Math.min(replaced, swapped, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    if (Math.min(...row) >= enough && Math.min(...previous) >= enough) return enough
    before = previous
    previous = row
  }
  return previous[b.length] ?? 0
}
