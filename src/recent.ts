// Remembers what was used last, up to a bound, and forgets what was not used for longest.

/** In memory alone; a text names each thing. */
export interface Recent<V> {
  /** How many are remembered. */
  readonly size: number
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
  clear(): void
}

export interface RecentOptions<V> {
  /** How many are remembered; with `sizeOf` what their sizes may sum up to. */
  readonly max: number
  /** What one takes of `max`. */
  readonly sizeOf?: (value: V, key: string) => number
  /** What is larger is not remembered: it would crowd out the others. */
  readonly largest?: number
}

/** Linked in the order of use. A map's own order would do, but to find its first after many deletions takes 4 µs (measured). */
interface Entry<V> {
  readonly key: string
  readonly value: V
  readonly size: number
  older: Entry<V> | undefined
  newer: Entry<V> | undefined
}

/**
 * An empty one takes no room, however large it may become: each profile has several, and a process may have hundreds of
 * profiles.
 */
export function createRecent<V>({ max, sizeOf = () => 1, largest = max }: RecentOptions<V>): Recent<V> {
  const entries = new Map<string, Entry<V>>()
  let newest: Entry<V> | undefined
  let oldest: Entry<V> | undefined
  let sum = 0

  const link = (entry: Entry<V>) => {
    entry.older = newest
    entry.newer = undefined
    if (newest === undefined) oldest = entry
    else newest.newer = entry
    newest = entry
  }

  const unlink = ({ older, newer }: Entry<V>) => {
    if (older === undefined) oldest = newer
    else older.newer = newer
    if (newer === undefined) newest = older
    else newer.older = older
  }

  const forget = (entry: Entry<V> | undefined) => {
    if (entry === undefined) return
    unlink(entry)
    entries.delete(entry.key)
    sum -= entry.size
  }

  return {
    get size() {
      return entries.size
    },
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined || entry === newest) return entry?.value
      unlink(entry)
      link(entry)
      return entry.value
    },
    set(key, value) {
      forget(entries.get(key))
      const size = sizeOf(value, key)
      if (size > Math.min(largest, max)) return
      const entry: Entry<V> = { key, value, size, older: undefined, newer: undefined }
      entries.set(key, entry)
      link(entry)
      sum += size
      while (sum > max) forget(oldest)
    },
    delete: (key) => forget(entries.get(key)),
    clear() {
      entries.clear()
      newest = undefined
      oldest = undefined
      sum = 0
    },
  }
}
