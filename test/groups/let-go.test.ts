// What a person lets go in a group: a member that has lost much, and a narrowed roster that would.
import { describe, expect, it } from 'vitest'
import { addClient } from '../../src/auth/clients.ts'
import { findSync, latestEnded, saveSync } from '../../src/store/syncs.ts'
import { announceSync } from '../../src/sync/announce.ts'
import { SEALING_KEY } from '../support/known.ts'
import { drain } from '../support/roster.ts'
import type { Clock } from '../support/test-runtime.ts'
import { openGroup, statesOf } from './group.ts'
import { release } from './release.ts'
import { addStudent, type Member, openMember } from './town.ts'
import { expectedOf, published } from './union.ts'

const START = Date.parse('2026-11-18T18:00:00Z')

async function openTwo(students = 40) {
  const clock = { now: START }
  const [a, b] = [openMember({ id: 'a', clock, students }), openMember({ id: 'b', clock })]
  a.publish()
  b.publish()
  const group = await openGroup({ members: [a, b], clock })
  await group.syncNow()
  return { clock, a, b, group }
}

function shrink(member: Member, from: number): void {
  member.lose()
  for (const number of [...member.town.students.keys()]) if (number >= from) member.town.students.delete(number)
  member.publish()
}

describe('a member that has lost much', () => {
  it('is followed by the next sync once a person has released the one that kept it', async () => {
    const { a, b, group } = await openTwo()
    shrink(a, 11)
    const kept = await group.syncNow()
    expect(statesOf(kept.report)).toEqual({ a: 'kept: member-shrunk', b: 'merged' })
    expect(kept.report.members[0]?.waiting).toMatchObject({ generation: 1 })
    expect(kept.report.members[0]?.problem?.remedy).toContain('POST …/syncs/{id}/resume')
    expect(await release(group, kept.id)).toMatchObject({ status: 200, json: { id: kept.id } })
    expect(group.logged.some((line) => line.includes('members-released'))).toBe(true)

    // What it publishes between is of the same store, and has passed its own guard.
    a.town.students.delete(10)
    a.publish()
    const { report } = await group.syncNow()
    expect(statesOf(report)).toEqual({ a: 'merged', b: 'merged' })
    expect(report.counts.users).toMatchObject({ active: 15, removed: 31 })
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)]))
  })

  it('is begun with at once, and once only', async () => {
    const { a, group } = await openTwo()
    shrink(a, 11)
    const kept = await group.syncNow()
    group.schedule.start()
    await group.schedule.settled()
    const latest = latestEnded(group.sql)
    expect(latest?.id).not.toBe(kept.id)
    // A later sync has told of it since.
    expect((await release(group, kept.id)).status).toBe(409)
    expect((await release(group, latest?.id ?? '')).status).toBe(200)
    await group.schedule.settled()
    expect(statesOf(latestEnded(group.sql)?.report as never)).toEqual({ a: 'merged', b: 'merged' })
    expect((await release(group, latestEnded(group.sql)?.id ?? '')).status).toBe(409)
    await group.schedule.stop()
    // It was let go for that store, and for no other.
    for (let number = 11; number <= 40; number++) addStudent(a.town, number, 1)
    a.publish()
    await group.syncNow()
    shrink(a, 11)
    expect(statesOf((await group.syncNow()).report)).toEqual({ a: 'kept: member-shrunk', b: 'merged' })
  })

  it('is not let go with another store than the one that was told of', async () => {
    const { clock, a, b, group } = await openTwo()
    shrink(a, 11)
    const before = await drain(group)
    const kept = await group.syncNow()
    await release(group, kept.id)
    clock.now += 60_000
    shrink(a, 3)
    expect(statesOf((await group.syncNow()).report)).toEqual({ a: 'kept: member-shrunk', b: 'merged' })
    expect(await drain(group)).toEqual(before)
    expect(b.asked.length).toBeGreaterThan(0)
  })

  it('is followed without any user, too', async () => {
    const { a, b, group } = await openTwo(6)
    a.town.students.clear()
    a.publish()
    const kept = await group.syncNow()
    expect(statesOf(kept.report)).toEqual({ a: 'kept: member-empty', b: 'merged' })
    expect((await release(group, kept.id)).status).toBe(200)
    expect(statesOf((await group.syncNow()).report)).toEqual({ a: 'merged', b: 'merged' })
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)]))
  })
})

describe('a narrowed roster of a group', () => {
  /** Of 200 students of the member, 30 are in the school that the consumer sees. */
  async function openNarrowed(settings: Readonly<Record<string, string>> = {}) {
    const clock: Clock = { now: START }
    const [a, b] = [openMember({ id: 'a', clock, students: 200 }), openMember({ id: 'b', clock })]
    for (const student of a.town.students.values()) student.school = student.number <= 30 ? 1 : 2
    a.publish()
    b.publish()
    const group = await openGroup({ members: [a, b], clock, settings })
    await group.syncNow()
    const deps = { sql: group.sql, now: () => clock.now, sealingKey: SEALING_KEY }
    const made = await addClient({ name: 'One school', schools: ['asch1'] }, deps)
    if (!('client' in made)) throw new Error(JSON.stringify(made))
    await group.syncNow()
    return { a, b, group }
  }

  const emptySchool = ({ town }: Member) => {
    for (let number = 2; number <= 30; number++) town.students.delete(number)
  }

  it('holds the sync that would take much of it, which the guard of the member lets through', async () => {
    const { a, b, group } = await openNarrowed()
    const before = await drain(group)
    emptySchool(a)
    a.publish()
    const held = await group.syncNow()
    expect(held.status).toBe('validationError')
    const users = held.report.held.find(({ collection }) => collection === 'users of the roster for school asch1')
    expect(users).toMatchObject({ reason: 'share', removed: 29, of: 30 })
    expect(users?.sourcedIds).toContain('astu2')
    expect(await drain(group)).toEqual(before)
    expect(await release(group, held.id)).toMatchObject({ status: 200, json: { status: 'success' } })
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)]))
    // What was released is what the group has: the next sync goes on from it.
    expect((await group.syncNow()).report).toMatchObject({ isPublished: false, held: [] })
  })

  it('is held by each sync until a person has released one', async () => {
    const { a, b, group } = await openNarrowed()
    emptySchool(a)
    a.publish()
    const [first, second] = [await group.syncNow(), await group.syncNow()]
    expect([first.status, second.status]).toEqual(['validationError', 'validationError'])
    expect(second.report.readiness.records.users).toBe(177)
    expect((await release(group, first.id)).status).toBe(409)
    expect((await release(group, second.id)).status).toBe(200)
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)]))
  })

  it('holds nothing that a person has released in the member', async () => {
    const { a, b, group } = await openNarrowed()
    emptySchool(a)
    a.publish()
    const nothing = { progress: undefined, error: undefined, finishedMs: START }
    const report = { generation: 2, isPublished: true, held: [{ collection: 'users of the roster for school 100' }] }
    saveSync(a.sql, { id: 'released', status: 'success', startedMs: START, stage: 'done', report, ...nothing })
    expect(findSync(a.sql, 'released')).toBeDefined()
    expect((await group.syncNow()).status).toBe('success')
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)]))
    // That is over with the generation in which it was.
    for (let number = 31; number <= 200; number++) if (number % 2 === 0) a.town.students.delete(number)
    a.publish()
    expect((await group.syncNow()).status).toBe('success')
  })

  it('holds the sync by which a small member leaves the group', async () => {
    const { a, b, group } = await openNarrowed()
    const deps = { sql: group.sql, now: () => group.clock.now, sealingKey: SEALING_KEY }
    await addClient({ name: 'A school of the small one', schools: ['bsch1'] }, deps)
    await group.syncNow()
    const without = await group.reopened({ members: [a] })
    const held = await without.syncNow()
    expect(held.report.held.map(({ collection, reason }) => [collection, reason])).toContainEqual([
      'users of the roster for school bsch1',
      'empty',
    ])
    expect(await drain(without)).toEqual(expectedOf([published(a), published(b)]))
    expect((await release(without, held.id)).status).toBe(200)
    expect(await drain(without)).toEqual(expectedOf([published(a)]))
  })

  it('holds nothing where the settings let all go', async () => {
    const { a, b, group } = await openNarrowed({ GUARD_SHARE: '1' })
    emptySchool(a)
    a.publish()
    expect((await group.syncNow()).status).toBe('success')
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)]))
  })
})

describe('a group', () => {
  it('holds the sync by which a large member leaves it, until it is released or comes back', async () => {
    const { a, b, group } = await openTwo()
    const without = await group.reopened({ members: [b] })
    const held = await without.syncNow()
    expect(held.status).toBe('validationError')
    expect(held.report.held.find(({ collection }) => collection === 'users')).toMatchObject({ removed: 40, of: 46 })
    expect(held.report.held[0]?.sourcedIds[0]).toMatch(/^a/)
    expect(await drain(without)).toEqual(expectedOf([published(a), published(b)]))
    const back = await without.reopened({ members: [a, b] })
    expect((await back.syncNow()).report).toMatchObject({ held: [], isPublished: false })
    const again = await back.reopened({ members: [b] })
    expect((await release(again, (await again.syncNow()).id)).status).toBe(200)
    expect(await drain(again)).toEqual(expectedOf([published(b)]))
    expect((await again.syncNow()).report).toMatchObject({ held: [], isPublished: false })
  })

  it('holds its first snapshot while it lacks a member, and publishes it when it is there, or when a person says so', async () => {
    const clock = { now: START }
    const [a, b] = [openMember({ id: 'a', clock }), openMember({ id: 'b', clock })]
    a.publish()
    const group = await openGroup({ members: [a, b], clock })
    const held = await group.syncNow()
    expect(held).toMatchObject({
      status: 'validationError',
      report: { held: [{ collection: 'users of the member b', reason: 'nobody' }] },
    })
    expect((await group.get('/users')).status).toBe(503)
    const other = await openGroup({ members: [a, b], clock })
    expect((await release(other, (await other.syncNow()).id)).status).toBe(200)
    expect(await drain(other)).toEqual(expectedOf([published(a)]))
    b.publish()
    expect((await group.syncNow()).status).toBe('success')
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)]))
  })

  it('waits on for a member whose first sync was cut short and begins again', async () => {
    const clock = { now: START }
    const [a, b] = [openMember({ id: 'a', clock }), openMember({ id: 'b', clock })]
    a.publish()
    const begun = { sql: b.sql, now: () => clock.now }
    saveSync(b.sql, { ...announceSync(begun, 'cut'), status: 'paused' })
    announceSync(begun, 'again')
    const group = await openGroup({ members: [a, b], clock })
    expect((await group.syncNow()).status).toBe('validationError')
  })

  it('does not wait for a member whose own first sync has failed', async () => {
    const clock = { now: START }
    const [a, b] = [openMember({ id: 'a', clock }), openMember({ id: 'b', clock })]
    a.publish()
    const failed = { ...announceSync({ sql: b.sql, now: () => clock.now }, 'first'), status: 'error' as const }
    saveSync(b.sql, failed)
    const group = await openGroup({ members: [a, b], clock })
    const { status, report } = await group.syncNow()
    expect(status).toBe('success')
    expect(statesOf(report)).toEqual({ a: 'merged', b: 'left-out: member-unpublished' })
    expect(await drain(group)).toEqual(expectedOf([published(a)]))
  })
})
