// Readers against writers under faults and kills: in many histories every copy is right.
import { describe, expect, it } from 'vitest'
import { seedsHere } from '../support/runtime.ts'
import { type HistoryResult, runHistory } from './run-history.ts'
import { createTally } from './tally.ts'

const SEEDS = seedsHere(120, 2)
const BATCH = seedsHere(20, 2)
const MINUTES = 60_000
/** Of which seed a history is lived twice. */
const AGAIN = 2
/** Its first run, which is one of all. */
let once: HistoryResult | undefined

describe('a reader that applies what it read', () => {
  it.each(Array.from({ length: SEEDS / BATCH }, (_, batch) => 1 + batch * BATCH))(
    'always holds the truth, whatever happens meanwhile (seeds from %i)',
    async (from) => {
      const tally = createTally()
      for (let seed = from; seed < from + BATCH; seed += 1) {
        const result = await runHistory({ seed, tally })
        if (seed === AGAIN) once = result
        const { violations, trace } = result
        expect(violations, `seed ${seed}\n${trace.slice(-40).join('\n')}`).toEqual([])
      }
      const tried = (what: string) => tally.counts.get(what) ?? 0
      for (const what of [
        'publishes',
        'kills',
        'pulls',
        'delta pulls',
        'clock steps back',
        'copies compared in the end',
      ]) {
        expect(tried(what), what).toBeGreaterThan(BATCH / 2)
      }
    },
    5 * MINUTES,
  )

  it('lives the same history again from the same seed', async () => {
    once ??= await runHistory({ seed: AGAIN, tally: createTally() })
    const again = await runHistory({ seed: AGAIN, tally: createTally() })
    expect(again).toEqual(once)
  })
})
