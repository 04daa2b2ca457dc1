// A member whose store is another one than the group has read: lost and read anew, or brought back from a copy.
import { describe, expect, it } from 'vitest'
import { askAnew, beginAnew } from '../../src/profiles/anew.ts'
import { drain } from '../support/roster.ts'
import type { Clock } from '../support/test-runtime.ts'
import { type GroupOptions, openGroup, statesOf, type TestGroup } from './group.ts'
import { type Member, openMember } from './town.ts'
import { expectedOf, published } from './union.ts'

const START = Date.parse('2026-11-18T18:00:00Z')

interface Opened {
  readonly clock: Clock
  readonly a: Member
  readonly b: Member
  readonly group: TestGroup
}

async function openTwo(students: number, options: Partial<GroupOptions> = {}): Promise<Opened> {
  const clock = { now: START }
  const [a, b] = [openMember({ id: 'a', clock, students, sizes: { page: 3, step: 3 } }), openMember({ id: 'b', clock })]
  a.publish()
  b.publish()
  const group = await openGroup({ members: [a, b], clock, ...options })
  await group.syncNow()
  return { clock, a, b, group }
}

describe('a member whose store was made anew', () => {
  it('is not put together of two snapshots that have the same number', async () => {
    const { clock, a, b, group } = await openTwo(6)
    a.lose()
    a.publish()
    let isDone = false
    a.broken = (answer, { url }) => {
      if (isDone || !url.includes('collection=users') || !url.includes('after=a')) return answer
      isDone = true
      a.lose()
      clock.now += 60_000
      for (const student of a.town.students.values()) student.name = `${student.name} of the second`
      a.publish()
      return a.fetch(new Request(url))
    }
    const { report } = await group.syncNow()
    expect(isDone).toBe(true)
    expect(statesOf(report)).toEqual({ a: 'merged', b: 'merged' })
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)]))
  })

  it('keeps what it had when it has lost much of that, for no guard of its own has seen it', async () => {
    const { a, b, group } = await openTwo(40)
    const before = published(a)
    a.lose()
    for (let number = 11; number <= 40; number++) a.town.students.delete(number)
    a.publish()
    const { report } = await group.syncNow()
    expect(statesOf(report)).toEqual({ a: 'kept: member-shrunk', b: 'merged' })
    expect(report.members[0]?.problem?.message).toBe(
      'The store of the member a is another one than before, and has less: 30 of 40 users, 30 of 40 enrollments, 30 of 40 demographics would leave.',
    )
    expect(await drain(group)).toEqual(expectedOf([before, published(b)]))

    for (let number = 11; number <= 30; number++) a.town.students.set(number, { number, name: 'Back', school: 1 })
    a.publish()
    expect(statesOf((await group.syncNow()).report)).toEqual({ a: 'merged', b: 'merged' })
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)]))
  })

  it('is followed again when it has lost much after that, as its own guard has let it', async () => {
    const { a, b, group } = await openTwo(40)
    a.lose()
    a.publish()
    await group.syncNow()
    for (let number = 11; number <= 40; number++) a.town.students.delete(number)
    a.publish()
    expect(statesOf((await group.syncNow()).report)).toEqual({ a: 'merged', b: 'merged' })
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)]))
  })
})

describe('a group that is reset', () => {
  it('reads every member whole, and has again what its own store had lost', async () => {
    const { a, b, group } = await openTwo(6)
    group.sql.run(`delete from records_users where sourcedId in ('astu2', 'bstu1')`)
    await group.syncNow()
    askAnew(group.sql)
    expect(beginAnew(group.sql)).toBe(true)
    const { report } = await group.syncNow()
    expect(statesOf(report)).toEqual({ a: 'merged', b: 'merged' })
    expect(report.counts.users).toMatchObject({ active: 12, added: 2, changed: 0, removed: 0 })
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)]))
  })
})
