// What a profile does not go on with after its settings were mended, and what it waits for although it was begun anew.
import { describe, expect, it } from 'vitest'
import { listSyncs } from '../../src/store/syncs.ts'
import { bodyOf, defaultMappings, defaultOf, openTown, school } from './town.ts'

const LAKE = 'lake.example.org'

it('does not publish on resume what the guard holds of settings that are no more', async () => {
  const power = school(1, { students: 200 })
  const town = await openTown({ servers: { [LAKE]: power } })
  const id = await town.add(bodyOf(LAKE, power))
  const number = power.district.db.prepare(`select max(school_number) as n from schools where school_number < 999999`)
  await town.admin('PATCH', `/profiles/${id}`, { dataProvider: { schoolsIds: [String(number.get()?.n)] } })
  await town.settled()
  expect((await town.admin('GET', `/profiles/${id}/status`)).json.status).toBe('validationError')
  await town.admin('POST', `/profiles/${id}/pause`)
  expect((await town.admin('PATCH', `/profiles/${id}`, { dataProvider: { schoolsIds: null } })).status).toBe(202)
  await town.settled()
  expect((await town.admin('POST', `/profiles/${id}/resume`)).status).toBe(200)
  await town.settled()
  expect(town.logged.filter((line) => line.includes('sync-released'))).toEqual([])
  expect((await town.admin('GET', `/profiles/${id}/status`)).json.status).toBe('success')
})

it('waits for its next try to be provisioned, however often it is begun anew meanwhile', async () => {
  const power = school(1)
  const town = await openTown({ servers: { 'hill.example.org': school(2) } })
  const { json } = await town.admin('POST', '/profiles', bodyOf(LAKE, power))
  await town.settled()
  const tries = () => town.logged.filter((line) => line.includes('profile-not-yet')).length
  expect(tries()).toBe(1)
  for (let restarts = 0; restarts < 8; restarts += 1) await town.restart()
  expect(tries()).toBe(1)
  await town.pass(30_000)
  expect(tries()).toBe(2)
  expect((await town.admin('GET', `/profiles/${json.id}`)).json.state).toBe('provisioning')
})

describe('what the guard holds of settings of the environment that were mended since', () => {
  it('cannot be released on a platform that begins no sync by that', async () => {
    const power = school(1, { students: 200 })
    const settings = { ...defaultOf(LAKE, power), SYNC_INTERVAL: 'PT1H' }
    const town = await openTown({ servers: { [LAKE]: power }, settings, inSteps: true })
    await town.restart({ ...settings, SCHOOLS: '1040' })
    await town.admin('POST', '/syncs')
    await town.settled()
    const status = async () => (await town.admin('GET', '/profiles/default/status')).json
    expect((await status()).status).toBe('validationError')
    expect((await status()).held).not.toEqual([])
    await town.restart(settings)
    expect(await status()).toMatchObject({
      held: [],
      statusMessage: expect.stringContaining('can no longer be released'),
    })
    await town.admin('POST', '/profiles/default/resume')
    await town.settled()
    expect(town.logged.filter((line) => line.includes('sync-released'))).toEqual([])
  })

  it('cannot be released when the sync that should mend it fails', async () => {
    const power = school(1, { students: 200 })
    let isAway = false
    const fetch: typeof power.fetch = (...asked) =>
      isAway ? Promise.reject(new TypeError('away')) : power.fetch(...asked)
    const settings = defaultOf(LAKE, power)
    const town = await openTown({ servers: { [LAKE]: { ...power, fetch } }, settings })
    await town.restart({ ...settings, SCHOOLS: '1040' })
    isAway = true
    await town.restart(settings)
    const { syncs } = (await town.admin('GET', '/syncs')).json
    const held = syncs.find(({ status }: { status: string }) => status === 'validationError')
    expect(held).toBeDefined()
    expect((await town.admin('POST', `/syncs/${held.id}/resume`)).status).toBe(409)
  })
})

it('is checked by the newer of two changes, also when that comes while what serves the older one is made', async () => {
  const power = school(1)
  const shelf = defaultMappings()
  let digest = async () => 'a name'
  const mappings = () => ({ isAtHand: false, open: async () => shelf, digest: () => digest() })
  const town = await openTown({ servers: { [LAKE]: power }, mappings, inSteps: true })
  const id = await town.add(bodyOf(LAKE, power))
  const asked = Promise.withResolvers<void>()
  const held = Promise.withResolvers<string>()
  digest = () => {
    asked.resolve()
    return held.promise
  }
  await town.admin('PATCH', `/profiles/${id}`, { displayName: 'Another' })
  const settled = town.settled()
  await asked.promise
  await town.admin('PATCH', `/profiles/${id}`, { dataProvider: { clientSecret: 'a-wrong-secret' } })
  held.resolve('a name')
  await settled
  await town.settled()
  expect((await town.admin('GET', `/profiles/${id}`)).json).toMatchObject({
    state: 'provisioningFailed',
    problem: { code: 'powerschool-credentials' },
  })
})

it('syncs once when a sync was asked for before it was begun', async () => {
  const power = school(1)
  const town = await openTown({ servers: { [LAKE]: power } })
  const id = await town.add(bodyOf(LAKE, power))
  const start = await town.reopen()
  const { json: asked } = await town.admin('POST', `/profiles/${id}/syncs`)
  await start()
  await town.settled()
  const sql = town.stores.get(id)
  const syncs = sql === undefined ? [] : listSyncs(sql)
  expect(syncs).toHaveLength(2)
  expect(syncs).toMatchObject([{ id: asked.id, status: 'success' }, { status: 'success' }])
})

it('can be paused and deleted where its mapping cannot be loaded', async () => {
  const power = school(1)
  const shelf = defaultMappings()
  const state = { name: 'a name', fails: false }
  const open = async () => {
    if (state.fails) throw new Error('it cannot be loaded')
    return shelf
  }
  const mappings = () => ({ isAtHand: false, open, digest: async () => state.name })
  const town = await openTown({ servers: { [LAKE]: power }, mappings, inSteps: true })
  const id = await town.add(bodyOf(LAKE, power))
  Object.assign(state, { name: 'another name', fails: true })
  await (await town.reopen())()
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/status'],
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['DELETE', ''],
  ] as const) {
    const { status } = await town.admin(method, `/profiles/${id}${path}`)
    expect([method, path, status < 300]).toEqual([method, path, true])
  }
})
