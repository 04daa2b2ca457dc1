// A bridge whose public address has a path, behind a proxy that takes the path off, and behind one that passes it on.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { openSyncedBridge } from '../http/support.ts'
import { startClassroom } from './google-classroom.ts'
import { LIBRARIES, type Library, signingClient } from './oauth1.ts'
import { linksIn, recordsOf, totalOf } from './read.ts'
import { inOrder, startSds } from './sds.ts'
import { readByLinks } from './strict-reader.ts'
import { startTci } from './tci.ts'
import { fetchToken } from './tokens.ts'
import { serve } from './wire.ts'

const PUBLIC = 'https://district.example.org/sis/Roster'
const bridge = await openSyncedBridge({
  district: createDistrict({ students: 80, seed: 40, today: '2026-11-18' }),
  settings: { PUBLIC_URL: `${PUBLIC}/` },
})
const now = () => bridge.clock.now

describe.each([false, true])('a proxy that passes the path on: %s', async (keepsPrefix) => {
  const wire = await serve(bridge, { publicUrl: PUBLIC, keepsPrefix })

  test('School Data Sync and a reader without a token path of its own pull the district', async () => {
    const sds = await startSds(wire)
    const data = await sds.fullPull(100)
    expect(inOrder(data)).toEqual(inOrder(await sds.fullPull()))
    expect(await (await startTci(wire)).all('enrollments')).toHaveLength(data.enrollments.size)
    const since = await sds.deltaPull('2020-01-01T00:00:00.000Z', 'link')
    expect(since.enrollments).toHaveLength(data.enrollments.size)
  })

  test('links and Link lead back to the public address', async () => {
    const token = await fetchToken(wire)
    const root = `${PUBLIC}/ims/oneroster/v1p1`
    for (const list of ['users', 'enrollments', 'classes']) {
      expect((await readByLinks(wire, { token, root, path: `${list}?limit=30` })).length).toBeGreaterThan(30)
    }
    const classroom = await startClassroom(wire, '1.2')
    const answer = await classroom.roster('/classes?limit=10000')
    const outside = linksIn(recordsOf(answer, 'classes')).filter(
      ({ href }) => !href.startsWith(`${PUBLIC}/ims/oneroster/rostering/v1p2/`),
    )
    expect([recordsOf(answer, 'classes').length, outside]).toEqual([totalOf(answer), []])
  })

  test.each(Object.entries<Library>(LIBRARIES))('%s signs the public address', async (_, library) => {
    const { get } = signingClient(wire, library, { now })
    expect((await get('/users', { limit: '5', filter: "role='student'" })).status).toBe(200)
  })
})
