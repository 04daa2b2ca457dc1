// The life of a profile by the admin API: made, provisioned, changed, paused, reset, deleted; and what goes wrong on the way.
import { describe, expect, it } from 'vitest'
import { createPowerSchool } from '../../fixtures/powerschool/simulator.ts'
import { bodyOf, defaultOf, numbersOf, openTown, school, type Town } from './town.ts'

const LAKE = 'lake.example.org'
const HILL = 'hill.example.org'

async function withLake(more: object = {}): Promise<{ town: Town; id: string; lake: ReturnType<typeof school> }> {
  const lake = school(1)
  const town = await openTown({ servers: { [LAKE]: lake } })
  return { town, id: await town.add(bodyOf(LAKE, lake, more)), lake }
}

const syncsOf = async (town: Town, id: string) => (await town.admin('GET', `/profiles/${id}/syncs`)).json.syncs

describe('a new profile', () => {
  it('is provisioning, then provisioned, and syncs by itself', async () => {
    const lake = school(1)
    const town = await openTown({ servers: { [LAKE]: lake } })
    const made = await town.admin('POST', '/profiles', bodyOf(LAKE, lake))
    expect(made.status).toBe(202)
    expect(made.json).toMatchObject({ id: expect.stringMatching(/^p[a-z2-7]{16}$/), state: 'provisioning' })
    const { id } = made.json
    expect(made.headers.get('location')).toBe(`https://bridge.example.org/admin/profiles/${id}`)

    await town.settled()
    expect((await town.admin('GET', `/profiles/${id}`)).json).toMatchObject({
      id,
      displayName: LAKE,
      state: 'provisioned',
    })
    expect((await town.admin('GET', `/profiles/${id}/status`)).json).toMatchObject({
      status: 'success',
      errorCount: expect.any(Number),
      statusMessage: '',
      isReady: true,
      lastSynchronizationDateTime: expect.stringMatching(/Z$/),
    })
    const own = await town.consumer(id)
    expect(own.id).toMatch(new RegExp(`^${id}\\.`))
    const users = await town.roster('/users?limit=1', await town.token(own))
    expect(Number(users.headers.get('x-total-count'))).toBeGreaterThan(40)
  })

  it('tells its secret to nobody, and keeps it sealed', async () => {
    const { town, id, lake } = await withLake()
    const { clientSecret } = lake.credentials
    const answers = await Promise.all(
      ['/profiles', `/profiles/${id}`, `/profiles/${id}/status`, '/status'].map((path) => town.admin('GET', path)),
    )
    for (const { status, text } of answers) {
      expect(status).toBe(200)
      expect(text).not.toContain(clientSecret)
    }
    expect(answers[1]?.json.dataProvider).toMatchObject({ hasClientSecret: true })
    expect(town.logged.join('\n')).not.toContain(clientSecret)
    const rows = town.stores.get(id)?.all('select * from profile')
    expect(JSON.stringify(rows)).not.toContain(clientSecret)
    expect(JSON.stringify(rows)).toContain('aes-256-gcm$')
  })

  it('is refused with every fault at once, and leaves nothing behind', async () => {
    const lake = school(1)
    const town = await openTown({ servers: { [LAKE]: lake } })
    const body = {
      ...bodyOf(LAKE, lake),
      dispayName: 'x',
      syncInterval: 'hourly',
      idPrefix: 'a b',
      settings: { schols: [1] },
    }
    const { status, json } = await town.admin('POST', '/profiles', body)
    expect(status).toBe(400)
    expect(json.error).toBe('request-invalid')
    expect(json.messages.join('\n')).toMatch(/`dispayName` is no key here. Did you mean `displayName`\?/)
    expect(json.messages.join('\n')).toMatch(/`syncInterval` is not an ISO 8601 duration/)
    expect(json.messages.join('\n')).toMatch(/`idPrefix`/)
    expect((await town.admin('GET', '/profiles')).json.profiles).toEqual([])
    expect(town.stores.size).toBe(0)
  })

  it('reads its own schools, year and mapping', async () => {
    const lake = school(1)
    const [number = ''] = numbersOf(lake)
    const town = await openTown({ servers: { [LAKE]: lake } })
    const id = await town.add({
      ...bodyOf(LAKE, lake),
      dataProvider: { ...(bodyOf(LAKE, lake).dataProvider as object), schoolsIds: [number] },
      mapping: 'extends: default\nsettings:\n  student_username: number\n',
      settings: { student_username_suffix: '@lake.example.org' },
      idPrefix: 'lake-',
    })
    const token = await town.token(await town.consumer(id))
    const { json, text } = await town.roster('/students?limit=3', token)
    expect(text).toContain('users')
    expect(json.users.length).toBeGreaterThan(0)
    for (const { sourcedId, username } of json.users) {
      expect(sourcedId).toMatch(/^lake-/)
      expect(username).toMatch(/^\d+@lake\.example\.org$/)
    }
    expect((await town.roster('/schools', token)).json.orgs).toHaveLength(1)
  })

  it('takes over what School Data Sync was told of identities', async () => {
    const identitySynchronizationConfiguration = {
      matchingOptions: [
        {
          appliesTo: 'student',
          sourcePropertyName: 'Student Number',
          targetPropertyName: 'userPrincipalName',
          targetDomain: 'students.example.org',
        },
      ],
    }
    const { town, id } = await withLake({ identitySynchronizationConfiguration })
    const { json } = await town.roster('/students?limit=2', await town.token(await town.consumer(id)))
    for (const { username } of json.users) expect(username).toMatch(/^\d+@students\.example\.org$/)
  })
})

describe('a profile that cannot be provisioned', () => {
  it('fails at once for a wrong secret, and is mended by PATCH', async () => {
    const lake = school(1)
    const town = await openTown({ servers: { [LAKE]: lake } })
    const right = bodyOf(LAKE, lake).dataProvider as object
    const id = await town.add({ ...bodyOf(LAKE, lake), dataProvider: { ...right, clientSecret: 'wrong-secret' } })
    const { json } = await town.admin('GET', `/profiles/${id}`)
    expect(json).toMatchObject({
      state: 'provisioningFailed',
      problem: { code: 'powerschool-credentials', message: expect.any(String), remedy: expect.any(String) },
    })
    expect((await town.admin('GET', `/profiles/${id}/status`)).json).toMatchObject({ status: 'error' })
    expect(await syncsOf(town, id)).toEqual([])
    expect((await town.admin('POST', `/profiles/${id}/syncs`)).json).toMatchObject({ error: 'not-provisioned' })

    const { clientSecret } = lake.credentials
    const patched = await town.admin('PATCH', `/profiles/${id}`, { dataProvider: { clientSecret } })
    expect(patched).toMatchObject({ status: 202, json: { state: 'provisioning' } })
    await town.settled()
    expect((await town.admin('GET', `/profiles/${id}/status`)).json).toMatchObject({ status: 'success', isReady: true })
  })

  it('is tried again with growing waits while the server is away', async () => {
    const lake = school(1)
    const servers: Record<string, typeof lake> = {}
    const town = await openTown({ servers: { ...servers, [HILL]: lake } })
    const id = await town.add(bodyOf(LAKE, lake))
    const state = async () => (await town.admin('GET', `/profiles/${id}`)).json
    expect(await state()).toMatchObject({ state: 'provisioning', problem: { code: 'powerschool-unreachable' } })
    for (let wait = 30_000; wait <= 32 * 30_000; wait *= 2) await town.pass(wait)
    expect(await state()).toMatchObject({ state: 'provisioningFailed', problem: { code: 'powerschool-unreachable' } })

    // Then a person says when to go on.
    await town.admin('PATCH', `/profiles/${id}`, { dataProvider: bodyOf(HILL, lake).dataProvider })
    await town.settled()
    expect(await state()).toMatchObject({ state: 'provisioned' })
  })

  it('that has a roster is tried again for as long as it takes', async () => {
    const { town, id, lake } = await withLake()
    const gone = { ...(bodyOf(LAKE, lake).dataProvider as object), connectionUrl: `https://${HILL}` }
    await town.admin('PATCH', `/profiles/${id}`, { dataProvider: gone })
    await town.settled()
    for (let waits = 0; waits < 12; waits += 1) await town.pass(3_600_000)
    expect((await town.admin('GET', `/profiles/${id}`)).json).toMatchObject({
      state: 'provisioning',
      problem: { code: 'powerschool-unreachable' },
    })
  })

  it('names the schools that are not there, and those that are', async () => {
    const lake = school(1)
    const town = await openTown({ servers: { [LAKE]: lake } })
    const provider = bodyOf(LAKE, lake).dataProvider as object
    const id = await town.add({ ...bodyOf(LAKE, lake), dataProvider: { ...provider, schoolsIds: ['987654'] } })
    const { json } = await town.admin('GET', `/profiles/${id}`)
    expect(json).toMatchObject({ state: 'provisioningFailed', problem: { code: 'scope-empty' } })
    expect(json.problem.message).toContain('987654')
    expect(json.problem.remedy).toContain(numbersOf(lake)[0])
  })
})

describe('PATCH', () => {
  it('changes what is given and keeps the rest, the secret too', async () => {
    const { town, id } = await withLake({ syncInterval: 'PT2H', settings: { student_username: 'number' } })
    const before = (await town.admin('GET', `/profiles/${id}`)).json
    await town.admin('PATCH', `/profiles/${id}`, { displayName: 'Lake', settings: { staff_username: 'email' } })
    await town.settled()
    const after = (await town.admin('GET', `/profiles/${id}`)).json
    expect(after).toEqual({
      ...before,
      displayName: 'Lake',
      settings: { student_username: 'number', staff_username: 'email' },
    })
    await town.admin('PATCH', `/profiles/${id}`, { syncInterval: null, settings: { staff_username: null } })
    await town.settled()
    const last = (await town.admin('GET', `/profiles/${id}`)).json
    expect(last).not.toHaveProperty('syncInterval')
    expect(last.settings).toEqual({ student_username: 'number' })
    expect(last.state).toBe('provisioned')
  })

  it('serves the last snapshot while the new settings are wrong', async () => {
    const { town, id } = await withLake()
    const token = await town.token(await town.consumer(id))
    const before = await town.roster('/users?limit=5', token)
    await town.admin('PATCH', `/profiles/${id}`, { dataProvider: { clientSecret: 'wrong-secret' } })
    await town.settled()
    expect((await town.admin('GET', `/profiles/${id}`)).json.state).toBe('provisioningFailed')
    expect((await town.roster('/users?limit=5', token)).json).toEqual(before.json)
  })

  it('refuses another idPrefix, and what is wrong, without a change', async () => {
    const { town, id } = await withLake()
    for (const body of [
      { idPrefix: 'b-' },
      { displayName: null },
      { mapping: 'nonsense: [' },
      { state: 'deleting' },
      [],
    ]) {
      expect((await town.admin('PATCH', `/profiles/${id}`, body)).status).toBe(400)
    }
    expect((await town.admin('GET', `/profiles/${id}`)).json.state).toBe('provisioned')
  })

  it('refuses settings that nothing reads, which it would take and forget', async () => {
    const lake = school(1)
    const town = await openTown({ servers: { [LAKE]: lake }, settings: { ...defaultOf(LAKE, lake), SCHOOLS: '1010' } })
    const made = await town.admin('POST', '/profiles', bodyOf(LAKE, lake, { settings: { nope: 1 } }))
    expect(made.status).toBe(400)
    expect(made.json.messages).toEqual([expect.stringMatching(/^`settings\.nope` is no setting of the mapping\./)])
    const id = await town.add(bodyOf(LAKE, lake))
    for (const path of [`/profiles/${id}`, '/profiles/default']) {
      const { status, json } = await town.admin('PATCH', path, { settings: { staff_usernam: 'email', nope: 1 } })
      expect(status).toBe(400)
      expect(json.messages).toHaveLength(2)
      expect(json.messages.join('\n')).toContain('Did you mean `staff_username`?')
    }
    const own = { mapping: 'extends: default\nsettings:\n  ours: 5 # for the layers above\n', settings: { ours: 6 } }
    expect((await town.admin('PATCH', `/profiles/${id}`, own)).status).toBe(202)
    const { json } = await town.admin('PATCH', '/profiles/default', { settings: { schools: [1020], start_year: 2024 } })
    expect(json.messages).toEqual([
      '`settings.schools` is what the setting SCHOOLS says. Change it there, or unset it.',
    ])
    const inherited = JSON.parse('{ "__proto__": { "displayName": "x" } }')
    expect((await town.admin('PATCH', `/profiles/${id}`, inherited)).status).toBe(400)
  })

  it('does not take the secret away, and sends it to no other server than the one it was given for', async () => {
    const { town, id } = await withLake()
    for (const dataProvider of [{ clientSecret: null }, { connectionUrl: `https://${HILL}` }]) {
      const { status, json } = await town.admin('PATCH', `/profiles/${id}`, { dataProvider })
      expect(status).toBe(400)
      expect(json.messages).toHaveLength(1)
    }
    const same = { dataProvider: { connectionUrl: `https://${LAKE.toUpperCase()}/` } }
    expect((await town.admin('PATCH', `/profiles/${id}`, same)).status).toBe(202)
  })

  it('is gone on with when the store failed meanwhile', async () => {
    const { town, id } = await withLake()
    const sql = town.stores.get(id)
    if (sql === undefined) throw new Error('no store')
    const { all } = sql
    let isFull = false
    Object.assign(sql, {
      all: (...given: Parameters<typeof all>) => {
        if (isFull && given[0].includes('from meta')) throw new Error('disk full')
        return all(...given)
      },
    })
    const syncs = (await syncsOf(town, id)).length
    isFull = true
    await town.admin('PATCH', `/profiles/${id}`, { displayName: 'Lake' })
    await town.settled()
    expect(await syncsOf(town, id)).toHaveLength(syncs)
    isFull = false
    await town.pass(60_000)
    expect((await town.admin('GET', `/profiles/${id}`)).json.state).toBe('provisioned')
    expect(await syncsOf(town, id)).toHaveLength(syncs + 1)
  })

  it('to another server is held by the guard, until it is resumed', async () => {
    const lake = school(1)
    const hill = school(2)
    const town = await openTown({ servers: { [LAKE]: lake, [HILL]: hill } })
    const id = await town.add(bodyOf(LAKE, lake, { guard: { share: 0, minimum: 0 } }))
    await town.admin('PATCH', `/profiles/${id}`, { dataProvider: bodyOf(HILL, hill).dataProvider })
    await town.settled()
    const { json } = await town.admin('GET', `/profiles/${id}/status`)
    expect(json).toMatchObject({ status: 'validationError', statusMessage: expect.stringContaining('held') })
    expect(json.held.length).toBeGreaterThan(0)
    expect((await town.admin('POST', `/profiles/${id}/resume`)).status).toBe(200)
    await town.settled()
    expect((await town.admin('GET', `/profiles/${id}/status`)).json).toMatchObject({ status: 'success', held: [] })
  })
})

describe('a start', () => {
  it('leaves alone what was changed before it, for that has begun by then', async () => {
    const { town, id } = await withLake()
    const start = await town.reopen()
    await town.admin('PATCH', `/profiles/${id}`, { displayName: 'Lake' })
    await start()
    expect((await syncsOf(town, id)).map(({ status }: { status: string }) => status)).toEqual(['success', 'success'])
  })

  it('with another server in the settings mixes none of its rows with those of half a crawl of the one before', async () => {
    const hill = school(2)
    const lake = createPowerSchool({ district: school(1).district, credentials: hill.credentials })
    let left = 20
    const fetch: typeof lake.fetch = async (url, init) => {
      left -= 1
      if (left < 0) throw new TypeError('away')
      return lake.fetch(url, init)
    }
    const servers = { [LAKE]: { ...lake, fetch }, [HILL]: hill }
    const town = await openTown({ servers, settings: defaultOf(LAKE, hill) })
    await town.restart(defaultOf(HILL, hill))
    const names = async (of: Town) => {
      const { json } = await of.roster('/users?limit=1000&fields=sourcedId,familyName', await of.token())
      return json.users
    }
    const hillAlone = await openTown({ servers, settings: defaultOf(HILL, hill) })
    expect(await names(town)).toEqual(await names(hillAlone))
  })
})

describe('pause and resume', () => {
  it('last over a restart: nothing syncs, everything is served', async () => {
    const { town, id } = await withLake()
    const token = await town.token(await town.consumer(id))
    for (let times = 0; times < 2; times += 1) {
      const paused = await town.admin('POST', `/profiles/${id}/pause`)
      expect(paused).toMatchObject({ status: 200, text: '' })
    }
    await town.settled()
    const syncs = (await syncsOf(town, id)).length
    await town.restart()
    expect((await town.admin('GET', `/profiles/${id}/status`)).json).toMatchObject({ status: 'paused', isPaused: true })
    expect((await town.admin('POST', `/profiles/${id}/syncs`)).json).toMatchObject({ error: 'paused' })
    expect(await syncsOf(town, id)).toHaveLength(syncs)
    expect((await town.roster('/users?limit=1', token)).status).toBe(200)

    expect(await town.admin('POST', `/profiles/${id}/resume`)).toMatchObject({ status: 200, text: '' })
    await town.settled()
    expect((await syncsOf(town, id)).length).toBeGreaterThan(syncs)
    expect((await town.admin('GET', `/profiles/${id}/status`)).json).toMatchObject({
      status: 'success',
      isPaused: false,
    })
  })

  it('resume does nothing where nothing is paused', async () => {
    const { town, id } = await withLake()
    const syncs = (await syncsOf(town, id)).length
    expect((await town.admin('POST', `/profiles/${id}/resume`)).status).toBe(200)
    await town.settled()
    expect(await syncsOf(town, id)).toHaveLength(syncs)
  })
})

describe('reset', () => {
  it('reads every list anew at once, and publishes nothing that did not change', async () => {
    const { town, id, lake } = await withLake()
    const before = (await town.admin('GET', `/profiles/${id}/status`)).json.snapshot
    lake.requests.clear()
    expect(await town.admin('POST', `/profiles/${id}/reset`)).toMatchObject({ status: 200, text: '' })
    await town.settled()
    const { json } = await town.admin('GET', `/profiles/${id}/status`)
    expect(json).toMatchObject({ status: 'success', snapshot: before })
    expect(json.latestSync.report.crawl).toMatchObject({ isFull: true, isReused: false })
    expect(lake.requests.count()).toBeGreaterThan(10)
  })
})

describe('DELETE', () => {
  it('ends the profile, its consumers and its store', async () => {
    const { town, id } = await withLake()
    const consumer = await town.consumer(id)
    const token = await town.token(consumer)
    const gone = await town.admin('DELETE', `/profiles/${id}`)
    expect(gone).toMatchObject({ status: 202, json: { id, state: 'deleting' } })
    expect((await town.roster('/users', token)).status).toBe(401)
    await town.settled()
    expect((await town.admin('GET', `/profiles/${id}`)).status).toBe(404)
    expect((await town.admin('GET', '/profiles')).json.profiles).toEqual([])
    expect(town.stores.has(id)).toBe(false)
    expect(await town.token(consumer)).toBe('')
  })
})

describe('expirationDate', () => {
  it('ends the syncs and not the roster', async () => {
    const lake = school(1)
    const town = await openTown({ servers: { [LAKE]: lake } })
    const last = new Date(town.clock.now + 2 * 86_400_000).toISOString().slice(0, 10)
    const id = await town.add(bodyOf(LAKE, lake, { expirationDate: last, syncInterval: 'PT1H' }))
    const token = await town.token(await town.consumer(id))
    for (let hours = 0; hours < 4 * 24; hours += 12) await town.pass(12 * 3_600_000)
    const syncs = (await syncsOf(town, id)).length
    await town.pass(86_400_000)
    expect(await syncsOf(town, id)).toHaveLength(syncs)
    const { json } = await town.admin('GET', `/profiles/${id}/status`)
    expect(json).toMatchObject({ status: 'paused', hasExpired: true, statusMessage: expect.stringContaining(last) })
    expect((await town.admin('POST', `/profiles/${id}/syncs`)).json).toMatchObject({ error: 'expired' })
    expect((await town.roster('/users?limit=1', await town.token(await town.consumer(id)))).status).toBe(200)
    expect(token).not.toBe('')

    await town.admin('PATCH', `/profiles/${id}`, { expirationDate: null })
    await town.settled()
    expect((await syncsOf(town, id)).length).toBeGreaterThan(syncs)
  })

  it('must be a day to come', async () => {
    const lake = school(1)
    const town = await openTown({ servers: { [LAKE]: lake } })
    const { status, json } = await town.admin('POST', '/profiles', bodyOf(LAKE, lake, { expirationDate: '2020-01-01' }))
    expect(status).toBe(400)
    expect(json.messages).toEqual([expect.stringMatching(/^`expirationDate` has passed/)])
  })
})

describe("the environment's profile", () => {
  const withDefault = async () => {
    const lake = school(1)
    return openTown({ servers: { [LAKE]: lake }, settings: defaultOf(LAKE, lake) })
  }

  it('is one of them, under the name default', async () => {
    const town = await withDefault()
    expect((await town.admin('GET', '/profiles')).json.profiles).toMatchObject([
      { id: 'default', state: 'provisioned', source: 'environment', status: { status: 'success' } },
    ])
    expect((await town.admin('GET', '/profiles/default/syncs')).json).toEqual((await town.admin('GET', '/syncs')).json)
  })

  it('is paused and resumed like the others', async () => {
    const town = await withDefault()
    expect((await town.admin('POST', '/profiles/default/pause')).status).toBe(200)
    await town.restart()
    expect((await town.admin('POST', '/syncs')).json).toMatchObject({ error: 'paused' })
    await town.admin('POST', '/profiles/default/resume')
    await town.settled()
    expect((await town.admin('POST', '/syncs')).status).toBe(202)
    await town.settled()
  })

  it('has its settings from the environment, and its mapping from PATCH', async () => {
    const town = await withDefault()
    expect(await town.admin('DELETE', '/profiles/default')).toMatchObject({
      status: 409,
      json: { error: 'from-settings' },
    })
    const refused = await town.admin('PATCH', '/profiles/default', { displayName: 'x' })
    expect(refused).toMatchObject({ status: 409, json: { error: 'from-settings' } })
    const patched = await town.admin('PATCH', '/profiles/default', {
      settings: { student_username: 'number', student_username_suffix: '@s.example.org' },
    })
    expect(patched.status).toBe(202)
    await town.settled()
    await town.restart()
    const { json } = await town.roster('/students?limit=2', await town.token())
    for (const { username } of json.users) expect(username).toMatch(/^\d+@s\.example\.org$/)
  })
})
