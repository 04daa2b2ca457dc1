// Lets only so many pieces of costly work run at a time.

export interface Turns {
  /** Runs the work when its turn comes, the longest waiting first. Undefined, and nothing is run, when too many wait. */
  take<T>(work: () => Promise<T>): Promise<T> | undefined
}

export interface TurnLimits {
  readonly atOnce: number
  readonly waiting: number
}

export function createTurns({ atOnce, waiting }: TurnLimits): Turns {
  const queue: (() => void)[] = []
  let running = 0
  const begin = (): Promise<void> => {
    if (running >= atOnce) return new Promise((resolve) => queue.push(resolve))
    running += 1
    return Promise.resolve()
  }
  const end = () => {
    const next = queue.shift()
    // Whoever waited takes over the place of the one that ends.
    if (next === undefined) running -= 1
    else next()
  }
  return {
    take(work) {
      if (running >= atOnce && queue.length >= waiting) return undefined
      return begin().then(work).finally(end)
    },
  }
}
