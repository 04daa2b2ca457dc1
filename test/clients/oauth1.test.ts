// Clients that sign with OAuth 1.0a: School Data Sync, ClassLink's libraries, Moodle, TCI; and what must be refused.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { openSyncedBridge } from '../http/support.ts'
import { CONSUMER, PUBLIC_URL } from '../support/known.ts'
import { LIBRARIES, type Library, sign, signingClient } from './oauth1.ts'
import { recordsOf, totalOf } from './read.ts'
import { startSds } from './sds.ts'
import { idsOf, readSchool, readSchools } from './sds-old.ts'
import { serve } from './wire.ts'

const DISTRICT = { students: 120, seed: 33, today: '2026-11-18' } as const
const bridge = await openSyncedBridge({ district: createDistrict(DISTRICT) })
const wire = await serve(bridge)
const now = () => bridge.clock.now
const libraries = Object.entries<Library>(LIBRARIES)

describe.each(libraries)('the signer %s', (_, library) => {
  test('reads a page', async () => {
    const answer = await signingClient(wire, library, { now }).get('/users', { limit: '10000', offset: '0' })
    expect(recordsOf(answer, 'users')).toHaveLength(totalOf(answer))
  })

  test.each([
    "role='student'",
    "status='active'",
    "givenName='Colin Robert'",
    "familyName='O'Brien'",
    "email~'@example'",
    "dateLastModified>'2020-01-01T00:00:00.000Z'",
    "role='student' OR role='teacher' AND status='active'",
    "familyName!='(Nobody) * !'",
    "familyName!='Müller-Łódź ~ 100%'",
  ])('reads what %s finds', async (filter) => {
    const answer = await signingClient(wire, library, { now }).get('/users', { filter, limit: '10000' })
    const bearer = await bridge.get(`/users?limit=10000&filter=${encodeURIComponent(filter)}`)
    expect(answer.text).toBe(await bearer.text())
    expect(answer.status).toBe(200)
  })

  test('reads nested lists and single records in any order of parameters', async () => {
    const { get } = signingClient(wire, library, { now })
    const [school] = recordsOf(await get('/schools', { orderBy: 'desc', limit: '1', sort: 'name' }), 'orgs')
    const answer = await get(`/schools/${school?.sourcedId}/enrollments`, {
      filter: "role='teacher'",
      fields: 'sourcedId',
    })
    expect(totalOf(answer)).toBeGreaterThan(0)
    expect((await get(`/schools/${school?.sourcedId}`)).status).toBe(200)
  })
})

describe('School Data Sync by HMAC-SHA1', () => {
  test('reads the district school by school as it does by OAuth 2', async () => {
    const { get } = signingClient(wire, LIBRARIES.sds, { now })
    const signed = async (path: string) => {
      const [place = '', written = ''] = path.split(/\?(.*)/s)
      const query = written === '' ? [] : written.split('&').map((pair) => pair.split(/=(.*)/s).slice(0, 2))
      const answer = await get(place, Object.fromEntries(query))
      if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.text}`)
      return answer
    }
    const other = await startSds(wire)
    const schools = await readSchools(signed)
    expect(schools).toEqual(await readSchools(other.get))
    for (const school of schools) {
      const byKey = await readSchool(signed, school)
      const byToken = await readSchool(other.get, school)
      expect(idsOf(byKey.studentEnrollments)).toEqual(idsOf(byToken.studentEnrollments))
      expect(byKey).toEqual(byToken)
    }
  })

  test('does not sign parameters without a value', async () => {
    const { get } = signingClient(wire, LIBRARIES.sds, { now })
    const answer = await get('/users', { limit: '5', filter: '', sort: '' })
    expect([answer.status, totalOf(answer)]).toEqual([200, totalOf(await get('/users'))])
  })
})

test.each(['//users', '/Users/', '/schools//1000000/classes'])(
  'the address is signed in the spelling in which it is sent: %s',
  async (path) => {
    for (const library of [LIBRARIES.php, LIBRARIES.sds]) {
      const address = `${PUBLIC_URL}/ims/oneRoster/v1p1${path}`
      const request = sign(library, address, [['limit', '2']], {
        nowMs: now(),
        nonce: `${library.method}${path}`,
      })
      const answer = await wire.send(request.address, { headers: { authorization: request.authorization } })
      expect(answer.status).toBe(200)
    }
  },
)

describe('behind a public address with a port', async () => {
  const PUBLIC = 'https://roster.example.org:8443'
  const ported = await openSyncedBridge({ district: createDistrict(DISTRICT), settings: { PUBLIC_URL: PUBLIC } })
  const portedWire = await serve(ported, { publicUrl: PUBLIC })

  test.each(libraries)('%s signs with the port or without', async (_, library) => {
    const { get } = signingClient(portedWire, library, { now: () => ported.clock.now })
    expect((await get('/orgs', { limit: '5' })).status).toBe(200)
  })
})

describe('a signed request is refused', () => {
  const address = `${PUBLIC_URL}/ims/oneroster/v1p1/users`
  const library = LIBRARIES.php
  const send = (request: { readonly address: string; readonly authorization: string }) =>
    wire.send(request.address, { headers: { authorization: request.authorization } })

  test('when it comes again', async () => {
    const request = sign(library, address, [['limit', '1']], { nowMs: now(), nonce: 'once-only' })
    expect((await send(request)).status).toBe(200)
    const again = await send(request)
    expect([again.status, again.headers['www-authenticate']]).toEqual([401, expect.stringMatching(/^OAuth\b/)])
  })

  test.each([
    ['eleven minutes old', -11 * 60_000, 401],
    ['nine minutes old', -9 * 60_000, 200],
    ['four minutes ahead', 4 * 60_000, 200],
    ['six minutes ahead', 6 * 60_000, 401],
  ])('or not, when it is %s', async (label, aside, status) => {
    const request = sign(library, address, [], { nowMs: now() + aside, nonce: label.replaceAll(' ', '') })
    expect((await send(request)).status).toBe(status)
  })

  test('when its query was changed on the way', async () => {
    const request = sign(library, address, [['limit', '1']], { nowMs: now(), nonce: 'changed-query' })
    expect((await send({ ...request, address: request.address.replace('limit=1', 'limit=2') })).status).toBe(401)
  })

  test('when the secret or the key is wrong, with the same words', async () => {
    const texts: unknown[] = []
    for (const credentials of [
      { id: CONSUMER.id, secret: 'wrong' },
      { id: 'nobody', secret: CONSUMER.secret },
    ]) {
      const answer = await send(
        sign(library, address, [], { credentials, nowMs: now(), nonce: `wrong-${texts.length}` }),
      )
      expect(answer.status).toBe(401)
      texts.push(JSON.parse(answer.text).statusInfoSet[0].imsx_description)
    }
    expect(texts[0]).toBe(texts[1])
  })

  test('by 1.2, which knows bearer tokens only', async () => {
    const path = `${PUBLIC_URL}/ims/oneroster/rostering/v1p2/users`
    expect((await send(sign(library, path, [], { nowMs: now(), nonce: 'for-v1p2' }))).status).toBe(401)
  })
})
