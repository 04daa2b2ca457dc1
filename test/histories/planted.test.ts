// The checker finds mistakes that are planted below the bridge: a check that finds nothing proves nothing.
import { describe, expect, it } from 'vitest'
import { PLANTED } from './planted.ts'
import { runHistory } from './run-history.ts'
import { createTally } from './tally.ts'

const MINUTES = 60_000

describe('a planted mistake', () => {
  it.each(Object.entries(PLANTED))(
    'is found: %s',
    async (_, { plant, found }) => {
      const names: string[] = []
      for (let seed = 1; seed <= 60 && names.length === 0; seed += 1) {
        const { violations } = await runHistory({ seed, tally: createTally(), plant })
        names.push(...violations.map(({ name }) => name))
      }
      expect(found).toContain(names[0])
    },
    5 * MINUTES,
  )
})
