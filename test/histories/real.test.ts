// The same with real processes, real time and kill -9.
import { expect, it } from 'vitest'
import { runRealHistory } from './real/run-real.ts'
import { createTally } from './tally.ts'

const MINUTES = 60_000

// Side by side, for they wait more than they compute: 33 s instead of 80.
it.concurrent.each([1, 2, 3])(
  'readers of a bridge that is killed again and again hold the truth in the end (seed %i)',
  async (seed) => {
    const tally = createTally()
    const { violations, trace } = await runRealHistory({ seed, tally })
    expect(violations, trace.join('\n')).toEqual([])
    expect(tally.counts.get('real: SIGKILL') ?? 0).toBeGreaterThan(0)
    expect(tally.counts.get('real: runs') ?? 0).toBeGreaterThan(4)
  },
  3 * MINUTES,
)
