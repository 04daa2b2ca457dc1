// The history of a record by the admin API: its versions, when each was published, and what changed.
import { describe, expect, test } from 'vitest'
import { renameStudent, transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { ADMIN_TOKEN } from '../support/known.ts'
import { ask, type Json } from './admin-client.ts'
import { bearer, readWhole, request } from './support.ts'

const STUDENT = 100_001
const PATH = '/records/users/stu100001'

async function historyOf(bridge: TestBridge, path = PATH): Promise<Json[]> {
  const { status, body } = await ask(bridge, path)
  expect(status).toBe(200)
  return body.versions as Json[]
}

/** A later sync, and when it published. */
async function publishAt(bridge: TestBridge, laterMs = 60_000): Promise<string> {
  bridge.clock.now += laterMs
  const { status, report } = await bridge.syncNow()
  expect(status).toBe('success')
  return String(report.publishedAt)
}

describe('the history of a record', () => {
  test('begins with its first version, as consumers see it', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    const publishedAt = await publishAt(bridge)
    const { body, status } = await ask(bridge, PATH)
    const [served] = await readWhole(bridge, '/users', { filter: "sourcedId='stu100001'" })
    expect([status, body]).toEqual([
      200,
      {
        collection: 'users',
        sourcedId: 'stu100001',
        versions: [{ generation: 1, publishedAt, status: 'active', isCurrent: true, record: served }],
      },
    ])
  })

  test('tells each version with its time, its end, and the names of the fields that changed', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    const first = await publishAt(bridge)
    // Its pages are read from the first snapshot for an hour, which is kept for them.
    await readWhole(bridge, '/users')
    renameStudent(bridge.district, STUDENT, 'Nadia', 'Renamed')
    const second = await publishAt(bridge)
    // Another list, or that one's pages would be read from the second snapshot from now on.
    await readWhole(bridge, '/students')
    transferStudent(bridge.district, STUDENT, null)
    const third = await publishAt(bridge)
    expect(await historyOf(bridge)).toMatchObject([
      { generation: 3, publishedAt: third, status: 'tobedeleted', isCurrent: true, changed: ['status'] },
      { generation: 2, publishedAt: second, until: third, isCurrent: false, changed: ['givenName', 'familyName'] },
      { generation: 1, publishedAt: first, until: second, isCurrent: false, record: { sourcedId: 'stu100001' } },
    ])
  })

  test('keeps the times of versions that clean-up has taken', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    const published: string[] = []
    for (const name of ['One', 'Two', 'Three', 'Four']) {
      renameStudent(bridge.district, STUDENT, 'Nadia', name)
      published.push(await publishAt(bridge, 3 * 3_600_000))
    }
    const versions = await historyOf(bridge)
    expect(versions).toMatchObject(
      published
        .map((publishedAt, at) => ({ generation: at + 1, publishedAt, isCurrent: at === 3, status: 'active' }))
        .reverse(),
    )
    expect(versions.map(({ until }) => until)).toEqual([undefined, ...published.slice(1).reverse()])
    const oldest = versions.at(-1) ?? {}
    expect([Object.keys(oldest).includes('record'), versions[0]?.record]).toEqual([
      false,
      expect.objectContaining({ familyName: 'Four' }),
    ])
  })

  test('shows nothing of a sync that the guard holds', async () => {
    const bridge = await openTestBridge({
      district: createSmallDistrict(),
      settings: { GUARD_SHARE: '0', GUARD_MIN: '1' },
    })
    await publishAt(bridge)
    const before = await historyOf(bridge)
    transferStudent(bridge.district, STUDENT, null)
    bridge.clock.now += 60_000
    expect(await bridge.syncNow()).toMatchObject({ status: 'validationError' })
    expect(await historyOf(bridge)).toEqual(before)
  })

  const UNKNOWN: readonly (readonly [path: string, says: RegExp])[] = [
    ['/records/students/stu100001', /no collection of that name\. The collections are .*\busers\b/],
    ['/records/generations/1', /no collection of that name/],
    ['/records/users/nobody', /No version of such a record in users/],
    ['/records/users/%E0%A4%A', /No version of such a record in users/],
    ["/records/users/stu100001' or 1=1 --", /No version of such a record in users/],
  ]
  test.each(UNKNOWN)('%s is not found', async (path, says) => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    await publishAt(bridge)
    expect(await ask(bridge, path)).toEqual({
      status: 404,
      body: { error: 'not-found', message: expect.stringMatching(says) },
    })
  })

  test('takes a sourcedId as a URL writes it', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    await publishAt(bridge)
    expect(await historyOf(bridge, '/records/users/%73tu100001')).toHaveLength(1)
    expect((await ask(bridge, '/records/users/a%2Fb')).status).toBe(404)
  })

  test('does not exist without the token, is kept by no cache, and leaves no trace in the log', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    await publishAt(bridge)
    const path = `/admin${PATH}`
    for (const headers of [{}, bearer('x'), bearer(await bridge.token())]) {
      expect((await request(bridge, path, { headers })).status).toBe(404)
    }
    const answer = await request(bridge, path, { headers: bearer(ADMIN_TOKEN) })
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(bridge.logged.join()).not.toContain('stu100001')
  })
})
