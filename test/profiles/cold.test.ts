// A profile that is begun anew serves what is published without its mapping: that is loaded when something is made, or explained.
import { describe, expect, it } from 'vitest'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { createMappingShelf, type MappingShelf } from '../../src/profiles/mapping-shelf.ts'
import type { Mappings } from '../../src/profiles/ports.ts'
import { latestEnded, listSyncs } from '../../src/store/syncs.ts'
import type { SyncReport } from '../../src/sync/report.ts'
import { type Answer, bodyOf, defaultMappings, defaultOf, openTown, school, type Town } from './town.ts'

/** Mappings that are loaded when they are asked for, and counted; `refusal` makes the next loadings fail. */
function lazyMappings() {
  const state = {
    loaded: 0,
    refusal: undefined as Error | undefined,
    /** What the process has after an upgrade. */
    shelf: defaultMappings() as MappingShelf,
    digest: 'the first',
  }
  const mappings = (): Mappings => ({
    isAtHand: false,
    digest: async () => state.digest,
    async open() {
      state.loaded += 1
      if (state.refusal !== undefined) throw state.refusal
      return state.shelf
    },
  })
  return { state, mappings }
}

const FORBIDDEN = new Error('the mapping was asked for')
const layer = (text: string) => `extends: default\n${text}`
const NO_MIDDLE_NAMES = layer('entities: { users: { student: { fields: { middleName: null } } } }')
const UNUSED_TABLE = layer('tables: { unused: { a: b } }')
/** The default mapping, but for the rules of students. */
const changed = (from: RegExp, to: string) =>
  createMappingShelf(
    readMappingFiles().map(({ path, text }) => ({
      path,
      text: path === 'mappings/users.yaml' ? text.replace(from, to) : text,
    })),
  )

async function openWest() {
  const west = school(1)
  const { state, mappings } = lazyMappings()
  const town = await openTown({ servers: { 'west.example.org': west }, mappings, inSteps: true })
  const id = await town.add(bodyOf('west.example.org', west))
  return { town, west, state, id }
}

/** As if the process had been ended when nothing was under way. */
async function chill(town: Town, state: { loaded: number; refusal: Error | undefined }): Promise<void> {
  state.refusal = FORBIDDEN
  state.loaded = 0
  await town.restart()
}

const syncsOf = (town: Town, id: string) => {
  const sql = town.stores.get(id)
  return sql === undefined ? [] : listSyncs(sql)
}

describe('a profile that is begun anew', () => {
  it('serves tokens, the roster and all that tells of it without its mapping', async () => {
    const { town, state, id } = await openWest()
    const consumer = await town.consumer(id)
    const syncs = syncsOf(town, id).length
    const users = await town.roster('/users', await town.token(consumer))
    await chill(town, state)

    const token = await town.token(consumer)
    const again = await town.roster('/users', token)
    expect(again.json).toEqual(users.json)
    const [{ sourcedId }] = users.json.users
    expect((await town.roster(`/users/${sourcedId}`, token)).status).toBe(200)
    expect((await town.roster('/classes?limit=3&filter=status=%27active%27', token)).status).toBe(200)
    for (const path of ['/readyz', '/metrics', '/healthz']) {
      expect((await town.fetch(new Request(`https://roster.example.org${path}`))).status).toBe(200)
    }
    for (const path of [
      '',
      '/status',
      '/syncs',
      '/syncs/latest',
      '/readiness',
      '/consumers',
      `/records/users/${sourcedId}`,
    ]) {
      const { status, json } = await town.admin('GET', `/profiles/${id}${path}`)
      expect([path, status, json.error]).toEqual([path, 200, undefined])
    }
    const { profiles } = (await town.admin('GET', '/profiles')).json
    expect(profiles).toMatchObject([{ id, state: 'provisioned', status: { status: 'success' } }])
    expect((await town.admin('POST', `/profiles/${id}/consumers`, { name: 'one more' })).status).toBe(201)
    expect(state.loaded).toBe(0)
    expect(syncsOf(town, id)).toHaveLength(syncs)
  })

  it('loads it for a question once, however many ask at a time, and again after it could not be loaded', async () => {
    const { town, state, id } = await openWest()
    await chill(town, state)
    const path = `/profiles/${id}/mapping/columns`
    expect((await town.admin('GET', path)).status).toBe(500)
    state.refusal = undefined
    state.loaded = 0
    const answers = await Promise.all([path, path, path].map((asked) => town.admin('GET', asked)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(state.loaded).toBe(1)
  })

  it('loads it for a sync, and for what a person changes', async () => {
    const { town, state, id } = await openWest()
    await chill(town, state)
    state.refusal = undefined
    expect((await town.admin('POST', `/profiles/${id}/syncs`)).status).toBe(202)
    expect(state.loaded).toBe(0)
    await town.settled()
    expect(state.loaded).toBe(1)
    expect(syncsOf(town, id)[0]?.status).toBe('success')

    await chill(town, state)
    state.refusal = undefined
    const refused = await town.admin('PATCH', `/profiles/${id}`, { mapping: layer('tabels: {}') })
    expect([refused.status, refused.json.messages[0]]).toEqual([400, expect.stringContaining('tabels')])
    const taken = await town.admin('PATCH', `/profiles/${id}`, { mapping: NO_MIDDLE_NAMES })
    expect(taken.status).toBe(202)
    await town.settled()
    const users = await town.roster('/users?limit=1000', await town.token(await town.consumer(id)))
    expect(studentsWithMiddleNames(users)).toEqual([])

    // What was found of the new one is kept as well.
    await chill(town, state)
    expect((await town.admin('GET', `/profiles/${id}/status`)).json.status).toBe('success')
    expect(state.loaded).toBe(0)
  })

  it('loads it for the first sync of the environment’s profile, whose first request does not wait for that', async () => {
    const west = school(1)
    const { state, mappings } = lazyMappings()
    const settings = defaultOf('west.example.org', west)
    const town = await openTown({ servers: { 'west.example.org': west }, settings, mappings, inSteps: true })
    expect(state.loaded).toBe(1)
    const sql = town.stores.get('default')
    expect(sql && latestEnded(sql)?.status).toBe('success')
    await chill(town, state)
    expect((await town.roster('/users', await town.token())).status).toBe(200)
    expect(state.loaded).toBe(0)
  })
})

describe('another mapping than the snapshot was made by', () => {
  const reports = (town: Town, id: string) => syncsOf(town, id).map(({ report }) => report as SyncReport)

  it('is mapped at the start, and then PowerSchool is read', async () => {
    const { town, state, id } = await openWest()
    const before = syncsOf(town, id).length
    state.digest = 'the second'
    state.shelf = changed(/middleName: =name.middle_name/, 'middleName: =name.first_name')
    state.loaded = 0
    await town.restart()
    expect(state.loaded).toBe(1)
    const added = reports(town, id).slice(0, -before)
    expect(added.map(({ crawl, isPublished }) => [crawl.isReused, isPublished])).toEqual([
      [false, false],
      [true, true],
    ])
    await chill(town, state)
    expect(state.loaded).toBe(0)
  })

  it('is looked at once when its texts are others and mean the same, and nothing is mapped', async () => {
    const { town, state, id } = await openWest()
    const before = syncsOf(town, id).length
    state.digest = 'the second'
    state.loaded = 0
    await town.restart()
    expect([state.loaded, syncsOf(town, id).length]).toEqual([1, before])
    await chill(town, state)
    expect(state.loaded).toBe(0)
    state.refusal = undefined
    await town.admin('PATCH', `/profiles/${id}`, { mapping: UNUSED_TABLE })
    await town.settled()
    await chill(town, state)
    expect(state.loaded).toBe(0)
  })

  it('is served past while it is not known yet, and what is wrong with it is told to who asks', async () => {
    const { town, state, id } = await openWest()
    await town.admin('PATCH', `/profiles/${id}`, { mapping: NO_MIDDLE_NAMES })
    await town.settled()
    const consumer = await town.consumer(id)
    state.digest = 'the second'
    // The field that the layer takes away is none any more.
    state.shelf = { ...defaultMappings(), load: refusing(defaultMappings()) }
    state.loaded = 0
    const start = await town.reopen()
    expect((await town.roster('/users', await town.token(consumer))).status).toBe(200)
    expect(state.loaded).toBe(0)
    const { json } = await town.admin('GET', `/profiles/${id}`)
    expect(json).toMatchObject({ state: 'provisioningFailed', problem: { code: 'mapping-invalid' } })
    await start()
    const syncs = syncsOf(town, id).length
    expect((await town.admin('POST', `/profiles/${id}/syncs`)).status).toBe(409)
    expect(syncsOf(town, id)).toHaveLength(syncs)
    expect((await town.roster('/users', await town.token(consumer))).status).toBe(200)
  })
})

const studentsWithMiddleNames = ({ json }: Answer) =>
  json.users.filter(
    (user: Readonly<Record<string, unknown>>) => user.role === 'student' && user.middleName !== undefined,
  )

/** Of another version, which takes no layer. */
function refusing(shelf: MappingShelf): MappingShelf['load'] {
  const strict = changed(/middleName/g, 'middlename')
  return (layers) => (layers.layers.length > 0 ? strict.load(layers) : shelf.load(layers))
}
