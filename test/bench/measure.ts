// How the bench measures: interleaved rounds, medians, and ratios of what was measured side by side.

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** The value that a `share` of all values does not exceed: 0.99 for p99. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const WARM_UP_ROUNDS = 2

/**
 * Runs each work once a round, in turn, and gives the median milliseconds of each. Two rounds go before, unmeasured: a process
 * that has just started is still compiling what it runs, the bare server as well as the bridge.
 */
export async function interleaved<Name extends string>(
  rounds: number,
  works: Readonly<Record<Name, () => Promise<unknown>>>,
): Promise<Record<Name, number>> {
  // The keys of `works` are its names, each once.
  const names = Object.keys(works) as Name[]
  const times = new Map<Name, number[]>(names.map((name) => [name, []]))
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const name of names) {
      const ms = await millisecondsOf(works[name])
      if (round >= 0) times.get(name)?.push(ms)
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times.get(name) ?? [])])) as Record<Name, number>
}

export interface Figure {
  readonly what: string
  readonly value: string
  readonly aim: string
  readonly isMet: boolean | undefined
}

export function ratio(
  what: string,
  value: number,
  aim: { readonly least: number } | { readonly most: number },
): Figure {
  const isLeast = 'least' in aim
  return {
    what,
    value: value.toFixed(value < 10 ? 3 : 1),
    aim: isLeast ? `≥ ${aim.least}` : `≤ ${aim.most}`,
    isMet: isLeast ? value >= aim.least : value <= aim.most,
  }
}

/** A figure without an aim, for the reader. */
export function note(what: string, value: string): Figure {
  return { what, value, aim: '', isMet: undefined }
}

export function printFigures(figures: readonly Figure[]): void {
  const width = Math.max(...figures.map(({ what }) => what.length))
  for (const { what, value, aim, isMet } of figures) {
    const verdict = isMet === undefined ? '' : isMet ? 'met' : 'FALLS SHORT'
    console.log(`  ${what.padEnd(width)}  ${value.padStart(12)}  ${aim.padEnd(8)}  ${verdict}`.trimEnd())
  }
}
