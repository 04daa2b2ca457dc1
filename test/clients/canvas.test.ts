// A learning platform's two ways to read, which must agree, over gzip and with several tokens at once.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { openSyncedBridge } from '../http/support.ts'
import { faultsOfRoster, startCanvas } from './canvas.ts'
import { addConsumer } from './consumers.ts'
import type { Entity } from './read.ts'
import { serve } from './wire.ts'

const bridge = await openSyncedBridge({ district: createDistrict({ students: 220, seed: 38, today: '2026-11-18' }) })
const wire = await serve(bridge)
const first = [...(await (await startCanvas(wire)).all('schools', 'orgs'))][0]
const narrowed = await addConsumer(wire, { name: 'one school', schools: [String(first?.identifier)] })
await bridge.syncNow()

const byId = (records: readonly Entity[]) =>
  Object.fromEntries(records.map((record) => [record.sourcedId, record] as const))

describe.each([
  ['the whole district', undefined],
  ['one school', narrowed],
])('with %s', (_, credentials) => {
  const open = () => startCanvas(wire, credentials === undefined ? {} : { credentials })

  test('bulk lists have no loose ends', async () => {
    const canvas = await open()
    const lists = ['classes', 'courses', 'enrollments', 'orgs', 'users', 'academicSessions'] as const
    const roster: Record<string, readonly Entity[]> = {}
    for (const list of lists) roster[list] = await canvas.all(list)
    expect(roster.enrollments?.length).toBeGreaterThan(100)
    expect(faultsOfRoster(roster)).toEqual([])
    const people = [...(await canvas.all('students', 'users')), ...(await canvas.all('teachers', 'users'))]
    expect(byId(people)).toEqual(byId(roster.users ?? []))
    const sessions = byId(roster.academicSessions ?? [])
    for (const list of ['terms', 'gradingPeriods']) {
      for (const session of await canvas.all(list, 'academicSessions'))
        expect(session).toEqual(sessions[session.sourcedId])
    }
  })

  test('school by school is the same', async () => {
    const canvas = await open()
    const schools = await canvas.all('schools', 'orgs')
    const below = async (list: string, key = list) =>
      byId((await Promise.all(schools.map(({ sourcedId }) => canvas.all(`schools/${sourcedId}/${list}`, key)))).flat())
    for (const list of ['enrollments', 'classes', 'courses'] as const) {
      expect(await below(list)).toEqual(byId(await canvas.all(list)))
    }
    for (const list of ['students', 'teachers'])
      expect(await below(list, 'users')).toEqual(byId(await canvas.all(list, 'users')))
    const terms = byId(await canvas.all('terms', 'academicSessions'))
    expect(terms).toMatchObject(await below('terms', 'academicSessions'))
  })
})
