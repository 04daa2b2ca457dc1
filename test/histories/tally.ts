// What was tried, counted.

export interface Tally {
  add(what: string, times?: number): void
  /** Keeps the largest. */
  most(what: string, value: number): void
  readonly counts: ReadonlyMap<string, number>
}

export function createTally(): Tally {
  const counts = new Map<string, number>()
  return {
    counts,
    add: (what, times = 1) => void counts.set(what, (counts.get(what) ?? 0) + times),
    most: (what, value) => void counts.set(what, Math.max(counts.get(what) ?? 0, value)),
  }
}
