// A profile that is made again, and put into the group in the place of the one before: nobody leaves by that.
import { describe, expect, it } from 'vitest'
import { drain } from '../support/roster.ts'
import { openGroup, statesOf } from './group.ts'
import { release } from './release.ts'
import { openMember } from './town.ts'
import { expectedOf, published } from './union.ts'

const START = Date.parse('2026-11-18T18:00:00Z')

async function openThree() {
  const clock = { now: START }
  const [old, b] = [openMember({ id: 'old', prefix: 'a', clock, students: 40 }), openMember({ id: 'b', clock })]
  const anew = openMember({ id: 'anew', prefix: 'a', clock, students: 40 })
  old.publish()
  b.publish()
  const group = await openGroup({ members: [old, b], clock, org: { name: 'Valleys' } })
  await group.syncNow()
  return { clock, old, b, anew, group }
}

const ORG = { sourcedId: 'district', name: 'Valleys', identifier: 'district' }

describe('a member in the place of one with the same prefix', () => {
  it('takes over its records, and only what differs changes', async () => {
    const { b, anew, group } = await openThree()
    anew.town.students.delete(1)
    anew.publish()
    const next = await group.reopened({ members: [b, anew] })
    const { report } = await next.syncNow()
    expect(statesOf(report)).toEqual({ old: 'left', anew: 'merged', b: 'merged' })
    expect(report.counts).toMatchObject({ users: { active: 45, added: 0, changed: 0, removed: 1 } })
    expect(await drain(next)).toEqual(expectedOf([published(anew), published(b)], ORG))

    anew.town.students.delete(2)
    anew.publish()
    expect((await next.syncNow()).report.counts).toMatchObject({ users: { active: 44, removed: 1 } })
    expect(await drain(next)).toEqual(expectedOf([published(anew), published(b)], ORG))
  })

  it('has them while it has published nothing itself, or much less', async () => {
    const { old, b, anew, group } = await openThree()
    const next = await group.reopened({ members: [anew, b] })
    expect(statesOf((await next.syncNow()).report)).toEqual({
      old: 'left',
      anew: 'kept: member-unpublished',
      b: 'merged',
    })
    expect(await drain(next)).toEqual(expectedOf([published(old), published(b)], ORG))
    for (let number = 9; number <= 40; number++) anew.town.students.delete(number)
    anew.publish()
    expect(statesOf((await next.syncNow()).report)).toEqual({ anew: 'kept: member-shrunk', b: 'merged' })
    expect(await drain(next)).toEqual(expectedOf([published(old), published(b)], ORG))
    const without = await next.reopened({ members: [b] })
    const last = await without.syncNow()
    expect(statesOf(last.report)).toEqual({ anew: 'left', b: 'merged' })
    await release(without, last.id)
    expect(await drain(without)).toEqual(expectedOf([published(b)], ORG))
  })

  it('is one: another one is left out', async () => {
    const { clock, b, anew, group } = await openThree()
    const more = openMember({ id: 'more', prefix: 'a', clock })
    anew.publish()
    more.publish()
    const next = await group.reopened({ members: [anew, more, b] })
    expect(statesOf((await next.syncNow()).report)).toEqual({
      old: 'left',
      anew: 'merged',
      more: 'left-out: prefix-clash',
      b: 'merged',
    })
    expect(await drain(next)).toEqual(expectedOf([published(anew), published(b)], ORG))
  })

  it('is waited for while it cannot be asked whether it is one', async () => {
    const { old, b, anew, group } = await openThree()
    anew.publish()
    anew.broken = () => new Response(null, { status: 503 })
    const next = await group.reopened({ members: [anew, b] })
    const { report } = await next.syncNow()
    expect(statesOf(report)).toEqual({
      anew: 'left-out: member-unreachable',
      b: 'merged',
      old: 'kept: successor-unread',
    })
    expect(report.counts.users).toMatchObject({ active: 46, removed: 0 })
    expect(await drain(next)).toEqual(expectedOf([published(old), published(b)], ORG))
    anew.broken = undefined
    const after = await next.syncNow()
    expect(statesOf(after.report)).toEqual({ anew: 'merged', b: 'merged', old: 'left' })
    expect(after.report.counts.users).toMatchObject({ active: 46, added: 0, removed: 0 })
  })

  it('is waited for by a group of one, which is not emptied', async () => {
    const { old, anew, group } = await openThree()
    const one = await group.reopened({ members: [old] })
    await one.syncNow()
    anew.broken = () => new Response(null, { status: 503 })
    const next = await one.reopened({ members: [anew] })
    expect(await next.syncNow()).toMatchObject({ status: 'error', error: { code: 'members-unread' } })
    expect(await drain(next)).toEqual(expectedOf([published(old)], ORG))
  })
})
