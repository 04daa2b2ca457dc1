// What a sync had read of a member and gives up is taken back as a whole, wherever the process ends in the midst of that.
import { describe, expect, it } from 'vitest'
import { drain } from '../support/roster.ts'
import { openGroup, statesOf, type TestGroup } from './group.ts'
import { addStudent, openMember } from './town.ts'
import { expectedOf, published } from './union.ts'

const START = Date.parse('2026-11-18T18:00:00Z')
/** The first attempt, and those after a wait. */
const ATTEMPTS = 3

describe('a member whose reading is given up', () => {
  it.each([1, 2, 3, 4])(
    'is read from its beginning after the process ended %i pieces of work into that',
    async (piece) => {
      const clock = { now: START }
      const [a, b] = [openMember({ id: 'a', clock }), openMember({ id: 'b', clock })]
      a.publish()
      b.publish()
      let failures = 0
      let pieces = 0
      let tear = (_: undefined) => {}
      const torn = new Promise<undefined>((resolve) => {
        tear = resolve
      })
      const pause = async () => {
        if (failures < ATTEMPTS) return
        pieces += 1
        if (pieces < piece) return
        tear(undefined)
        await new Promise(() => {})
      }
      const group = await openGroup({ members: [a, b], clock, pause })
      await group.syncNow()
      a.town.schools.add(3)
      addStudent(a.town, 9, 3)
      a.town.students.delete(1)
      a.publish()
      a.broken = (answer, { url }) => {
        if (!url.includes('collection=demographics')) return answer
        failures += 1
        return new Response(null, { status: 503 })
      }
      expect(await Promise.race([group.syncNow(undefined, 'torn'), torn])).toBeUndefined()

      a.broken = undefined
      failures = Number.NEGATIVE_INFINITY
      const next: TestGroup = await group.reopened()
      const { report } = await next.syncNow(undefined, 'torn')
      expect(statesOf(report)).toEqual({ a: 'merged', b: 'merged' })
      expect(report.counts).toMatchObject({
        users: { active: 12, added: 1, removed: 1 },
        classes: { active: 5, added: 1 },
      })
      expect(await drain(next)).toEqual(expectedOf([published(a), published(b)]))
    },
  )
})
