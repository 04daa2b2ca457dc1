// What is loaded by whoever first needs it.

/**
 * Loads once: who asks meanwhile waits for the same. A failure is told to all who wait and is not remembered, so the next tries
 * again.
 */
export function whenNeeded<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return loading
  }
}
