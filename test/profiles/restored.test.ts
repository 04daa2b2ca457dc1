// A store that was brought back from a copy: what readers of deltas are told who have read what came after it.
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { addStudent, renameStudent, transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { type NodeSqlite, openNodeSqlite } from '../../src/store/node-sqlite.ts'
import { markRestored } from '../../src/store/restored.ts'
import { bodyOf, numbersOf, openTown, school, type Town } from './town.ts'

const LAKE = 'lake.example.org'
const HOUR_MS = 3_600_000

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** As it is at this moment; what it answers brings it back, and then answers how to start what goes on by itself. */
async function copyOf(town: Town, id: string) {
  const folder = await mkdtemp(join(tmpdir(), 'restored-'))
  folders.push(folder)
  const path = join(folder, 'copy.sqlite')
  town.stores.get(id)?.run('vacuum into ?', path)
  return async (servedMs = 0): Promise<() => Promise<void>> => {
    await town.reopen()
    town.stores.get(id)?.close()
    const copy = openNodeSqlite(path)
    markRestored(copy, servedMs)
    // The town's own, which is for looking at otherwise.
    const stores = town.stores as Map<string, NodeSqlite>
    stores.set(id, copy)
    return town.reopen()
  }
}

async function openLake(more: object = {}) {
  const lake = school(1)
  const town = await openTown({ servers: { [LAKE]: lake } })
  const id = await town.add(bodyOf(LAKE, lake, more))
  return { town, lake, id, consumer: await town.consumer(id) }
}

const studentsOf = ({ district }: ReturnType<typeof school>, number = '') =>
  district.db
    .prepare(
      `select dcid from students where enroll_status = 0 and last_name is not null and ? in ('', cast(schoolid as text)) order by dcid`,
    )
    .all(number)
    .map(({ dcid }) => Number(dcid))

async function sync(town: Town, id: string) {
  await town.pass(HOUR_MS)
  await town.admin('POST', `/profiles/${id}/syncs`)
  await town.settled()
  expect(await latestOf(town, id)).toMatchObject({ status: 'success' })
}

const latestOf = async (town: Town, id: string) => (await town.admin('GET', `/profiles/${id}/syncs`)).json.syncs[0]

interface Told {
  readonly sourcedId: string
  readonly status: string
  readonly familyName?: string
  readonly dateLastModified: string
}

const COLLECTIONS = ['orgs', 'academicSessions', 'courses', 'classes', 'users', 'enrollments', 'demographics']

/** All lists, or what they have told since. */
async function read(town: Town, token: string, sinceMs?: number): Promise<readonly Told[]> {
  const filter = sinceMs === undefined ? '' : `&filter=dateLastModified>'${new Date(sinceMs).toISOString()}'`
  const lists = await Promise.all(COLLECTIONS.map((name) => town.roster(`/${name}?limit=10000${filter}`, token)))
  return lists.flatMap(({ json }, at) => json[COLLECTIONS[at] ?? ''] ?? [])
}

const idsOf = (records: readonly Told[]) => records.map(({ sourcedId }) => sourcedId).sort()
const latestMs = (records: readonly Told[]) =>
  Math.max(...records.map(({ dateLastModified }) => Date.parse(dateLastModified)))

describe('a store that was restored', () => {
  it('serves what it was, and then tells every record once more, later than anything that was read before', async () => {
    const { town, lake, id, consumer } = await openLake()
    const [renamed = 0, left = 0] = studentsOf(lake)
    const old = await read(town, await town.token(consumer))
    const bringBack = await copyOf(town, id)
    renameStudent(lake.district, renamed, 'Ada', 'Renamed')
    transferStudent(lake.district, left, null)
    const came = addStudent(lake.district, Number(numbersOf(lake)[0]), { last_name: 'Came' })
    await sync(town, id)
    const token = await town.token(consumer)
    const seen = await read(town, token)
    const readMs = latestMs(seen) + 5
    // The clock has been set back since.
    town.clock.now = readMs - 10 * HOUR_MS
    const start = await bringBack(readMs)
    expect(await read(town, token)).toEqual(old)
    expect(await read(town, token, readMs)).toEqual([])

    await start()
    const told = await read(town, token, readMs)
    const now = await read(town, token)
    const active = told.filter(({ status }) => status === 'active')
    expect(active).toEqual(now)
    expect(idsOf(now)).toEqual(idsOf(seen))
    expect(idsOf(now)).toContain(`stu${came}`)
    expect(told.find(({ sourcedId }) => sourcedId === `stu${renamed}`)).toMatchObject({ familyName: 'Renamed' })
    expect(told).toContainEqual(expect.objectContaining({ sourcedId: `stu${left}`, status: 'tobedeleted' }))

    // Once: what follows tells what has changed, as always.
    const sinceMs = latestMs(told)
    renameStudent(lake.district, renamed, 'Ada', 'Again')
    await sync(town, id)
    expect(idsOf(await read(town, token, sinceMs))).toEqual([`stu${renamed}`])
  })

  it('tells all to narrowed consumers and to groups too, and releases no sync that was held then', async () => {
    const { town, lake, id } = await openLake({ guard: { share: 0.01, minimum: 1 }, idPrefix: 'lake' })
    const [number = ''] = numbersOf(lake)
    const narrowed = (await town.admin('POST', `/profiles/${id}/consumers`, { name: 'one school', schools: [number] }))
      .json
    const body = { displayName: 'All', dataProvider: { '@odata.type': '#oneroster.group', profiles: [id] } }
    const group = await town.add(body)
    const ofGroup = await town.consumer(group)
    await town.settled()
    const tokens = () => Promise.all([narrowed, ofGroup].map((consumer) => town.token(consumer)))
    const seen = await Promise.all((await tokens()).map((token) => read(town, token)))
    expect(seen.map(({ length }) => length > 50)).toEqual([true, true])
    for (const student of studentsOf(lake, number).slice(0, 5)) transferStudent(lake.district, student, null)
    await town.pass(HOUR_MS)
    await town.admin('POST', `/profiles/${id}/syncs`)
    await town.settled()
    const held = await latestOf(town, id)
    expect(held.status).toBe('validationError')
    const bringBack = await copyOf(town, id)

    const start = await bringBack(town.clock.now)
    await town.pass(HOUR_MS)
    const sinceMs = town.clock.now
    await town.pass(1)
    await town.admin('POST', `/profiles/${id}/pause`)
    await start()
    expect((await town.admin('POST', `/profiles/${id}/syncs/${held.id}/resume`)).status).toBe(409)
    await town.admin('POST', `/profiles/${id}/resume`)
    await town.settled()
    const again = await latestOf(town, id)
    expect(again).toMatchObject({ status: 'validationError' })
    await town.admin('POST', `/profiles/${id}/syncs/${again.id}/resume`)
    await town.settled()
    const [token = '', groupToken = ''] = await tokens()
    const told = await read(town, token, sinceMs)
    expect(told.filter(({ status }) => status === 'active')).toEqual(await read(town, token))
    expect(told.filter(({ status }) => status === 'tobedeleted').length).toBeGreaterThan(0)
    expect((await read(town, groupToken)).length).toBe((seen[1]?.length ?? 0) - 19)
  })
})
