// Works through many items, a few at a time.

/**
 * Runs `work` over the items with `width` of them under way. After a failure no further item starts; `onFailure` may cut
 * short the others, and the first failure is thrown once they have ended: nothing goes on behind the caller's back.
 */
export async function eachInPool<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
  onFailure: (failure: unknown) => void = () => {},
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  const failures: unknown[] = []
  const worker = async () => {
    while (failures.length === 0) {
      const next = iterator.next()
      if (next.done === true) return
      try {
        await work(next.value)
      } catch (failure) {
        failures.push(failure)
        onFailure(failure)
      }
    }
  }
  await Promise.all(Array.from({ length: width }, worker))
  if (failures.length > 0) throw failures[0]
}
