// A bounded memory of what was looked up last, in two generations: cheaper per hit than a list in order of use.

interface Recent<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): void
}

/** Keeps at least the last `size` entries that were used, at most twice as many. */
export function createRecent<K, V>(size: number): Recent<K, V> {
  let young = new Map<K, V>()
  let old = new Map<K, V>()
  const set = (key: K, value: V) => {
    if (young.size >= size) [old, young] = [young, new Map()]
    young.set(key, value)
  }
  return {
    get: (key) => {
      const found = young.get(key)
      if (found !== undefined) return found
      const older = old.get(key)
      if (older !== undefined) set(key, older)
      return older
    },
    set,
  }
}
