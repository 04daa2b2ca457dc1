// Paging while the roster changes: every page of a query is of the snapshot that its first page was of.
import { describe, expect, it } from 'vitest'
import { addStudent, deleteRow, renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { cleanUp } from '../../src/store/clean-up.ts'
import { openTestBridge, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts'
import { BASE } from '../support/known.ts'
import { openTestStore, type TestStore } from '../support/runtime.ts'
import { asList, type List } from './support.ts'

const MINUTE = 60_000
const ACTIVE = encodeURIComponent(`status='active'`)

type Ask = (path: string) => Promise<List>

async function opened(options: Partial<TestBridgeOptions> = {}): Promise<TestBridge> {
  const bridge = await openTestBridge({ district: createSmallDistrict(), ...options })
  await bridge.syncNow()
  bridge.clock.now += 10 * MINUTE
  return bridge
}

/** How a consumer with a token of its own asks. */
async function withToken(bridge: TestBridge): Promise<Ask> {
  const token = await bridge.token()
  return async (path) => asList(await bridge.get(path, { authorization: `Bearer ${token}` }))
}

/** Somebody comes whose sourcedId stands before all others, somebody goes, somebody is renamed; and all that is published. */
async function publishChanges(bridge: TestBridge, step: number): Promise<void> {
  bridge.clock.now += 2 * MINUTE
  const { n } = bridge.district.db.prepare('select min(dcid) as n from students').get() as { n: number }
  addStudent(bridge.district, 100, { dcid: n - 1, last_name: `First${step}` })
  if (step % 2 === 0) deleteRow(bridge.district, 'students', n)
  renameStudent(bridge.district, 100002, 'Imre', `Changed${step}`)
  const { report } = await bridge.syncNow()
  expect(report.isPublished).toBe(true)
}

/** All pages one after the other; `between` happens after each. */
async function drain(ask: Ask, path: string, limit: number, between: (page: number) => Promise<void>) {
  const mark = path.includes('?') ? '&' : '?'
  const pages: List[] = []
  for (let offset = 0; pages.length === 0 || offset < (pages[0]?.total ?? 0); offset += limit) {
    pages.push(await ask(`${path}${mark}limit=${limit}&offset=${offset}`))
    await between(pages.length)
  }
  return pages
}

const texts = (pages: readonly List[]) =>
  pages.flatMap(({ records }) => records.map((record) => JSON.stringify(record)))

describe('a list that is read page by page', () => {
  it.each([
    '/users',
    `/users?filter=${ACTIVE}`,
    '/users?sort=familyName&orderBy=desc',
    '/students',
    '/enrollments',
    '/schools/sch1/students',
    `/users?filter=${encodeURIComponent(`dateLastModified>'2020-01-01'`)}`,
    '/ims/oneroster/rostering/v1p2/users',
  ])('is the list as it was at its first page: %s', async (path) => {
    const bridge = await opened()
    const before = (await (await withToken(bridge))(`${path}${path.includes('?') ? '&' : '?'}limit=1000`)).records
    const pages = await drain(await withToken(bridge), path, 3, (page) => publishChanges(bridge, page))
    expect(pages.length).toBeGreaterThan(path.includes('schools') ? 0 : 1)
    expect(new Set(pages.map(({ total }) => total))).toEqual(new Set([before.length]))
    expect(texts(pages)).toEqual(before.map((record) => JSON.stringify(record)))
  })

  it('stays so when the bridge is started again between two pages', async () => {
    const bridge = await opened()
    const token = await bridge.token()
    const path = (offset: number) => `${BASE}/users?limit=4&offset=${offset}`
    const headers = { authorization: `Bearer ${token}` }
    const before = await asList(await bridge.get('/users?limit=1000'))
    const first = await asList(await bridge.app.request(path(0), { headers }))
    await publishChanges(bridge, 1)
    const again = await openTestBridge({ district: bridge.district, sql: bridge.sql })
    again.clock.now = bridge.clock.now
    await publishChanges(again, 2)
    const second = await asList(await again.app.request(path(4), { headers }))
    expect([...first.ids, ...second.ids]).toEqual(before.ids.slice(0, 8))
    expect(second.total).toBe(first.total)
  })

  it('may be read in any order, and all at once, after its first page', async () => {
    const bridge = await opened()
    const ask = await withToken(bridge)
    const whole = await ask('/users?limit=1000')
    const page = (offset: number) => ask(`/users?limit=3&offset=${offset}`)
    const first = await page(0)
    await publishChanges(bridge, 1)
    const offsets = Array.from({ length: Math.ceil(whole.total / 3) - 1 }, (_, index) => 3 * (index + 1))
    const rest = await Promise.all([...offsets].reverse().map(page))
    expect([...first.ids, ...rest.reverse().flatMap(({ ids }) => ids)]).toEqual(whole.ids)
  })

  it('is led through by its Link headers', async () => {
    const bridge = await opened()
    const ask = await withToken(bridge)
    const whole = await ask('/users?limit=1000')
    const ids: string[] = []
    let next: string | undefined = '/users?limit=5'
    for (let page = 1; next !== undefined; page += 1) {
      const answer: List = await ask(next)
      ids.push(...answer.ids)
      next = /<[^>]*\/ims\/oneroster\/v1p1([^>]*)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
      await publishChanges(bridge, page)
    }
    expect(ids).toEqual(whole.ids)
  })

  it('is the newest again from its first page on', async () => {
    const bridge = await opened()
    const ask = await withToken(bridge)
    const first = await ask('/users?limit=2')
    await publishChanges(bridge, 1)
    expect((await ask('/users?limit=2&offset=2')).total).toBe(first.total)
    const again = await ask('/users?limit=2&offset=0')
    expect(again.total).toBe(first.total + 1)
    expect((await ask('/users?limit=2&offset=2')).total).toBe(first.total + 1)
  })

  it('is not left by a HEAD of its first page', async () => {
    const bridge = await opened()
    const token = await bridge.token()
    const headers = { authorization: `Bearer ${token}` }
    const ask = async (path: string, method = 'GET') =>
      (await bridge.app.request(`${BASE}${path}`, { headers, method })).headers.get('x-total-count')
    const total = await ask('/users?limit=2')
    await publishChanges(bridge, 1)
    expect(await ask('/users?limit=2', 'HEAD')).toBe(String(Number(total) + 1))
    expect(await ask('/users?limit=2&offset=2')).toBe(total)
  })

  it('is another one for another token, filter, order and path', async () => {
    const bridge = await opened()
    const ask = await withToken(bridge)
    const other = await withToken(bridge)
    const first = await ask('/users?limit=2')
    await publishChanges(bridge, 1)
    expect((await other('/users?limit=2')).total).toBe(first.total + 1)
    expect((await ask('/users?limit=2&sort=familyName&offset=2')).total).toBe(first.total + 1)
    expect((await ask(`/users?limit=2&filter=${ACTIVE}&offset=2`)).total).toBe(first.total + 1)
    expect((await ask('/users?limit=2&offset=2')).total).toBe(first.total)
  })

  it('goes on under a new token of the same consumer, as the old one may have ended', async () => {
    const bridge = await opened()
    const first = await (await withToken(bridge))('/users?limit=2')
    await publishChanges(bridge, 1)
    const later = await (await withToken(bridge))('/users?limit=2&offset=2')
    expect(later.total).toBe(first.total)
  })

  it('is of the newest snapshot again when the pin has ended since its last use', async () => {
    const bridge = await opened({ settings: { PIN_LIFETIME: 'PT10M', TOKEN_LIFETIME: 'P1D' } })
    const ask = await withToken(bridge)
    const first = await ask('/users?limit=2')
    await publishChanges(bridge, 1)
    for (let page = 1; page <= 3; page += 1) {
      bridge.clock.now += 9 * MINUTE
      expect((await ask(`/users?limit=2&offset=${2 * page}`)).total).toBe(first.total)
      bridge.clock.now += MINUTE
      await bridge.syncNow()
    }
    bridge.clock.now += 12 * MINUTE
    expect((await ask('/users?limit=2&offset=8')).total).toBe(first.total + 1)
  })

  it('never lacks what clean-up deletes while a page is being read', async () => {
    const sql = openTestStore()
    let meanwhile = () => {}
    const watched: TestStore = {
      ...sql,
      all(statement, ...parameters) {
        if (statement.includes('group_concat')) meanwhile()
        return sql.all(statement, ...parameters)
      },
    }
    const bridge = await opened({ sql: watched })
    const ask = await withToken(bridge)
    const first = await ask('/users?limit=2')
    await publishChanges(bridge, 1)
    await publishChanges(bridge, 2)
    const newest = await (await withToken(bridge))('/users?limit=1000')
    meanwhile = () => {
      meanwhile = () => {}
      const now = () => bridge.clock.now + 120 * MINUTE
      const options = { now, lifetimeMs: 60 * MINUTE, tombstoneLifetimeMs: 60 * MINUTE, remembered: new Set<string>() }
      for (const _ of cleanUp(sql, STORAGE, options));
    }
    const page = await ask('/users?limit=1000&offset=2')
    expect(first.total).not.toBe(newest.total)
    expect(page.total).toBe(newest.total)
    expect(page.ids).toEqual(newest.ids.slice(2))
    sql.close()
  })

  it('leaves nothing behind in the store but what is read', async () => {
    const bridge = await opened()
    const ask = await withToken(bridge)
    await ask('/users?limit=2')
    for (let step = 1; step <= 6; step += 1) await publishChanges(bridge, step)
    const versions = () => Number(bridge.sql.all(`select count(*) as n from records_users`)[0]?.n)
    const alive = Number(bridge.sql.all(`select count(*) as n from records_users where died > 1000000`)[0]?.n)
    const pinned = (await ask('/users?limit=1000&offset=2')).total + 2
    expect(versions()).toBeLessThanOrEqual(alive + pinned)
    bridge.clock.now += 120 * MINUTE
    await publishChanges(bridge, 7)
    expect(versions()).toBeLessThanOrEqual(alive + 1)
  })
})

it('no name and no e-mail of a filter is kept with a pin', async () => {
  const bridge = await opened()
  await bridge.get(`/users?filter=${encodeURIComponent(`familyName='Marlowen' OR email='somebody@example.org'`)}`)
  const pins = JSON.stringify(bridge.sql.all(`select * from pins`))
  expect(pins).toContain('test-consumer')
  expect(pins).not.toMatch(/marlowen|somebody/i)
})
